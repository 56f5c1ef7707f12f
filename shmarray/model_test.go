//go:build unix

package shmarray_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/shmarray"
)

const (
	modelRuns  = 20   // a fifth with -short or the race detector
	modelSteps = 5000 // of each run
	seedEnv    = "SHMARRAY_MODEL_SEED"
	atEnd      = "the end"
)

// TestModel makes random steps and does each of them twice: with arrays and
// files, and in a model of slices and maps (model_state_test.go). After every
// step the array that it touched must be as the model says, and at times
// everything. A failure says which seed replays it.
func TestModel(t *testing.T) {
	first, runs, steps := uint64(0), uint64(modelRuns), modelSteps
	if raced || testing.Short() {
		runs /= 5
	}
	if s := os.Getenv(seedEnv); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
		first, runs, steps = seed, 1, modelSteps
	}
	counts := map[string]int{} // by kind of step and outcome
	for seed := first; seed < first+runs; seed++ {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			switch seed % 4 {
			case 0:
				runModel[float64](t, seed, steps, counts)
			case 1:
				runModel[int16](t, seed, steps, counts)
			case 2:
				runModel[complex64](t, seed, steps, counts)
			case 3:
				runModel[uint8](t, seed, steps, counts)
			}
		})
	}
	total := 0
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		total += counts[kind]
		t.Logf("%7d %s", counts[kind], kind)
	}
	if t.Failed() {
		return
	}
	assert.Equal(t, int(runs)*steps, total)
	for kind, n := range counts {
		assert.True(t, n > 0 || runs == 1, "no step was %s", kind)
	}
}

// runModel makes the steps of one seed.
func runModel[T shmarray.Elem](t *testing.T, seed uint64, steps int, counts map[string]int) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	m := newModel[T](t, seed)
	defer func() {
		if v := recover(); v != nil {
			m.check(false, "panic: %v\n%s", v, debug.Stack())
		}
	}()
	moves := movesOf[T]()
	weights := 0
	for _, k := range moves {
		weights += k.weight
		for _, outcome := range strings.Split(k.outcomes, ", ") {
			counts[k.name+": "+outcome] += 0
		}
	}
	m.kind = "New"
	m.newArray()
	for m.at = range steps {
		k := moves[0] // Close
		if w := m.rng.IntN(weights); len(m.live) < maxLive {
			for i := 0; w >= 0; i++ {
				k = moves[i]
				w -= k.weight
			}
		}
		m.kind, m.last = k.name, nil
		outcome := k.name + ": " + k.step(m)
		if m.last != nil {
			m.verify(m.last)
		}
		_, known := counts[outcome]
		m.check(known, "outcome %q", outcome)
		counts[outcome]++
		m.trace = append(m.trace, fmt.Sprintf("\t%d %s of %v", m.at, outcome, m.last))
		m.trace = m.trace[max(0, len(m.trace)-maxTrace):]
		if m.at%50 == 49 {
			m.audit()
		}
	}
	m.kind = atEnd
	for len(m.live) > 0 {
		m.close()
	}
	m.audit()
	m.check(len(m.mems) == 0, "the model has %d memories left", len(m.mems))
}

// A move is a kind of step. Its outcomes are what step returns; each must
// come up.
type move[T shmarray.Elem] struct {
	name     string
	weight   int
	outcomes string
	step     func(*model[T]) string
}

func movesOf[T shmarray.Elem]() []move[T] {
	type m = model[T]
	moves := []move[T]{
		{"Close", 12, "too few, view, owner, last owner", (*m).close},
		{"Close again", 2, "too early, closed", (*m).closeAgain},

		{"New", 4, "made", (*m).newArray},
		{"Private", 3, "made", (*m).private},
		{"Full", 2, "made", (*m).full},
		{"Ones", 1, "made", (*m).ones},
		{"Like", 2, "made, closed", func(m *m) string { return m.like(shmarray.Like[T], 0) }},
		{"OnesLike", 2, "made, closed", func(m *m) string { return m.like(shmarray.OnesLike[T], 1) }},
		{"Copy", 4, "made, closed", (*m).copyArray},
		{"FromSlice", 3, "made, flat, wrong length", (*m).fromSlice},

		{"Create", 4, "made, exists", (*m).create},
		{"foreign", 2, "made, exists", (*m).foreign},
		{"Open", 20, "missing, mapped, mapped already, in use, copy on write", (*m).openFile},
		{"Load", 4, "missing, made", (*m).load},
		{"remove", 1, "missing, removed", (*m).remove},
		{"rename", 2, "missing, moved, replaced", (*m).rename},
		{"poke", 3, "missing, empty, written", (*m).poke},
		{"Sync", 4, "closed, done", (*m).sync},

		{"Sub", 6, "closed, out of range, view", (*m).sub},
		{"Slice", 6, "closed, 0-d, view", (*m).slice},
		{"Reshape", 6, "closed, view, wrong size", (*m).reshape},
		{"GobEncode", 9, "closed, private, empty, reference", (*m).encode},
		{"GobDecode", 8, "no reference, empty, view, closed, missing, another file, in use, opened", (*m).decode},

		{"At", 4, "closed, empty, read", (*m).elementAt},
		{"Set", 10, "closed, read-only, empty, written", (*m).set},
		{"Fill", 4, "closed, read-only, written", (*m).fill},
		{"Data", 8, "closed, read-only, empty, written", (*m).dataWrite},
		{"Row", 8, "closed, 0-d, out of range, read-only, empty, written", (*m).row},
		{"RowBytes", 5, "closed, 0-d, read-only, empty, written", (*m).rowBytes},
		{"misuse", 4, "closed, refused", (*m).misuse},
	}
	if f, ok := any(dense).(func(*model[T]) string); ok {
		moves = append(moves, move[T]{"Dense", 12, "closed, not 2-d, read-only, empty, written", f})
	}
	return moves
}

// pick returns an array, mostly an open one.
func (m *model[T]) pick() *array[T] {
	from := m.live
	if len(from) == 0 || len(m.dead) > 0 && m.rng.IntN(8) == 0 {
		from = m.dead
	}
	m.last = from[m.rng.IntN(len(from))]
	return m.last
}

// shape returns a shape of fewer than 200 elements.
func (m *model[T]) shape() []int {
	longest := []int{0, 199, 14, 5, 3}
	shape := make([]int, m.rng.IntN(len(longest)))
	for axis := range shape {
		shape[axis] = 1 + m.rng.IntN(longest[len(shape)])
	}
	if len(shape) > 0 && m.rng.IntN(10) == 0 {
		shape[m.rng.IntN(len(shape))] = 0
	}
	return shape
}

// values returns n random elements.
func (m *model[T]) values(n int) []T {
	vals := make([]T, n)
	b := raw(vals...)
	for i := range b {
		b[i] = byte(m.rng.Uint32())
	}
	if _, err := binary.Decode(b, binary.NativeEndian, vals); err != nil {
		panic(err)
	}
	for i, v := range vals {
		if v != v { // not a number, which equals nothing
			vals[i] = number[T](i)
		}
	}
	return vals
}

// index returns a random index into a and which element that is. Without
// elements the index is out of range.
func (m *model[T]) index(a *array[T]) (index []int, p int) {
	index = make([]int, len(a.shape))
	for axis, dim := range a.shape {
		if dim > 0 {
			index[axis] = m.rng.IntN(dim)
		}
		p += index[axis] * product(a.shape[axis+1:])
	}
	return index, p
}

// bounds returns bounds of a slice of a.
func (m *model[T]) bounds(a *array[T]) (lo, hi int) {
	if len(a.shape) == 0 {
		return 0, 0
	}
	lo = m.rng.IntN(a.shape[0] + 1)
	return lo, lo + m.rng.IntN(a.shape[0]-lo+1)
}

// factors returns a shape of n elements.
func (m *model[T]) factors(n int) []int {
	if n == 0 {
		return slices.Insert(m.rng.Perm(3), m.rng.IntN(4), 1)
	}
	shape := []int{}
	for n > 1 || m.rng.IntN(3) == 0 {
		dim := 1 + m.rng.IntN(n)
		for n%dim != 0 {
			dim--
		}
		shape = append(shape, dim)
		n /= dim
	}
	return shape
}

func (m *model[T]) path() string {
	return filepath.Join(m.dir, strconv.Itoa(m.rng.IntN(6))+".npy")
}
