//go:build unix

package shmarray_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/shmarray"
)

const pythonDocs = "../docs/python.md"

// pythonDocsBlocks returns the fenced blocks of a language in docs/python.md.
func pythonDocsBlocks(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile(pythonDocs)
	require.NoError(t, err)
	var blocks []string
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, match[1])
	}
	return blocks
}

func TestPythonDocsGoIsCompiled(t *testing.T) {
	source, err := os.ReadFile("example_python_test.go")
	require.NoError(t, err)
	blocks := pythonDocsBlocks(t, "go")
	assert.Len(t, blocks, 2)
	for _, block := range blocks {
		assert.True(t, strings.Contains(unindent(string(source)), "\n"+unindent(block)), "example_python_test.go lacks\n%s", block)
	}
}

// unindent leaves the lines of Go as they are but for their indentation.
func unindent(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

func TestPythonDocsAreShortAndTheirLinksExist(t *testing.T) {
	text, err := os.ReadFile(pythonDocs)
	require.NoError(t, err)
	assert.LessOrEqual(t, strings.Count(string(text), "\n"), 130)
	for _, link := range regexp.MustCompile(`\]\(([\w./-]+\.md)`).FindAllStringSubmatch(string(text), -1) {
		assert.FileExists(t, filepath.Join(filepath.Dir(pythonDocs), link[1]))
	}
}

// Each Python program of the document is run against files of Go's, and leaves
// what the document says.
func TestPythonDocsAreRun(t *testing.T) {
	interpreter := python(t)
	dir := t.TempDir()
	scripts := map[string]string{}
	for _, block := range pythonDocsBlocks(t, "python") {
		first, _, _ := strings.Cut(strings.TrimPrefix(block, "# "), " ")
		scripts[first] = filepath.Join(dir, first)
		require.NoError(t, os.WriteFile(scripts[first], []byte(block), 0o600))
	}
	// runs tests one of the programs, which no other test does.
	runs := func(name string, test func(t *testing.T, script string)) {
		script, ok := scripts[name]
		require.True(t, ok, "no block begins with # %s", name)
		delete(scripts, name)
		t.Run(name, func(t *testing.T) { test(t, script) })
	}
	start := func(t *testing.T, script, path string) {
		ctx, cancel := context.WithTimeout(context.Background(), pythonTime)
		defer cancel()
		out, err := exec.CommandContext(ctx, interpreter, script, path).CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Empty(t, out)
	}

	runs("double.py", func(t *testing.T, script string) {
		path := filepath.Join(dir, "double.npy")
		out := output(t, func() { require.NoError(t, double(interpreter, script, path)) })
		assert.Equal(t, "[40 42 44 46]\n", out)
	})
	runs("turns.py", func(t *testing.T, script string) {
		a := closing[float64](t)(shmarray.Create[float64](filepath.Join(dir, "turns.npy"), 3, 4))
		out := output(t, func() { require.NoError(t, byTurns(interpreter, script, a)) })
		assert.Equal(t, strings.Repeat("[1 3 6 10]\n", 3), out)
	})
	runs("convert.py", func(t *testing.T, script string) {
		start(t, script, dir)
		isMapped := func(name string, want []float64, shape ...int) {
			a := closing[float64](t)(shmarray.Open[float64](filepath.Join(dir, name), shmarray.ReadWrite))
			assert.Equal(t, shape, a.Shape(), name)
			assert.Equal(t, want, a.Data(), name)
		}
		isMapped("rows.npy", []float64{1, 2, 3, 4, 5, 6}, 2, 3)
		isMapped("transpose.npy", []float64{1, 4, 2, 5, 3, 6}, 3, 2)
		isMapped("native.npy", []float64{1.5, 2.5}, 2)
		mask := closing[uint8](t)(shmarray.Open[uint8](filepath.Join(dir, "mask.npy"), shmarray.ReadWrite))
		assert.Equal(t, []uint8{1, 0}, mask.Data())
	})
	runs("make.py", func(t *testing.T, script string) {
		path := filepath.Join(dir, "made.npy")
		start(t, script, path)
		a := closing[float64](t)(shmarray.Open[float64](path, shmarray.ReadWrite))
		assert.Equal(t, []int{3, 4}, a.Shape())
		assert.Equal(t, []float64{1, 1, 1, 1, 7, 7, 7, 7, 7, 7, 7, 7}, a.Data())
		assert.NoFileExists(t, path+".new")
	})
	assert.Empty(t, scripts, "nobody runs these")
}

// output returns what f prints.
func output(t *testing.T, f func()) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "output"))
	require.NoError(t, err)
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	f()
	b, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	return string(b)
}
