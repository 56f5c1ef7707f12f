package docs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Every package that a go command on a page names is there, and has the flags that follow
// it.
func TestCommandsOnPages(t *testing.T) {
	commands := 0
	for page, text := range pages(t) {
		for _, c := range commandsOf(text) {
			commands++
			assert.NoError(t, c.check(), "%s: %s", page, c.text)
		}
	}
	assert.Greater(t, commands, 15)
}

// A command is a go command with a package as argument.
type command struct {
	text, dir, verb, pkg string
	flags                []string // of the program that is run
}

var (
	commandPattern = regexp.MustCompile("\\bgo (?:-C (\\S+) )?(run|build|test|vet) ([^`\n]*)")
	packagePattern = regexp.MustCompile(`(?:^| )(\./[^\s,;:]*)`)
	flagPattern    = regexp.MustCompile(` -([a-z]+)`)
)

// flagsElsewhere are of the programs that use these packages.
var flagsElsewhere = []string{"examples/internal/loopflag", "parmap/batch"}

func commandsOf(text string) (all []command) {
	for _, m := range commandPattern.FindAllStringSubmatch(text, -1) {
		for _, pkg := range packagePattern.FindAllStringSubmatchIndex(m[3], -1) {
			c := command{text: m[0], dir: m[1], verb: m[2], pkg: m[3][pkg[2]:pkg[3]]}
			if m[2] == "run" {
				rest, _, _ := strings.Cut(m[3][pkg[3]:], " #") // what follows is the program's
				for _, flag := range flagPattern.FindAllStringSubmatch(rest, -1) {
					c.flags = append(c.flags, flag[1])
				}
			}
			all = append(all, c)
			if m[2] == "run" {
				break
			}
		}
	}
	return all
}

func (c command) check() error {
	dir, all := strings.CutSuffix(c.pkg, "/...")
	if _, err := os.Stat(filepath.Join(root, c.dir, dir)); err != nil || all {
		return err
	}
	source, err := goFiles(filepath.Join(c.dir, dir))
	if err != nil {
		return err
	}
	if source == "" || c.verb == "run" && !regexp.MustCompile(`(?m)^package main$`).MatchString(source) {
		return errors.New("no such package")
	}
	for _, dir := range flagsElsewhere {
		more, err := goFiles(dir)
		if err != nil {
			return err
		}
		source += more
	}
	for _, flag := range c.flags {
		if !strings.Contains(source, `"`+flag+`"`) {
			return fmt.Errorf("no flag -%s", flag)
		}
	}
	return nil
}

// goFiles returns the text of the Go files in a directory.
func goFiles(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		all.Write(text)
	}
	return all.String(), nil
}

func TestCommandsAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		"    go run ./examples/nothing -o x":     "no such file or directory",
		"and `go run ./parmap` too":              "no such package",
		"    go test -run X ./docs ./examples":   "no such package",
		"    go -C bench/rivals run ./repo":      "no such file or directory",
		"    go run ./examples/distances -o ./":  "",
		"    go run ./examples/heat -steps 9 -r": "",
		"    go run ./examples/heat -check -rr":  "no flag -rr",
		"    go run ./examples/heat # -rr":       "",
		"    go test ./docs ./examples/...":      "",
		"    go -C bench/rivals run ./report":    "",
	} {
		var err error
		for _, c := range commandsOf(text) {
			err = errors.Join(err, c.check())
		}
		if want == "" {
			assert.NoError(t, err, text)
		} else {
			assert.ErrorContains(t, err, want, text)
		}
	}
}
