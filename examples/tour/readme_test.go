package tour_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// steps is the number of the tour's programs.
const steps = 5

// The blocks of a step lead from the program before to that of the step, and leave
// nothing out but imports and the comment at the top.
func TestREADMELeadsFromStepToStep(t *testing.T) {
	sections := regexp.MustCompile(`(?m)^## `).Split(read(t, "README.md"), -1)[1:]
	require.Len(t, sections, steps)
	tests, err := os.ReadFile("tour_test.go")
	require.NoError(t, err)
	before := string(tests) // has the plain loop
	for k, section := range sections {
		require.True(t, strings.HasPrefix(section, fmt.Sprint(k+1)), "%s", section)
		assert.Regexp(t, fmt.Sprintf(`\n    go (run|build -o step%d) \./examples/tour/step%[1]d\n`, k+1), section)
		after := program(t, k+1)
		var removed, added []string
		for _, block := range blocks(section, "diff") {
			was, is := sides(block)
			assert.True(t, contains(before, was), "before step %d there is no\n%s", k+1, was)
			assert.True(t, contains(after, is), "step %d has no\n%s", k+1, is)
			removed = append(removed, changed(block, '-')...)
			added = append(added, changed(block, '+')...)
		}
		if k > 0 {
			assert.ElementsMatch(t, without(lines(before), lines(after)), without(removed, added), "lines that step %d takes away", k+1)
			assert.ElementsMatch(t, without(lines(after), lines(before)), without(added, removed), "lines that step %d adds", k+1)
		}
		before = after
	}
}

func TestREADMEEndsWithTheWholeProgram(t *testing.T) {
	whole := blocks(read(t, "README.md"), "go")
	require.Len(t, whole, 1)
	assert.Equal(t, program(t, steps), whole[0])
	assert.Less(t, len(lines(whole[0])), 40, "lines of code beside the imports")
}

func TestREADMELinksExist(t *testing.T) {
	links := regexp.MustCompile(`\]\(([^)", ]+)\)`).FindAllStringSubmatch(read(t, "README.md"), -1)
	require.NotEmpty(t, links)
	for _, link := range links {
		assert.FileExists(t, link[1])
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func program(t *testing.T, step int) string {
	t.Helper()
	return read(t, filepath.Join(fmt.Sprint("step", step), "main.go"))
}

// blocks returns the fenced blocks of a language.
func blocks(text, language string) (all []string) {
	for _, match := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(text, -1) {
		all = append(all, match[1])
	}
	return all
}

// sides returns the lines of a diff before and after.
func sides(block string) (before, after string) {
	for line := range strings.Lines(block) {
		if line[0] != '+' {
			before += line[1:]
		}
		if line[0] != '-' {
			after += line[1:]
		}
	}
	return before, after
}

func changed(block string, sign byte) (all []string) {
	for line := range strings.Lines(block) {
		if line[0] == sign {
			all = append(all, strings.TrimSpace(line[1:]))
		}
	}
	return all
}

// lines returns those that are neither empty, nor a comment, nor an import.
func lines(source string) (all []string) {
	source = regexp.MustCompile(`(?ms)^import \(.*?^\)$`).ReplaceAllString(source, "")
	for line := range strings.Lines(source) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") {
			all = append(all, line)
		}
	}
	return all
}

// without returns a without the elements of b, each taken away as often as b has it.
func without(a, b []string) []string {
	rest := slices.Clone(a)
	for _, line := range b {
		if k := slices.Index(rest, line); k >= 0 {
			rest = slices.Delete(rest, k, k+1)
		}
	}
	return rest
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
