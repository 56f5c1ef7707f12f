package proc_test

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/proc"
)

var errTest = errors.New("a test's")

type (
	point struct{ X, Y float64 }
	tree  struct {
		V    point
		Kids []*tree
		By   map[string]point
	}
	shape interface{ Area() float64 }
	drawn struct {
		S    shape
		Any  any
		Also []any
	}
	square struct{ Side float64 }
	circle struct {
		Mid point
		R   float64
	}
	// A moody value does not encode itself when it is negative.
	moody int
)

func (s square) Area() float64 { return s.Side * s.Side }
func (c circle) Area() float64 { return math.Pi * c.R * c.R }

func init() {
	gob.Register(square{})
	gob.Register(circle{})
	gob.Register(map[string]point{})
}

func (m moody) GobEncode() ([]byte, error) {
	if m < 0 {
		return nil, errTest
	}
	return []byte{byte(m)}, nil
}

func (m *moody) GobDecode(b []byte) error {
	if len(b) != 1 {
		return errors.New("moody")
	}
	*m = moody(b[0])
	return nil
}

// manyTypes returns a value of a struct type for each i, whose fields are
// structs of their own types: far more than the 63 whose numbers take a byte.
func manyTypes(count int) (values []any) {
	fields := []reflect.StructField{}
	for i := range count {
		inner := reflect.StructOf([]reflect.StructField{
			{Name: fmt.Sprint("A", i), Type: reflect.TypeFor[int]()}, {Name: "S", Type: reflect.TypeFor[string]()}})
		fields = append(fields, reflect.StructField{Name: fmt.Sprint("F", i), Type: inner})
	}
	outer := reflect.New(reflect.StructOf(fields))
	for i := range count {
		outer.Elem().Field(i).Field(0).SetInt(int64(i) + 1)
		outer.Elem().Field(i).Field(1).SetString(fmt.Sprint("s", i))
		values = append(values, outer.Elem().Field(i).Addr().Interface())
	}
	return append(values, outer.Interface())
}

// series are values of one type each, and whether that has no interface.
func series() map[string]struct {
	plain  bool
	values []any
} {
	type s = struct {
		plain  bool
		values []any
	}
	all := map[string]s{}
	of := func(name string, plain bool, values ...any) { all[name] = s{plain, values} }
	var ints, strs, points, trees, times, drawings, moods, empties []any
	for i := range 20 {
		n := i * 37
		str, p := strings.Repeat("x", i*i*i), point{float64(i), -1}
		ints, strs, points = append(ints, &n), append(strs, &str), append(points, &[]point{p, {}, p}[i%3:][:1][0])
		tr := &tree{V: p, By: map[string]point{str: p}, Kids: []*tree{{V: p}, {Kids: []*tree{{}}}}}
		trees = append(trees, tr)
		at := time.Unix(int64(n), 0).UTC()
		times = append(times, &map[string]time.Time{"at": at})
		var d drawn
		switch i % 4 {
		case 0:
			d = drawn{S: square{2}, Any: 7, Also: []any{circle{p, 1}, "x"}}
		case 1:
			d = drawn{S: circle{p, 3}, Any: map[string]point{"p": p}}
		case 2:
			d = drawn{Any: square{float64(i)}}
		}
		drawings = append(drawings, &d)
		m := []moody{moody(i), 7}
		moods = append(moods, &m)
		empties = append(empties, &map[string]struct{}{str: {}})
	}
	of("ints", true, ints...)
	of("strings", true, strs...)
	of("points", true, points...)
	of("trees", true, trees...)
	of("times", true, times...)
	of("interfaces", false, drawings...)
	of("ints in full", false, ints...)
	of("encode themselves", true, moods...)
	of("sets", true, empties...)
	for i, v := range manyTypes(130) {
		of(fmt.Sprint("type ", i), true, v, v, v)
	}
	return all
}

// blank returns a pointer to a zero value like that of v.
func blank(v any) any { return reflect.New(reflect.TypeOf(v).Elem()).Interface() }

// TestCodec holds that receivers understand what comes, whichever value is the
// first that they see, and that types are described once.
func TestCodec(t *testing.T) {
	for name, s := range series() {
		t.Run(name, func(t *testing.T) {
			enc := proc.NewCodec(s.plain)
			var receivers []*proc.Decodec
			var first []byte
			for k, v := range s.values {
				preamble, value, err := enc.Encode(v)
				require.NoError(t, err)
				if k == 0 {
					first = bytes.Clone(preamble)
				}
				assert.Equal(t, s.plain, preamble != nil)
				assert.Equal(t, first, preamble, "value %d", k)
				assert.Zero(t, proc.Types(value)*btoi(s.plain), "a description among the values")
				assert.Equal(t, len(preamble), proc.Types(preamble), "nothing but descriptions")
				receivers = append(receivers, proc.NewDecodec(s.plain))
				for first, dec := range receivers {
					got := blank(v)
					require.NoError(t, dec.Decode(preamble, value, got), "value %d, the first was %d", k, first)
					require.Equal(t, v, got, "value %d, the first was %d", k, first)
				}
			}
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestCodecSkips holds that a receiver need not see every value.
func TestCodecSkips(t *testing.T) {
	s := series()["trees"]
	enc, dec := proc.NewCodec(true), proc.NewDecodec(true)
	for k, v := range s.values {
		preamble, value, err := enc.Encode(v)
		require.NoError(t, err)
		if k%3 == 1 {
			got := blank(v)
			require.NoError(t, dec.Decode(preamble, value, got))
			assert.Equal(t, v, got)
		}
	}
}

// TestCodecAfterAnError holds that an error of one value is none of the next, in
// either direction.
func TestCodecAfterAnError(t *testing.T) {
	for _, plain := range []bool{true, false} {
		for _, begin := range []int{0, 1} { // the error is in the first value, or a later one
			enc, old := proc.NewCodec(plain), proc.NewDecodec(plain)
			for k := range 6 {
				v := []moody{moody(k), 3, 4}
				if k%2 == begin {
					v[1] = -1
					preamble, value, err := enc.Encode(&v)
					assert.ErrorIs(t, err, errTest)
					assert.Nil(t, preamble)
					assert.Nil(t, value)
					continue
				}
				preamble, value, err := enc.Encode(&v)
				require.NoError(t, err)
				for _, dec := range []*proc.Decodec{old, proc.NewDecodec(plain)} {
					var got []moody
					require.NoError(t, dec.Decode(preamble, value, &got))
					assert.Equal(t, v, got)
				}
				for _, bad := range [][]byte{nil, value[:len(value)-1], append(bytes.Clone(value), 0), append(bytes.Clone(value), value...), {0xff}, {0xf8, 1, 2, 3, 4, 5, 6, 7, 8}} {
					assert.Error(t, old.Decode(preamble, bad, new([]moody)), "%x", bad)
					var got []moody
					require.NoError(t, old.Decode(preamble, value, &got), "after %x", bad)
					assert.Equal(t, v, got)
				}
				assert.Error(t, old.Decode(preamble, value, new(string)), "another type")
			}
		}
	}
}

// A jumpy value panics where it is encoded, or decoded.
type jumpy int

const jumpsAtHome, jumpsAway jumpy = -1, -2

func (j jumpy) GobEncode() ([]byte, error) {
	if j == jumpsAtHome {
		panic(errTest)
	}
	return []byte{byte(j)}, nil
}

func (j *jumpy) GobDecode(b []byte) error {
	if *j = jumpy(int8(b[0])); *j == jumpsAway {
		panic(errTest)
	}
	return nil
}

// TestCodecAfterAPanic holds that a panic of one value is nothing to the next,
// and that one of a decoder, which its caller has no part in, is an error.
func TestCodecAfterAPanic(t *testing.T) {
	for _, plain := range []bool{true, false} {
		for _, begin := range []int{0, 1} {
			enc, old := proc.NewCodec(plain), proc.NewDecodec(plain)
			for k := range 6 {
				if k%2 == begin {
					assert.PanicsWithValue(t, errTest, func() { _, _, _ = enc.Encode(&[]jumpy{1, jumpsAtHome}) })
					continue
				}
				v := []jumpy{jumpy(k), 2}
				preamble, value, err := enc.Encode(&v)
				require.NoError(t, err)
				for _, dec := range []*proc.Decodec{old, proc.NewDecodec(plain)} {
					var got []jumpy
					require.NoError(t, dec.Decode(preamble, value, &got))
					assert.Equal(t, v, got)
				}
				preamble, value, err = enc.Encode(&[]jumpy{jumpsAway, 3})
				require.NoError(t, err)
				assert.NotPanics(t, func() {
					assert.ErrorContains(t, old.Decode(preamble, value, new([]jumpy)), errTest.Error())
				})
			}
		}
	}
}

// TestGobUint holds the numbers against how gob's documentation writes them.
func TestGobUint(t *testing.T) {
	for _, tt := range []struct {
		b []byte
		v uint64
		n int
	}{
		{nil, 0, 0}, {[]byte{0}, 0, 1}, {[]byte{7}, 7, 1}, {[]byte{127, 9}, 127, 1},
		{[]byte{0xff, 128}, 128, 2}, {[]byte{0xfe, 1, 0}, 256, 3}, {[]byte{0xfe, 1, 0, 5}, 256, 3},
		{[]byte{0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, math.MaxUint64, 9},
		{[]byte{0xff}, 0, 0}, {[]byte{0xfe, 1}, 0, 0}, {[]byte{0xf8, 1, 2, 3, 4, 5, 6, 7}, 0, 0},
		{[]byte{0xf7, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 0, 0}, {bytes.Repeat([]byte{0x80}, 200), 0, 0},
	} {
		v, n := proc.GobUint(tt.b)
		assert.Equal(t, tt.v, v, "%x", tt.b)
		assert.Equal(t, tt.n, n, "%x", tt.b)
	}
}

// hostileTypes are messages that are longer than what there is, or than
// anything.
var hostileTypes = [][]byte{
	nil, {}, {0}, {0, 0}, {0, 1}, {1, 1}, {0x7f, 1}, {2, 1, 0}, {3, 1, 0}, {0xff, 0xff, 1},
	{0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf7, 1}, // -9: where it began
	{0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
	{0xf8, 0x80, 0, 0, 0, 0, 0, 0, 0, 1},
	{0xf8, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
	{1, 1, 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf5, 1},
}

// checkTypes runs Types, which is to come to an end within b.
func checkTypes(t *testing.T, b []byte) {
	t.Helper()
	done := make(chan any, 1)
	n := -1
	go func() {
		defer func() { done <- recover() }()
		n = proc.Types(b)
	}()
	select {
	case v := <-done:
		if v != nil || n < 0 || n > len(b) {
			t.Errorf("%x: %d, %v", b, n, v)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%x: no end", b) // and the goroutine stays
	}
}

func TestTypesOfHostileBytes(t *testing.T) {
	for _, b := range hostileTypes {
		checkTypes(t, b)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		b := make([]byte, random.IntN(12))
		for i := range b {
			b[i] = []byte{0, 1, 2, 0x7f, 0xf8, 0xff, byte(random.Uint32())}[random.IntN(7)]
		}
		checkTypes(t, b)
	}
}

func FuzzTypes(f *testing.F) {
	for _, b := range hostileTypes {
		f.Add(b)
	}
	_, value, err := proc.NewCodec(false).Encode(&tree{V: point{1, 2}})
	require.NoError(f, err)
	f.Add(value)
	f.Fuzz(func(t *testing.T, b []byte) { checkTypes(t, b) })
}
