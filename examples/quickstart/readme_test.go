package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

func TestMain(m *testing.M) { leakcheck.Main(m) }

func TestREADMEBeginsWithThisProgram(t *testing.T) {
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	blocks := readmeBlocks(t, "go")
	require.NotEmpty(t, blocks)
	assert.Equal(t, string(program), blocks[0])
}

// Every block of Go in the README is a run of lines of a file of this module
// that is compiled with its tests, so it compiles too.
func TestREADMECodeIsCompiled(t *testing.T) {
	sources := sources(t)
	for _, block := range readmeBlocks(t, "go") {
		assert.True(t, slices.ContainsFunc(sources, func(source string) bool {
			return contains(source, block)
		}), "no file has these lines:\n%s", block)
	}
}

// The README's one changed line: with the lines taken away the block is the
// sequential loop of the tests, with the lines added it is this program's.
func TestREADMEChangesTheSequentialLoop(t *testing.T) {
	blocks := readmeBlocks(t, "diff")
	require.Len(t, blocks, 1)
	var before, after strings.Builder
	for line := range strings.Lines(blocks[0]) {
		if line[0] != '+' {
			before.WriteString(line[1:])
		}
		if line[0] != '-' {
			after.WriteString(line[1:])
		}
	}
	tests, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	assert.True(t, contains(string(tests), before.String()), "example_test.go lacks\n%s", before.String())
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	assert.True(t, contains(string(program), after.String()), "main.go lacks\n%s", after.String())
}

func TestREADMEIsShortAndItsLinksExist(t *testing.T) {
	text := readme(t)
	assert.LessOrEqual(t, strings.Count(text, "\n"), 200)
	links := regexp.MustCompile(`\]\(([^):, ]+)\)`).FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, links)
	for _, link := range links {
		_, err := os.Stat(filepath.Join(root, link[1]))
		assert.NoError(t, err)
	}
}

func TestREADMEPictureIsSmall(t *testing.T) {
	picture, err := os.Stat(filepath.Join(root, "docs/distances.png"))
	require.NoError(t, err)
	assert.Less(t, picture.Size(), int64(400_000))
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	return string(text)
}

// readmeBlocks returns the fenced blocks of a language in the README.
func readmeBlocks(t *testing.T, language string) []string {
	t.Helper()
	var blocks []string
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(readme(t), -1) {
		blocks = append(blocks, match[1])
	}
	return blocks
}

// sources returns the text of the module's Go files.
func sources(t *testing.T) []string {
	t.Helper()
	var all []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root {
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			if err == nil || strings.HasPrefix(entry.Name(), ".") {
				return filepath.SkipDir // another module, or not of the source
			}
		}
		if filepath.Ext(path) == ".go" {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			all = append(all, string(text))
		}
		return nil
	}))
	return all
}

// contains tells whether the lines of block are neighbouring lines of source,
// whatever the indentation.
func contains(source, block string) bool {
	return strings.Contains("\n"+unindent(source), "\n"+unindent(block))
}

func unindent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}
