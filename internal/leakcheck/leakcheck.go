// Package leakcheck makes a test binary fail if its tests left something
// behind: a goroutine or a mapped segment, and on Linux also an open
// descriptor or a child process.
package leakcheck

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parfor-go/parfor/internal/segment"
)

// patience is how long things may take to go away after the last test:
// helpers retire after 100 ms without work, and a busy machine is late.
const patience = 3 * time.Second

// Main is the body of every TestMain. It runs the tests and ends the process
// with their exit status or, if they passed and left something behind, with
// status 1 and a list of it on standard error.
func Main(m *testing.M) {
	// The runtime's poller has descriptors of its own from its first use on.
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
	before := alive()
	if code := m.Run(); code != 0 {
		os.Exit(code)
	}
	leaks := since(before)
	for end := time.Now().Add(patience); len(leaks) > 0 && time.Now().Before(end); leaks = since(before) {
		time.Sleep(10 * time.Millisecond)
	}
	if len(leaks) == 0 {
		os.Exit(0)
	}
	for _, what := range leaks {
		fmt.Fprintf(os.Stderr, "leakcheck: left behind: %s\n", what)
	}
	os.Exit(1)
}

// since returns what is alive now and was not before, described.
func since(before map[string]string) []string {
	now := alive()
	maps.DeleteFunc(now, func(key, _ string) bool { _, old := before[key]; return old })
	return slices.Sorted(maps.Values(now))
}

// alive returns everything that can be left behind: a key that names it and
// a description.
func alive() map[string]string {
	all := map[string]string{}
	goroutines(all)
	descriptors(all)
	children(all)
	mappings(all)
	return all
}

func goroutines(all map[string]string) {
	buf := make([]byte, 1<<16)
	n := runtime.Stack(buf, true)
	for n == len(buf) {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	for i, stack := range strings.Split(string(buf[:n]), "\n\n") {
		if i == 0 || ofRuntime(stack) {
			continue // the first is the caller
		}
		id, _, _ := strings.Cut(stack, " [")
		all[id] = stack
	}
}

// ofRuntime reports whether a goroutine is one that the standard library
// starts once and keeps.
func ofRuntime(stack string) bool {
	for _, f := range []string{"os/signal.loop(", "runtime/pprof.profileWriter(", "runtime/trace.Start."} {
		if strings.Contains(stack, f) {
			return true
		}
	}
	return false
}

func descriptors(all map[string]string) {
	const dir = "/proc/self/fd/"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // not Linux
	}
	for _, e := range entries {
		target, err := os.Readlink(dir + e.Name())
		if err != nil {
			continue // the descriptor that ReadDir had
		}
		s := fmt.Sprintf("descriptor %s: %s", e.Name(), target)
		all[s] = s
	}
}

// children finds processes that were not waited for too.
func children(all map[string]string) {
	files, _ := filepath.Glob("/proc/self/task/*/children")
	for _, f := range files {
		b, _ := os.ReadFile(f)
		for _, pid := range strings.Fields(string(b)) {
			status, _ := os.ReadFile("/proc/" + pid + "/stat")
			all["child "+pid] = fmt.Sprintf("child process %s", strings.TrimSpace(string(status)))
		}
	}
}

// mappings finds segments that were not closed: those that package segment
// knows of and, on Linux, those that it has lost. The quarantine of closed
// ones has no name and does not count.
func mappings(all map[string]string) {
	for _, name := range segment.Live() {
		all["segment "+name] = "segment " + name
	}
	b, _ := os.ReadFile("/proc/self/maps")
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, "/memfd:parfor") || strings.Contains(line, "/parfor-segment-") {
			address, _, _ := strings.Cut(line, " ")
			all["mapping "+address] = "mapping " + strings.TrimSpace(line)
		}
	}
}
