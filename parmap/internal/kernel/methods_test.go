//go:build unix

package kernel_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
	"github.com/parfor-go/parfor/shmarray"
)

type (
	// A grid has an array's methods, and more to say.
	grid struct {
		A, B *floats
		Dx   float64
	}
	valueGrid struct {
		A  *floats
		Dx float64
	}
	// An encodedGrid has an array's methods by embedding one, and encodes itself.
	encodedGrid struct {
		*floats
		Dx float64
	}
	// A stamped is encoded as its time alone.
	stamped struct {
		time.Time
		By float64
	}
	around   struct{ stamped }
	bothWays struct { // is not
		time.Time
		By float64
	}
	endless *endless
)

func (g *grid) Shape() []int                      { return g.A.Shape() }
func (g *grid) RowBytes(lo, hi int) []byte        { return g.A.RowBytes(lo, hi) }
func (g valueGrid) Shape() []int                  { return g.A.Shape() }
func (g valueGrid) RowBytes(lo, hi int) []byte    { return g.A.RowBytes(lo, hi) }
func (g *encodedGrid) GobEncode() ([]byte, error) { return fmt.Append(nil, g.Dx), nil }
func (b bothWays) MarshalBinary() ([]byte, error) { return fmt.Append(nil, b.By), nil }
func (b bothWays) GobEncode() (_ []byte, _ error) { return b.MarshalBinary() }
func (b *bothWays) UnmarshalBinary([]byte) error  { return nil }
func (*encodedGrid) GobDecode([]byte) (_ error)   { return nil }

// TestIsArray holds that the arrays of package shmarray, and no other type, are found by
// their name, of any element type.
func TestIsArray(t *testing.T) {
	for _, v := range []any{
		new(shmarray.Array[float64]), new(shmarray.Array[int8]), new(shmarray.Array[uint16]), new(shmarray.Array[complex64]),
	} {
		assert.True(t, kernel.IsArray(reflect.TypeOf(v)), "%T", v)
		assert.False(t, kernel.IsArray(reflect.TypeOf(v).Elem()), "%T", v)
	}
	for _, v := range []any{1, new(int), new(grid), grid{}, valueGrid{}, new(valueGrid), new(encodedGrid), new(*floats)} {
		assert.False(t, kernel.IsArray(reflect.TypeOf(v)), "%T", v)
	}
}

// TestDigestOfWhatHasAnArraysMethods holds that every field of it counts.
func TestDigestOfWhatHasAnArraysMethods(t *testing.T) {
	a, b := zeros(t, 3), zeros(t, 3)
	b.Set(1, 1)
	seen := map[string]int{}
	for i, v := range []any{
		&grid{a, a, 1}, &grid{a, a, 2}, &grid{a, b, 1}, &grid{b, a, 1}, grid{a, a, 1}, &valueGrid{a, 1}, &valueGrid{a, 2},
		&valueGrid{b, 2}, valueGrid{a, 1}, valueGrid{a, 2}, &encodedGrid{a, 1}, &encodedGrid{a, 2}, encodedGrid{a, 1},
	} {
		said := []string{digest(t, struct{ V any }{v}), digest(t, struct{ V []any }{[]any{v}})}
		if reflect.TypeOf(v).Kind() == reflect.Pointer {
			said = append(said, digest(t, v))
			h, err := kernel.Arguments(v, nil)
			require.NoError(t, err)
			said = append(said, fmt.Sprint(h))
		}
		for _, d := range said {
			if k, same := seen[d]; same {
				t.Errorf("%d and %d: %T", k, i, v)
			}
			seen[d] = i
		}
	}
	output := kernel.Output{Bytes: a.RowBytes(0, 3), Row: 8}
	assert.Equal(t, digest(t, &grid{a, b, 1}, output), digest(t, &grid{a, b, 1}, output))
	before := digest(t, &grid{a, b, 1}, output)
	a.Set(7, 0)
	assert.Equal(t, before, digest(t, &grid{a, b, 1}, output), "an output is its number")
}

// TestArraysOfWhatHasAnArraysMethods holds that all of its arrays are found.
func TestArraysOfWhatHasAnArraysMethods(t *testing.T) {
	a, b := zeros(t, 3), zeros(t, 2)
	x, y := segment.BytesOf(a.Data()), segment.BytesOf(b.Data())
	assertSame(t, [][]byte{x, y}, kernel.Arrays(&grid{a, b, 1}), "pointer")
	assertSame(t, [][]byte{x, y}, kernel.Arrays([]any{grid{a, b, 1}}), "value")
	assertSame(t, [][]byte{x}, kernel.Arrays(&encodedGrid{a, 1}), "which encodes itself, and the array perhaps")
	assert.NotPanics(t, func() { assert.Empty(t, kernel.Arrays(&grid{})) })
}

// TestWhatHidesFields holds that a value that would travel in part is refused where its
// type is not known before.
func TestWhatHidesFields(t *testing.T) {
	now := time.Now()
	const want = "only the embedded Time would travel"
	for _, v := range []any{
		stamped{now, 1}, &stamped{now, 1}, []stamped{{now, 1}}, map[string]*stamped{"a": {now, 1}}, struct{ V any }{stamped{now, 1}},
		around{stamped{now, 1}}, struct{ stamped }{stamped{now, 1}},
	} {
		_, err := kernel.Digest(struct{ V any }{v}, nil)
		assert.ErrorContains(t, err, want, "%T", v)
		_, err = kernel.Arguments(struct{ V any }{v}, nil)
		assert.ErrorContains(t, err, want, "%T", v)
	}
	for _, v := range []any{bothWays{now, 1}, &bothWays{now, 1}, struct{ time.Time }{now}, now, &now} {
		_, err := kernel.Digest(struct{ V any }{v}, nil)
		assert.NoError(t, err, "%T", v)
	}
	assert.NotEqual(t, digest(t, []any{bothWays{now, 1}}), digest(t, []any{bothWays{now, 2}}))
	for _, typ := range []reflect.Type{
		reflect.TypeFor[stamped](), reflect.TypeFor[*stamped](), reflect.TypeFor[***stamped](), reflect.TypeFor[around](),
	} {
		assert.Equal(t, "of it "+want+": give that a field name", kernel.Why(typ), "%v", typ)
	}
}

// TestPointersWithoutAnEnd holds that a type that is a pointer to itself is refused.
func TestPointersWithoutAnEnd(t *testing.T) {
	assert.Equal(t, "a pointer to itself cannot travel", kernel.Why(reflect.TypeFor[endless]()))
	var v endless
	v = &v
	_, err := kernel.Arguments(v, nil)
	assert.ErrorContains(t, err, "goes in circles")
	assert.Empty(t, kernel.Arrays(v))
}
