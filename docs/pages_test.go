package docs_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = ".."

// Every block of Go on a page of this repository is a run of lines of a file that is
// compiled with its tests, so it compiles too; or a whole program, which is run.
func TestCodeOnPages(t *testing.T) {
	sources := sources(t)
	blocks := 0
	for page, text := range pages(t) {
		for _, block := range blocksOf(text, "go") {
			blocks++
			if slices.ContainsFunc(sources, func(source string) bool { return contains(source, block) }) {
				continue
			}
			if regexp.MustCompile(`(?m)^package main$`).MatchString(block) {
				assert.NoError(t, runProgram(t, block), "%s has the program\n%s", page, block)
				continue
			}
			assert.Fail(t, "no tested file has these lines", "%s:\n%s", page, block)
		}
	}
	assert.Greater(t, blocks, 30)
}

// A block of another language than these would not be looked at. The tests that read
// diffs know two pages.
func TestLanguagesOnPages(t *testing.T) {
	for page, text := range pages(t) {
		for k, fence := range regexp.MustCompile("(?m)^[ \t]*(?:```|~~~).*$").FindAllString(text, -1) {
			known := []string{"```go", "```python", "```c", "```julia", "```yaml"}
			if page == "README.md" || page == "examples/tour/README.md" {
				known = append(known, "```diff")
			}
			if k%2 == 1 {
				known = []string{"```"}
			}
			assert.Contains(t, known, fence, page)
		}
	}
}

// runProgram vets a program and runs it.
func runProgram(t *testing.T, program string) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "main.go")
	require.NoError(t, os.WriteFile(path, []byte(program), 0o666))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, verb := range []string{"vet", "run"} {
		cmd := exec.CommandContext(ctx, "go", verb, path)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go %s: %w\n%s", verb, err, out)
		}
	}
	return nil
}

func TestProgramsOnPagesAreRun(t *testing.T) {
	const head = "package main\n\nimport \"github.com/parfor-go/parfor/parmap\"\n\n"
	assert.NoError(t, runProgram(t, head+"func main() { parmap.For(3, func(i int) {}) }\n"))
	assert.ErrorContains(t, runProgram(t, head+"func main() { parmap.For(3) }\n"), "go vet")
	assert.ErrorContains(t, runProgram(t, head+"func main() { parmap.For(-3, func(i int) {}) }\n"), "parmap: negative n")
}

// pages returns the text of the repository's Markdown files by their paths in it.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	walk(t, func(path string) {
		if filepath.Ext(path) == ".md" {
			all[path] = read(t, path)
		}
	})
	require.Greater(t, len(all), 10)
	return all
}

// sources returns the text of the module's Go files in packages with tests.
func sources(t *testing.T) (all []string) {
	t.Helper()
	tested := map[string]bool{}
	walk(t, func(path string) {
		if strings.HasSuffix(path, "_test.go") {
			tested[filepath.Dir(path)] = true
		}
	})
	walk(t, func(path string) {
		if filepath.Ext(path) == ".go" && tested[filepath.Dir(path)] {
			all = append(all, read(t, path))
		}
	})
	return all
}

// walk calls f for each file of the module.
func walk(t *testing.T, f func(path string)) {
	t.Helper()
	require.NoError(t, fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() {
			f(path)
			return nil
		}
		if path == "." {
			return nil
		}
		_, err = os.Stat(filepath.Join(root, path, "go.mod"))
		if err == nil || entry.Name() == "testdata" || strings.HasPrefix(entry.Name(), ".") {
			return fs.SkipDir // another module, or not of the source
		}
		return nil
	}))
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	require.NoError(t, err)
	return string(text)
}

// blocksOf returns the fenced blocks of a language on a page.
func blocksOf(text, language string) (all []string) {
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
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
