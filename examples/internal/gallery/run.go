package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image/gif"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A result is what a program drew and printed.
type result struct {
	pictures []drawn
	lines    []string // of the output
	table    string   // what it ends with, after an empty line, or ""
}

// A drawn picture is a data: URI, and for a film another one of its first frame.
type drawn struct{ uri, still string }

// run builds the program and runs it in dir, which it makes.
func (e example) run(root, dir string) (result, error) {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return result{}, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return result{}, err
	}
	program := filepath.Join(dir, "program")
	build := exec.Command("go", "build", "-o", program, "./examples/"+e.name)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return result{}, fmt.Errorf("%w\n%s", err, out)
	}
	var stdout bytes.Buffer
	cmd := exec.Command(program, e.args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return result{}, err
	}
	var r result
	r.lines, r.table = keyLines(stdout.String())
	for _, p := range e.pictures {
		d, err := embed(filepath.Join(dir, p.file))
		if err != nil {
			return result{}, err
		}
		r.pictures = append(r.pictures, d)
	}
	return r, nil
}

// mediaTypes of the files that examples draw.
var mediaTypes = map[string]string{".png": "image/png", ".gif": "image/gif", ".svg": "image/svg+xml"}

func embed(path string) (drawn, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return drawn{}, err
	}
	kind, ok := mediaTypes[filepath.Ext(path)]
	if !ok {
		return drawn{}, fmt.Errorf("%s: not a picture", path)
	}
	d := drawn{uri: dataURI(kind, b)}
	if kind == "image/gif" {
		first, err := gif.Decode(bytes.NewReader(b))
		if err != nil {
			return drawn{}, err
		}
		var still bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestCompression}
		if err := encoder.Encode(&still, first); err != nil {
			return drawn{}, err
		}
		d.still = dataURI("image/png", still.Bytes())
	}
	return d, nil
}

func dataURI(kind string, b []byte) string {
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(b)
}

// times are as package time prints them, "1m18.764s", and what the examples say of
// them.
var (
	times     = regexp.MustCompile(`(a step )?\b(\d+(\.\d+)?(h|ms|µs|us|ns|m|s))+\b`)
	onlyTimes = regexp.MustCompile(`^(…( for these)?(, |$))+|(^|,? )in …$`)
)

// keyLines returns what is worth showing of an output: a line begins with a key of 13
// characters. Times are of one machine in one hour, and left out. What follows an
// empty line is a table of the program's, and stays as it is.
func keyLines(output string) (all []string, table string) {
	output, table, _ = strings.Cut(strings.TrimSpace(output), "\n\n")
	for line := range strings.SplitSeq(output, "\n") {
		at := min(13, len(line))
		key, value := line[:at], times.ReplaceAllString(line[at:], "…")
		value = onlyTimes.ReplaceAllString(value, "")
		switch name, _, _ := strings.Cut(key, " "); name {
		case "speed-up", "picture", "eigenvalues", "cluster":
		default:
			if value != "" {
				all = append(all, key+value)
			}
		}
	}
	return all, table
}
