package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

// A cause is why a cell has no result.
type cause uint8

const (
	none    cause = iota
	crash         // the worker died
	timeout       // it took too long and was killed
	memory        // it had no memory left
	panicked
	failedFit // it returned an error
	causes
)

func (c cause) String() string {
	return [causes]string{"none", "crash", "timeout", "memory", "panic", "error"}[c]
}

// A failure is a cell without a result.
type failure struct {
	cell     int
	cause    cause
	attempts int
	text     string // one line
}

// failures takes the error of a sweep apart. An error that is no cell's, as when
// the run was cancelled, is returned.
func failures(err error) (all []failure, other error) {
	if err == nil {
		return nil, nil
	}
	each := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		each = joined.Unwrap()
	}
	for _, err := range each {
		var c *parmap.ChunkError
		if !errors.As(err, &c) {
			return all, err
		}
		f := failure{cell: c.Lo, attempts: c.Attempts}
		f.cause, f.text = classify(c.Err)
		all = append(all, f)
	}
	return all, nil
}

// outOfMemory is what the Go runtime says, and in a program built with -race
// the race detector.
var outOfMemory = regexp.MustCompile(`out of memory|cannot allocate memory|ThreadSanitizer failed to allocate`)

// classify tells the causes apart. Of a worker that died without being killed,
// what the Go runtime said last shows whether memory was the reason.
func classify(err error) (cause, string) {
	var died *proc.CrashError
	var panicking *parmap.PanicError
	switch {
	case errors.As(err, &died):
		said := lastWords(died.Stderr)
		switch {
		case died.Timeout():
			return timeout, died.State
		case outOfMemory.Match(died.Stderr):
			return memory, died.State + ", " + said
		}
		return crash, died.State + ", " + said
	case errors.As(err, &panicking):
		return panicked, fmt.Sprint(panicking.Value)
	}
	return failedFit, err.Error()
}

// lastWords returns what the Go runtime gave as the reason when it ended the
// program. Of a deep stack the end alone is kept, which has no reason any more,
// but the function that ran: that of the first line that is whole.
func lastWords(stderr []byte) string {
	if _, after, ok := bytes.Cut(stderr, []byte("fatal error: ")); ok {
		reason, _, _ := bytes.Cut(after, []byte("\n"))
		return string(reason)
	}
	_, whole, _ := strings.Cut(string(stderr), "\n")
	for line := range strings.Lines(whole) {
		if at := strings.LastIndex(line, "(0x"); at > 0 && line[0] != '\t' {
			return "in " + line[strings.LastIndex(line[:at], "/")+1:at]
		}
	}
	return "without a word"
}

// writeTable writes how many cells failed in which way, and the first start of
// each.
func writeTable(w io.Writer, g grid, all []failure) {
	type kind struct {
		cause cause
		text  string
	}
	count := map[kind]int{}
	first := map[kind]failure{}
	var order []kind
	for _, f := range all {
		k := kind{f.cause, f.text}
		if count[k]++; count[k] == 1 {
			first[k] = f
			order = append(order, k)
		}
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "cells\tcause\tfirst b\tfirst c\twhat was said")
	for c := none; c < causes; c++ {
		for _, k := range order {
			if k.cause == c {
				p := g.start(first[k].cell)
				fmt.Fprintf(t, "%d\t%v\t%.3f\t%.4f\t%s\n", count[k], k.cause, p[1], p[2], k.text)
			}
		}
	}
	t.Flush()
}
