//go:build unix

package kernel_test

import (
	"encoding/hex"
	"errors"
	"math"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
	"github.com/parfor-go/parfor/shmarray"
)

type (
	digested struct {
		A    int
		B    []float64
		C    map[string][]int
		D    *string
		E    any
		F    [2]complex128
		G    time.Time
		Note struct{ Text string }
	}
	hiding      struct{ x int }
	circle      struct{ Next *circle }
	unencodable struct{}
)

func (unencodable) GobEncode() ([]byte, error) { return nil, errors.New("cannot be encoded") }

func digest(t *testing.T, v any, outputs ...kernel.Output) string {
	t.Helper()
	sum, err := kernel.Digest(v, outputs)
	require.NoError(t, err)
	return hex.EncodeToString(sum[:])
}

// TestDigestIsFrozen holds that a journal of yesterday is that of the same run today.
func TestDigestIsFrozen(t *testing.T) {
	s := "s"
	v := digested{
		A: 1, B: []float64{1, 2.5}, C: map[string][]int{"x": {1}, "y": nil, "z": {2, 3}}, D: &s, E: uint8(7),
		F: [2]complex128{1i, 2}, G: time.Unix(1, 2).UTC(),
	}
	assert.Equal(t, "69025de79296260ea8d328aa47fc58e9a3ebaa0a326210cfbd7f15835dca59e4", digest(t, &v))
}

// TestDigestTellsApart holds that what says something else has another digest.
func TestDigestTellsApart(t *testing.T) {
	one, two := "1", "2"
	array := func(v float64, shape ...int) *floats {
		a, err := shmarray.Full(v, shape...)
		require.NoError(t, err)
		t.Cleanup(func() { a.Close() })
		return a
	}
	dir := t.TempDir()
	file := func(name string) *floats {
		a, err := shmarray.Create[float64](filepath.Join(dir, name), 6)
		require.NoError(t, err)
		t.Cleanup(func() { a.Close() })
		return a
	}
	x, y := file("x"), file("y")
	folded, err := x.Reshape(2, 3)
	require.NoError(t, err)
	private, err := shmarray.Private[float64](3)
	require.NoError(t, err)
	defer private.Close()
	ints, err := shmarray.New[int64](6)
	require.NoError(t, err)
	defer ints.Close()
	all := []any{
		nil, 0, 1, -1, uint(0), 0.0, math.Copysign(0, -1), math.NaN(), "", "0", "a", false, true, 0i, 1i,
		[]int{}, []int{0}, []int{0, 0}, []int{1}, []uint8{0}, []uint8{}, []string{"ab"}, []string{"a", "b"}, []string{"", "ab"},
		[][]int{{1}, {2, 3}}, [][]int{{1, 2}, {3}}, [][]int{{1, 2, 3}}, [][]int{{1, 2, 3}, nil}, [][]int{nil, {1, 2, 3}},
		map[string]int{}, map[string]int{"a": 1}, map[string]int{"a": 2}, map[string]int{"b": 1}, map[string]int{"a": 1, "b": 2},
		map[string]int{"a": 2, "b": 1}, &one, &two, struct{ A, B int }{1, 2}, struct{ A, C int }{1, 2}, struct{ A, B int }{2, 1},
		[]any{1}, []any{uint(1)}, []any{"1"}, []any{nil}, []any{[]any{1}}, time.Unix(0, 0).UTC(), time.Unix(1, 0).UTC(),
		big.NewInt(5), big.NewInt(6),
		array(0, 6), array(1, 6), array(0, 2, 3), array(0, 3, 2), array(0, 1), array(0), private, ints,
		x, y, folded, x.Slice(0, 3), x.Slice(1, 4), x.Slice(3, 6),
	}
	long := make([]int, 10_000)
	for i := range long {
		other := slices.Clone(long)
		if other[i] = 1; i%999 == 0 {
			all = append(all, other)
		}
	}
	seen := map[string]int{}
	for i, v := range all {
		d := digest(t, &struct{ V any }{v})
		if j, ok := seen[d]; ok {
			t.Errorf("%d: %#v and %d: %#v", i, v, j, all[j])
		}
		seen[d] = i
	}
}

// TestDigestOfTheSame holds that what says the same has one digest, wherever it is.
func TestDigestOfTheSame(t *testing.T) {
	keys := map[string]int{}
	for i := range 100 {
		keys[string(rune('a'+i))] = i
	}
	want := digest(t, keys)
	for range 20 {
		same := map[string]int{}
		for k, v := range keys { // in another order
			same[k] = v
		}
		assert.Equal(t, want, digest(t, same))
	}
	assert.Equal(t, digest(t, []int(nil)), digest(t, []int{}))
	assert.Equal(t, digest(t, map[int]int(nil)), digest(t, map[int]int{}))
	nan := map[float64]int{math.NaN(): 1}
	nan[math.NaN()] = 2
	for range 20 {
		assert.Equal(t, digest(t, nan), digest(t, nan))
	}

	a, err := shmarray.Full(3.0, 4, 2)
	require.NoError(t, err)
	defer a.Close()
	b, err := shmarray.Copy(a)
	require.NoError(t, err)
	defer b.Close()
	assert.Equal(t, digest(t, a), digest(t, b), "the same elements")
	b.Set(4, 1, 1)
	assert.NotEqual(t, digest(t, a), digest(t, b))
	output := func(a *floats) kernel.Output { return kernel.Output{Bytes: a.RowBytes(0, 4), Row: 16} }
	assert.Equal(t, digest(t, a, output(a)), digest(t, b, output(b)), "the output, whatever is in it")
	assert.Equal(t, digest(t, a.Sub(1), output(a)), digest(t, b.Sub(1), output(b)))
	assert.NotEqual(t, digest(t, a.Sub(1), output(a)), digest(t, a.Sub(2), output(a)))
	assert.NotEqual(t, digest(t, a, output(a)), digest(t, a, output(b)))
	assert.NotEqual(t, digest(t, a, output(b), output(a)), digest(t, a, output(a), output(b)))

	path := filepath.Join(t.TempDir(), "a.npy")
	f, err := shmarray.Create[float64](path, 4)
	require.NoError(t, err)
	before := digest(t, f)
	f.Set(1, 2)
	assert.Equal(t, before, digest(t, f), "a file by its path")
	require.NoError(t, f.Close())
	f, err = shmarray.Open[float64](path, shmarray.ReadOnly)
	require.NoError(t, err)
	assert.Equal(t, before, digest(t, f))
	require.NoError(t, f.Close())
	c, err := shmarray.Open[float64](path, shmarray.CopyOnWrite)
	require.NoError(t, err)
	defer c.Close()
	assert.NotEqual(t, before, digest(t, c), "memory of its own: by its elements")
}

func TestDigestErrors(t *testing.T) {
	round := &circle{}
	round.Next = round
	for want, v := range map[string]any{
		"a func() says nothing":       struct{ F func() }{func() {}},
		"a chan int says nothing":     []any{make(chan int)},
		"field x of kernel_test.hidi": []any{hiding{1}},
		"goes in circles":             round,
		"V: ":                         struct{ V any }{struct{ F func() }{nil}},
		"cannot be encoded":           []any{unencodable{}},
	} {
		_, err := kernel.Digest(v, nil)
		assert.ErrorContains(t, err, want)
		_, err = kernel.Arguments(v, nil)
		assert.ErrorContains(t, err, want)
	}
}

type named float64

func (named) String() string { return "always the same" }

// TestArguments holds that each field of the arguments is told apart, and readable where
// it is short.
func TestArguments(t *testing.T) {
	a, err := shmarray.Full(1.0, 3)
	require.NoError(t, err)
	defer a.Close()
	type arguments struct {
		In    *floats
		N     int
		Scale named
		Name  string
		Any   any
		Many  []int
	}
	say := func(v any) journal.Header {
		t.Helper()
		h, err := kernel.Arguments(v, nil)
		require.NoError(t, err)
		return h
	}
	v := arguments{a, -3, 0.1, "it's", uint8(3), []int{1}}
	h := say(&v)
	assert.Equal(t, h, say(v))
	for i, want := range []string{"In array float64 [3] sha256 ", "N int -3", "Scale float64 0.1", `Name string "it's"`, "Any sha256 ", "Many sha256 "} {
		assert.True(t, strings.HasPrefix(h[i].Name+" "+h[i].Value, "arguments."+want), "%v: %s", h[i], want)
	}
	for i, change := range []func(v *arguments){
		func(v *arguments) { v.In = nil }, func(v *arguments) { v.N++ }, func(v *arguments) { v.Scale = 0.2 },
		func(v *arguments) { v.Name += " " }, func(v *arguments) { v.Any = 3 }, func(v *arguments) { v.Many[0]++ },
	} {
		other := v
		other.Many = slices.Clone(v.Many)
		change(&other)
		for k, f := range say(other) {
			assert.Equal(t, k != i, f == h[k], "field %d, changed %d", k, i)
		}
	}
	assert.Equal(t, journal.Header{{Name: "arguments", Value: "int 3"}}, say(3))
	assert.Equal(t, []string{"arguments"}, []string{say(a)[0].Name}, "an array is not its fields")
	assert.NotEqual(t, say(3), say(3.0))
	for _, v := range []any{math.NaN(), strings.Repeat("x", 101), "\xff", time.Unix(1, 2), nil} {
		assert.Regexp(t, "^sha256 [0-9a-f]{64}$", say(v)[0].Value, "%v", v)
	}
}
