package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestREADMEBeginsWithTheQuickstart(t *testing.T) {
	program := read(t, "examples/quickstart/main.go")
	blocks := blocksOf(read(t, "README.md"), "go")
	require.NotEmpty(t, blocks)
	assert.Equal(t, program, blocks[0])
}

// The README's one changed line: with the lines taken away the block is the
// sequential loop of the quickstart's tests, with the lines added it is its program's.
func TestREADMEChangesTheSequentialLoop(t *testing.T) {
	blocks := blocksOf(read(t, "README.md"), "diff")
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
	tests := read(t, "examples/quickstart/example_test.go")
	assert.True(t, contains(tests, before.String()), "example_test.go lacks\n%s", before.String())
	program := read(t, "examples/quickstart/main.go")
	assert.True(t, contains(program, after.String()), "main.go lacks\n%s", after.String())
}

func TestREADMEIsShort(t *testing.T) {
	assert.LessOrEqual(t, strings.Count(read(t, "README.md"), "\n"), 200)
}

func TestPicturesAreSmall(t *testing.T) {
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	pictures := 0
	for _, entry := range entries {
		if ext := filepath.Ext(entry.Name()); ext != ".png" && ext != ".svg" {
			continue
		}
		info, err := entry.Info()
		require.NoError(t, err)
		assert.Less(t, info.Size(), int64(400_000), entry.Name())
		pictures++
	}
	assert.Positive(t, pictures)
}
