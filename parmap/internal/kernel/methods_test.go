//go:build unix

package kernel_test

import (
	"fmt"
	random "math/rand"
	random2 "math/rand/v2"
	"os"
	"path/filepath"
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

// TestArgumentsThatAreArrays holds that what an array is, and where it lies, stands there
// as text.
func TestArgumentsThatAreArrays(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	path, link := filepath.Join(dir, "a b.npy"), filepath.Join(dir, "link.npy")
	file, err := shmarray.Create[int32](path, 10, 3)
	require.NoError(t, err)
	require.NoError(t, os.Symlink(path, link))
	other, out := zeros(t, 4), zeros(t, 5, 2)
	outputs := []kernel.Output{{Bytes: other.RowBytes(0, 4), Row: 8}, {Bytes: out.RowBytes(0, 5), Row: 16}}
	say := func(v any) string {
		h, err := kernel.Arguments(v, outputs)
		require.NoError(t, err)
		return h[0].Value
	}
	whole := "array int32 [10 3] of " + path
	assert.Equal(t, whole, say(file))
	assert.Equal(t, whole, say(struct{ A *shmarray.Array[int32] }{file}))
	assert.Equal(t, "array int32 [2 3] from byte 48 of "+path, say(file.Slice(4, 6)))
	assert.Equal(t, "array float64 [5 2] of output 1", say(out))
	assert.Equal(t, "array float64 [2] from byte 64 of output 1", say(out.Sub(4)))
	assert.Regexp(t, `^array float64 \[3 1\] sha256 [0-9a-f]{64}$`, say(zeros(t, 3, 1)))
	require.NoError(t, file.Close())
	file, err = shmarray.Open[int32](link, shmarray.ReadOnly)
	require.NoError(t, err)
	defer file.Close()
	assert.Equal(t, whole, say(file), "by the path of the file, not of a link to it")
	assert.Equal(t, digest(t, file.Slice(0, 1)), digest(t, file.Slice(0, 1)))
	var none *floats
	assert.Regexp(t, "^sha256 ", say(none))
}

// TestDigestOfTheTypeInAnInterface holds that types of one name in two packages are told
// apart, also behind pointers and in slices and maps.
func TestDigestOfTheTypeInAnInterface(t *testing.T) {
	type one = random.Rand
	type two = random2.Rand
	for _, pair := range [][2]any{
		{(*one)(nil), (*two)(nil)}, {[]one{}, []two{}}, {map[string]*one{}, map[string]*two{}}, {[0]one{}, [0]two{}},
		{map[*one]int{}, map[*two]int{}}, {[]struct{ A *one }{}, []struct{ A *two }{}}, {[][]**one{}, [][]**two{}},
	} {
		require.Equal(t, fmt.Sprintf("%T", pair[0]), fmt.Sprintf("%T", pair[1]))
		assert.NotEqual(t, digest(t, []any{pair[0]}), digest(t, []any{pair[1]}), "%T", pair[0])
	}
}
