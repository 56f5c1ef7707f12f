package rounds_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/rivals/internal/rounds"
)

// This program, started again, is what the tests run.
func TestMain(m *testing.M) {
	switch os.Getenv("ROUNDS_TEST") {
	case "":
		os.Exit(m.Run())
	case "good":
		fmt.Println("I am", os.Args[1])
	case "bad":
		fmt.Println("one\ntwo\nthree\n4\n5\n6\n7\n8\n9\n10\n11")
		fmt.Fprintln(os.Stderr, "oops")
		os.Exit(3)
	case "long":
		time.Sleep(time.Hour)
	}
}

func unit(name, manner string) rounds.Unit {
	return rounds.Unit{Name: name, Argv: []string{os.Args[0], name}, Env: append(os.Environ(), "ROUNDS_TEST="+manner)}
}

func TestRoundsGoForwardAndBackward(t *testing.T) {
	var out strings.Builder
	var seen []rounds.Progress
	failures, err := rounds.Plan{
		Units:    []rounds.Unit{unit("a", "good"), unit("b", "good"), unit("c", "good")},
		Rounds:   3,
		Out:      into(&out),
		Progress: func(p rounds.Progress) { seen = append(seen, p) },
	}.Run(t.Context())
	require.NoError(t, err)
	assert.Empty(t, failures)
	assert.Equal(t, strings.Split("abccbaabc", ""), strings.Fields(strings.ReplaceAll(out.String(), "I am", "")))

	require.Len(t, seen, 10)
	for k, p := range seen[:9] {
		assert.Equal(t, []any{1 + k/3, 3, k, 9}, []any{p.Round, p.Rounds, p.Done, p.Total})
		assert.Equal(t, k > 0, p.Left > 0, "an estimate from the first end on")
	}
	assert.Equal(t, rounds.Progress{Round: 3, Rounds: 3, Done: 9, Total: 9}, seen[9])
}

func TestAFailureIsNotRepeatedAndHoldsUpNobody(t *testing.T) {
	var out strings.Builder
	failures, err := rounds.Plan{
		Units:  []rounds.Unit{unit("a", "good"), unit("b", "bad"), unit("c", "good"), {Name: "none", Argv: []string{"/no/such/program"}}},
		Rounds: 2,
		Out:    into(&out),
	}.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, strings.Split("acca", ""), strings.Fields(strings.ReplaceAll(out.String(), "I am", "")))
	require.Len(t, failures, 2)
	assert.Equal(t, "b", failures[0].Unit.Name)
	assert.EqualError(t, failures[0].Err, "exit status 3")
	assert.Equal(t, "three\n4\n5\n6\n7\n8\n9\n10\n11\noops", failures[0].Tail)
	assert.ErrorIs(t, failures[1].Err, os.ErrNotExist)
}

func TestAUnitHasALimit(t *testing.T) {
	failures, err := rounds.Plan{
		Units: []rounds.Unit{unit("a", "long")}, Rounds: 1, Out: into(new(strings.Builder)), Limit: 50 * time.Millisecond,
	}.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, failures, 1)
	assert.EqualError(t, failures[0].Err, "still running after 50ms")
}

func TestTheEndOfTheContextEndsTheRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	failures, err := rounds.Plan{
		Units: []rounds.Unit{unit("a", "long"), unit("b", "good")}, Rounds: 1, Out: into(new(strings.Builder)),
		Progress: func(p rounds.Progress) { time.AfterFunc(50*time.Millisecond, cancel) },
	}.Run(ctx)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, failures)
}

func TestAnOutputThatFailsEndsTheRun(t *testing.T) {
	calls := 0
	_, err := rounds.Plan{
		Units: []rounds.Unit{unit("a", "good"), unit("b", "good")}, Rounds: 5,
		Out: func(unit int, _ []byte) error {
			calls++
			assert.Equal(t, calls-1, unit)
			if unit == 1 {
				return errors.New("full")
			}
			return nil
		},
	}.Run(t.Context())
	assert.EqualError(t, err, "full")
	assert.Equal(t, 2, calls)
}

func into(w *strings.Builder) func(int, []byte) error {
	return func(_ int, printed []byte) error {
		w.Write(printed)
		return nil
	}
}

func TestLineIsWrittenOver(t *testing.T) {
	var out strings.Builder
	show := rounds.Line(&out)
	show(rounds.Progress{Round: 1, Rounds: 3, Unit: "a", Total: 6})
	show(rounds.Progress{Round: 2, Rounds: 3, Unit: strings.Repeat("b", 100), Done: 3, Total: 6, Left: 100 * time.Minute})
	show(rounds.Progress{Round: 3, Rounds: 3, Unit: "c", Done: 5, Total: 6, Left: 95 * time.Second})
	show(rounds.Progress{Round: 3, Rounds: 3, Unit: "c", Done: 5, Total: 6, Left: 80 * time.Second})
	show(rounds.Progress{Round: 3, Rounds: 3, Done: 6, Total: 6})
	lines := strings.Split(out.String(), "\r")[1:]
	for k, want := range []string{
		"round 1 of 3, 0%, ? left: a", "round 2 of 3, 50%, 1.7 h left: bbb", "round 3 of 3, 83%, 2 min left: c",
		"round 3 of 3, 83%, 80 s left: c", "measured",
	} {
		assert.True(t, strings.HasPrefix(lines[k], want), lines[k])
		assert.Len(t, strings.TrimSuffix(lines[k], "\n"), 78)
	}
}

func TestBuildSaysWhatDoesNotCompile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	argv, err := rounds.Build(t.Context(), ".", ".", path)
	require.NoError(t, err)
	assert.Equal(t, path, argv[0])
	assert.FileExists(t, path)
	_, err = rounds.Build(t.Context(), ".", "./nothere", path)
	assert.ErrorContains(t, err, "building ./nothere in .: ")
}
