//go:build linux

package shmarray_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const raceSource = "testdata/race/race_test.go"

// TestRaceDetector runs testdata/race under the race detector, which must see
// what is wrong there and nothing else.
func TestRaceDetector(t *testing.T) {
	test := buildRaced(t)
	for _, name := range []string{"Slice", "Loop", "AfterReuse"} {
		for _, kind := range []string{"New", "Private", "Create", "Open", "CopyOnWrite"} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				out, err := runRaced(t, test, fmt.Sprintf("^Test%s$/^%s$", name, kind))
				var exit *exec.ExitError
				require.ErrorAs(t, err, &exit, "%s", out)
				assert.Contains(t, out, "race detected during execution of test")
				assert.Equal(t, 1, strings.Count(out, "WARNING: DATA RACE\n"), "%s", out)
				assert.Equal(t, marked(t, "// race: "+name), accesses(t, out), "%s", out)
			})
		}
	}
	// Fill's own stores are not in raceSource: both lines must be in the stacks.
	for _, kind := range []string{"New", "Private", "Create", "Open", "CopyOnWrite"} {
		t.Run("Fill/"+kind, func(t *testing.T) {
			out, err := runRaced(t, test, fmt.Sprintf("^TestFill$/^%s$", kind))
			require.Error(t, err)
			assert.Contains(t, out, "WARNING: DATA RACE\n")
			for _, line := range marked(t, "// race: Fill") {
				assert.Contains(t, out, fmt.Sprintf("%s:%d ", raceSource, line))
			}
		})
	}
	for _, name := range []string{"Disjoint", "Reuse", "HandedOver"} {
		t.Run(name, func(t *testing.T) {
			out, err := runRaced(t, test, "^Test"+name+"$")
			assert.NoError(t, err)
			assert.NotContains(t, out, "DATA RACE")
			assert.Contains(t, out, "--- PASS: Test"+name)
		})
	}
}

// buildRaced returns the path of testdata/race as a test under the race
// detector, or skips t where there is none.
func buildRaced(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a program")
	}
	switch runtime.GOARCH {
	case "amd64", "arm64", "loong64", "ppc64le", "riscv64":
	default: // also s390x, where arrays lie elsewhere: see segment_race.go
		t.Skip("the race detector does not see arrays on " + runtime.GOARCH)
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("needs the go command: ", err)
	}
	test := filepath.Join(t.TempDir(), "race.test")
	out, err := exec.Command(goTool, "test", "-race", "-c", "-vet=off", "-o", test, "./testdata/race").CombinedOutput()
	if err != nil {
		for _, missing := range []string{"requires cgo", "C compiler", "-race is not supported", "-race is only supported"} {
			if strings.Contains(string(out), missing) {
				t.Skipf("no race detector here: %s", out)
			}
		}
	}
	require.NoError(t, err, "%s", out)
	return test
}

// runRaced runs some of the tests.
func runRaced(t *testing.T, test, pattern string) (output string, err error) {
	t.Helper()
	cmd := exec.Command(test, "-test.v", "-test.timeout=60s", "-test.run="+pattern)
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// accesses returns the lines of source, in order, of the two accesses that a
// report of the race detector names.
func accesses(t *testing.T, report string) (lines []int) {
	t.Helper()
	first := regexp.MustCompile(`(?m)^(?:Previous )?(?:[Ww]rite|[Rr]ead) at 0x[0-9a-f]+ by .*:\n  .*\n      .*/` + regexp.QuoteMeta(raceSource) + `:(\d+) `)
	for _, m := range first.FindAllStringSubmatch(report, -1) {
		var line int
		_, err := fmt.Sscan(m[1], &line)
		require.NoError(t, err)
		lines = append(lines, line)
	}
	require.Len(t, lines, 2, "%s", report)
	slices.Sort(lines)
	return slices.Compact(lines)
}

// marked returns the lines of source that end in mark.
func marked(t *testing.T, mark string) (lines []int) {
	t.Helper()
	source, err := os.ReadFile(raceSource)
	require.NoError(t, err)
	for i, line := range strings.Split(string(source), "\n") {
		if strings.HasSuffix(line, mark) {
			lines = append(lines, i+1)
		}
	}
	require.NotEmpty(t, lines)
	return lines
}
