//go:build unix

//lint:file-ignore U1000 fields that cannot travel are not used either
package kernel_test

import (
	"encoding"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext/prng"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
	"github.com/parfor-go/parfor/shmarray"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

type floats = shmarray.Array[float64]

type (
	plain   struct{ A, B []float64 }
	list    struct{ Next *list }
	listAny struct {
		Next *listAny
		V    any
	}
	hidden     struct{ f func() }
	encoding1  struct{ f any }
	encoding2  struct{ f any }
	marshaling struct{ f any }
	halfway    struct{ f func() } // says how to decode it alone
)

func (encoding1) GobEncode() ([]byte, error)      { return nil, nil }
func (*encoding2) GobEncode() ([]byte, error)     { return nil, nil }
func (marshaling) MarshalBinary() ([]byte, error) { return nil, nil }
func (*halfway) GobDecode([]byte) error           { return nil }

func TestWhy(t *testing.T) {
	const matrix = "a gonum matrix cannot travel: pass the array"
	for _, tt := range []struct {
		t    reflect.Type
		want string
	}{
		{reflect.TypeFor[int](), ""},
		{reflect.TypeFor[plain](), ""},
		{reflect.TypeFor[list](), ""},
		{reflect.TypeFor[struct{}](), ""},
		{reflect.TypeFor[any](), ""},
		{reflect.TypeFor[encoding1](), ""},
		{reflect.TypeFor[*encoding1](), ""},
		{reflect.TypeFor[encoding2](), ""},
		{reflect.TypeFor[map[string][]**encoding2](), ""},
		{reflect.TypeFor[marshaling](), ""},
		{reflect.TypeFor[time.Time](), ""},
		{reflect.TypeFor[floats](), ""},
		{reflect.TypeFor[struct{ A, B *floats }](), ""},
		{reflect.TypeFor[prng.SplitMix64](), ""},
		{reflect.TypeFor[func()](), "a func cannot travel"},
		{reflect.TypeFor[chan int](), "a chan cannot travel"},
		{reflect.TypeFor[hidden](), "field f cannot travel: it is not exported"},
		{reflect.TypeFor[halfway](), "field f cannot travel: it is not exported"},
		{reflect.TypeFor[map[string]chan int](), "a chan cannot travel"},
		{reflect.TypeFor[map[hiddenKey]int](), "field f cannot travel: it is not exported"},
		{reflect.TypeFor[struct{ A struct{ B [2]func() } }](), "field A: field B: a func cannot travel"},
		{reflect.TypeFor[mat.Dense](), matrix},
		{reflect.TypeFor[****mat.Dense](), matrix},
		{reflect.TypeFor[mat.Matrix](), matrix},
		{reflect.TypeFor[struct{ M []*mat.TriDense }](), "field M: " + matrix},
	} {
		assert.Equal(t, tt.want, kernel.Why(tt.t), "%v", tt.t)
	}
}

// TestWhyPromoted holds that a struct does not pass for its embedded array,
// whose encoding would be all that travels of it.
func TestWhyPromoted(t *testing.T) {
	type args struct {
		*floats
		By float64
	}
	type stamped struct {
		time.Time
		By float64
	}
	type Array = struct { // embedded under a name that travels
		*shmarray.Array[float64]
		By float64
	}
	assert.NotEmpty(t, kernel.Why(reflect.TypeFor[args]()))
	assert.NotEmpty(t, kernel.Why(reflect.TypeFor[stamped]()))
	assert.NotEmpty(t, kernel.Why(reflect.TypeFor[Array]()))
}

func TestHasInterface(t *testing.T) {
	for _, tt := range []struct {
		t    reflect.Type
		want bool
	}{
		{reflect.TypeFor[int](), false},
		{reflect.TypeFor[plain](), false},
		{reflect.TypeFor[list](), false},
		{reflect.TypeFor[map[string]*floats](), false},
		{reflect.TypeFor[encoding1](), false}, // keeps to itself what it has
		{reflect.TypeFor[[]encoding2](), false},
		{reflect.TypeFor[marshaling](), false},
		{reflect.TypeFor[time.Time](), false},
		{reflect.TypeFor[any](), true},
		{reflect.TypeFor[error](), true},
		{reflect.TypeFor[encoding.BinaryMarshaler](), true}, // not an encoding, but one of a type to be told
		{reflect.TypeFor[*any](), true},
		{reflect.TypeFor[[]any](), true},
		{reflect.TypeFor[[2]any](), true},
		{reflect.TypeFor[map[any]int](), true},
		{reflect.TypeFor[map[int]any](), true},
		{reflect.TypeFor[listAny](), true},
		{reflect.TypeFor[struct {
			A int
			B struct{ C []map[string]error }
		}](), true},
	} {
		assert.Equal(t, tt.want, kernel.HasInterface(tt.t), "%v", tt.t)
	}
}

func TestHasArray(t *testing.T) {
	for _, tt := range []struct {
		t    reflect.Type
		want bool
	}{
		{reflect.TypeFor[int](), false},
		{reflect.TypeFor[list](), false},
		{reflect.TypeFor[any](), false}, // who knows
		{reflect.TypeFor[encoding1](), false},
		{reflect.TypeFor[floats](), true},
		{reflect.TypeFor[*floats](), true},
		{reflect.TypeFor[map[string][]struct{ A **floats }](), true},
		{reflect.TypeFor[map[*floats]int](), true},
	} {
		assert.Equal(t, tt.want, kernel.HasArray(tt.t), "%v", tt.t)
	}
}

func zeros(t *testing.T, shape ...int) *floats {
	t.Helper()
	a, err := shmarray.Zeros(shape...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, a.Close()) })
	return a
}

// A bag is all the places in which arrays may be.
type bag struct {
	One    *floats
	Two    **floats
	Value  floats
	All    []*floats
	Values []floats
	Both   [2]*floats
	Named  map[string]*floats
	Keys   map[any]int
	Nested struct{ A struct{ A *floats } }
	Any    any
	Face   interface{ Len() int }
	Next   *bag
	Self   encoding1 // keeps to itself what it has
	X      int
}

// open is a bag of nothing, but for what by value cannot be nothing.
func open(t *testing.T) *bag { return &bag{Value: *zeros(t, 0)} }

func TestArrays(t *testing.T) {
	a, other := zeros(t, 4, 3), zeros(t, 2)
	scalar, empty := zeros(t), zeros(t, 0, 7)
	whole := segment.BytesOf(a.Data())
	for what, tt := range map[string]struct {
		fill func(b *bag)
		want [][]byte
	}{
		"nothing":       {func(b *bag) {}, nil},
		"pointer":       {func(b *bag) { b.One = a }, [][]byte{whole}},
		"two pointers":  {func(b *bag) { b.Two = &a }, [][]byte{whole}},
		"value":         {func(b *bag) { b.Value = *a }, [][]byte{whole}},
		"slice":         {func(b *bag) { b.All = []*floats{nil, a, nil} }, [][]byte{whole}},
		"slice, values": {func(b *bag) { b.Values = []floats{*a} }, [][]byte{whole}},
		"array":         {func(b *bag) { b.Both = [2]*floats{nil, a} }, [][]byte{whole}},
		"map":           {func(b *bag) { b.Named = map[string]*floats{"a": a, "nil": nil} }, [][]byte{whole}},
		"key":           {func(b *bag) { b.Keys = map[any]int{a: 1, "b": 2} }, [][]byte{whole}},
		"nested":        {func(b *bag) { b.Nested.A.A = a }, [][]byte{whole}},
		"any":           {func(b *bag) { b.Any = a }, [][]byte{whole}},
		"any of any":    {func(b *bag) { b.Any = []any{map[string]any{"x": &plain{}, "y": struct{ A *floats }{a}}} }, [][]byte{whole}},
		"interface":     {func(b *bag) { b.Face = a }, [][]byte{whole}},
		"next":          {func(b *bag) { b.Next = open(t); b.Next.One = a }, [][]byte{whole}},
		"encoded":       {func(b *bag) { b.Self = encoding1{a} }, nil},
		"two":           {func(b *bag) { b.One = a; b.All = []*floats{other} }, [][]byte{whole, segment.BytesOf(other.Data())}},
		"same twice":    {func(b *bag) { b.One = a; b.Any = a }, [][]byte{whole, whole}},
		"view":          {func(b *bag) { b.One = a.Slice(1, 3) }, [][]byte{whole[3*8 : 9*8]}},
		"row":           {func(b *bag) { b.One = a.Sub(2) }, [][]byte{whole[6*8 : 9*8]}},
		"element":       {func(b *bag) { b.One = a.Sub(2, 1) }, [][]byte{whole[7*8 : 8*8]}},
		"0-d":           {func(b *bag) { b.One = scalar }, [][]byte{segment.BytesOf(scalar.Data())}},
		"empty":         {func(b *bag) { b.One = empty; b.Any = a.Slice(2, 2) }, nil},
		"no array":      {func(b *bag) { b.Any = plain{}; b.Keys = map[any]int{plainKey{}: 1} }, nil},
		"a func":        {func(b *bag) { b.Any = func() {} }, nil},
		"map of values": {func(b *bag) { b.Any = map[string]floats{"a": *a} }, [][]byte{whole}},
		"any value":     {func(b *bag) { b.Any = *a }, [][]byte{whole}},
	} {
		b := open(t)
		tt.fill(b)
		assertSame(t, tt.want, kernel.Arrays(b), what)
	}
	for what, v := range map[string]any{"array": a, "pointer": &a, "slice": []any{a}, "struct": struct{ A *floats }{a}} {
		assertSame(t, [][]byte{whole}, kernel.Arrays(v), what)
	}
	var none *floats
	for what, v := range map[string]any{
		"nil": nil, "typed nil": none, "nil slice": []*floats(nil), "nil map": map[string]*floats(nil), "nil bag": (*bag)(nil),
		"int": 7, "string": "s", "list": &list{&list{}}, "time": time.Now(),
	} {
		assert.Empty(t, kernel.Arrays(v), what)
	}
}

type plainKey struct{ A int }

type hiddenKey struct{ f int }

// assertSame asserts that got is the very memory of want.
func assertSame(t *testing.T, want, got [][]byte, what string) {
	t.Helper()
	if !assert.Len(t, got, len(want), what) {
		return
	}
	for i := range want {
		assert.Same(t, &want[i][0], &got[i][0], what)
		assert.Len(t, got[i], len(want[i]), what)
	}
}

// TestArraysOfClosed holds that what nobody can use is no argument.
func TestArraysOfClosed(t *testing.T) {
	for _, shape := range [][]int{{3}, {}, {0}} {
		a := zeros(t, shape...)
		require.NoError(t, a.Close())
		assert.PanicsWithValue(t, "shmarray: array is closed", func() { kernel.Arrays([]*floats{a}) }, "%v", shape)
	}
	assert.PanicsWithValue(t, "shmarray: array is closed", func() { kernel.Arrays(new(floats)) })
}

// TestArraysKeptHidden holds that fields that do not travel are let alone: gob
// passes over them, and others may be writing them.
func TestArraysKeptHidden(t *testing.T) {
	type secret struct {
		a *floats
		m map[string]any
		A *floats
	}
	a := zeros(t, 3)
	for _, v := range []any{secret{a: a}, []any{&secret{a: a, m: map[string]any{"a": a}}}} {
		assert.NotPanics(t, func() { assert.Empty(t, kernel.Arrays(&v)) })
	}
	assert.NotPanics(t, func() { assert.Len(t, kernel.Arrays(&secret{a: a, A: a}), 1) })
}
