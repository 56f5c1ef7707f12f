package docs_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Every package that a go command on a page names is there.
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
type command struct{ text, dir, verb, pkg string }

var (
	commandPattern = regexp.MustCompile("\\bgo (?:-C (\\S+) )?(run|build|test|vet) ([^`\n]*)")
	packagePattern = regexp.MustCompile(`(?:^| )(\./[^\s,;:]*)`)
)

func commandsOf(text string) (all []command) {
	for _, m := range commandPattern.FindAllStringSubmatch(text, -1) {
		for _, pkg := range packagePattern.FindAllStringSubmatch(m[3], -1) {
			all = append(all, command{text: m[0], dir: m[1], verb: m[2], pkg: pkg[1]})
			if m[2] == "run" {
				break // what follows is the program's
			}
		}
	}
	return all
}

func (c command) check() error {
	dir, all := strings.CutSuffix(c.pkg, "/...")
	files, err := filepath.Glob(filepath.Join(root, c.dir, dir, "*.go"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(root, c.dir, dir)); err != nil || all {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if c.verb != "run" || regexp.MustCompile(`(?m)^package main$`).Match(text) {
			return nil
		}
	}
	return errors.New("no such package")
}

func TestCommandsAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		"    go run ./examples/nothing -o x":    "no such file or directory",
		"and `go run ./parmap` too":             "no such package",
		"    go test -run X ./docs ./examples":  "no such package",
		"    go -C bench/rivals run ./repo":     "no such file or directory",
		"    go run ./examples/distances -o ./": "",
		"    go test ./docs ./examples/...":     "",
		"    go -C bench/rivals run ./report":   "",
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
