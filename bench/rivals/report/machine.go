package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/parfor-go/parfor/bench/rivals/beyond"
)

// A fact is one line about a run or its machine: "key: value" before the results,
// as their format has it, and a row of the report.
type fact struct{ key, label string }

// facts are the keys that describe, in the order of the report, and their
// labels there.
var facts = []fact{
	{"command", "command"},
	{"date", "date"},
	{"rounds", "rounds"},
	{"processors", "processors"},
	{"caches", "caches"},
	{"memory", "memory"},
	{"kernel", "kernel"},
	{"parfor", "parfor"},
	{"go", "Go"},
	{"libraries", "Go libraries"},
	{"beyond", "beyond Go"},
	{"flags", "C and C++ with"},
	{"failed", "failed"},
}

// asked returns the flags of this program that change what is measured.
func asked() (args []string) {
	flag.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "raw", "from", "o":
		default:
			args = append(args, fmt.Sprintf("-%s=%v", f.Name, f.Value))
		}
	})
	return args
}

// describe writes the facts as key: value lines.
func describe(ctx context.Context, w io.Writer, rounds int, versions []string) {
	values := map[string]string{
		"command":    "go -C bench/rivals run ./report " + strings.Join(asked(), " "),
		"date":       time.Now().UTC().Format(time.DateOnly),
		"rounds":     fmt.Sprint(rounds),
		"processors": processors(),
		"caches":     caches(),
		"memory":     cpuinfo("/proc/meminfo", "MemTotal"),
		"kernel":     said(ctx, "uname", "-sr"),
		"parfor":     said(ctx, "git", "describe", "--always", "--dirty"),
		"go":         strings.TrimPrefix(runtime.Version(), "go") + " " + runtime.GOOS + "/" + runtime.GOARCH,
		"libraries":  libraries(said(ctx, "go", "list", "-m", "-f", "{{if not .Indirect}}{{.Path}} {{.Version}}{{end}}", "all")),
		"beyond":     strings.Join(versions, ", "),
		"flags":      strings.Join(beyond.Optimize, " "),
	}
	for _, f := range facts {
		if v := strings.TrimSpace(values[f.key]); v != "" {
			fmt.Fprintf(w, "%s: %s\n", f.key, v)
		}
	}
}

// processors says how many there are and of what kind.
func processors() string {
	virtual := ""
	if strings.Contains(cpuinfo("/proc/cpuinfo", "flags"), " hypervisor") {
		virtual = " of a virtual machine"
	}
	return fmt.Sprintf("%d%s, %s", runtime.NumCPU(), virtual, cpuinfo("/proc/cpuinfo", "model name"))
}

// caches returns the sizes of the first processor's.
func caches() string {
	var all []string
	for k := range 4 {
		read := func(name string) string {
			text, _ := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu0/cache/index%d/%s", k, name))
			return strings.TrimSpace(string(text))
		}
		if level := read("level"); level != "" {
			all = append(all, fmt.Sprintf("L%s %s %s", level, strings.ToLower(read("type")), read("size")))
		}
	}
	return strings.Join(all, ", ")
}

// said returns what a program prints, "" if it cannot be run.
func said(ctx context.Context, argv ...string) string {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// cpuinfo returns the value of a key in a file of "key : value" lines.
func cpuinfo(path, key string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if k, v, ok := strings.Cut(in.Text(), ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// measured are the modules whose speed is compared; the others draw and read.
var measured = regexp.MustCompile(`conc|pond|ants|samber/lo|rill|x/sync|gonum\.org/v1/gonum`)

func libraries(list string) string {
	var found []string
	for line := range strings.Lines(list) {
		if line = strings.TrimSpace(line); measured.MatchString(line) {
			found = append(found, line)
		}
	}
	return strings.Join(found, ", ")
}
