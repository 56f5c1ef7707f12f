package bench_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/internal/memory"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/internal/bulk"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

// A writer is a way to write all of a vector.
type writer struct {
	way   string
	write func(dst *shmarray.Array[float64], src []float64)
}

// writers are the ways of each task.
var writers = []struct {
	task  string
	bytes int // read and written for each element
	ways  []writer
}{
	{"fill", 8, []writer{
		{"sequential", func(dst *shmarray.Array[float64], _ []float64) { work.Fill(dst.Data(), 2, 0, dst.Len()) }},
		{"parmap-ForRange", func(dst *shmarray.Array[float64], _ []float64) { fillAll(dst.Data(), 2) }},
		{"shmarray", func(dst *shmarray.Array[float64], _ []float64) { dst.Fill(2) }},
	}},
	{"zero", 8, []writer{
		{"sequential", func(dst *shmarray.Array[float64], _ []float64) { clear(dst.Data()) }},
		{"parmap-ForRange", func(dst *shmarray.Array[float64], _ []float64) {
			x := dst.Data()
			parmap.ForRange(len(x), func(lo, hi int) { clear(x[lo:hi]) })
		}},
		{"shmarray", func(dst *shmarray.Array[float64], _ []float64) { dst.Zero() }},
	}},
	// The loop is over elements, as that of a Sweep of more than a copy is: the
	// runtime's copy of a large range has non-temporal stores of its own.
	{"copy", 16, []writer{
		{"sequential", func(dst *shmarray.Array[float64], src []float64) { assign(dst.Data(), src, 0, dst.Len()) }},
		{"parmap-ForRange", func(dst *shmarray.Array[float64], src []float64) { copyAll(dst.Data(), src) }},
		{"parmap-ForRange-copy", func(dst *shmarray.Array[float64], src []float64) {
			x := dst.Data()
			parmap.ForRange(len(x), func(lo, hi int) { copy(x[lo:hi], src[lo:hi]) })
		}},
		{"shmarray", func(dst *shmarray.Array[float64], src []float64) {
			// What Copy and FromSlice do when they have the memory.
			to, from := segment.BytesOf(dst.Data()), segment.BytesOf(src)
			_ = segment.Spread(len(to), func(lo, hi int) error {
				bulk.Copy(to[lo:hi], from[lo:hi], len(to))
				return nil
			})
		}},
	}},
}

// fillAll sets every element of x to v with the plain parallel loop.
func fillAll(x []float64, v float64) {
	parmap.ForRange(len(x), func(lo, hi int) { work.Fill(x, v, lo, hi) })
}

// copyAll copies y to x, as long, with the plain parallel loop.
func copyAll(x, y []float64) {
	parmap.ForRange(len(x), func(lo, hi int) { assign(x, y, lo, hi) })
}

// assign copies y[lo:hi] to x[lo:hi], an element at a time.
func assign(x, y []float64, lo, hi int) {
	x, y = x[lo:hi], y[lo:hi]
	y = y[:len(x)]
	for i := range x {
		x[i] = y[i]
	}
}

// BenchmarkBulk writes vectors of 512 MiB that have been written before.
func BenchmarkBulk(b *testing.B) {
	n := memory.Len(1 << 26)
	dst, src := full(b, n, 1), full(b, n, 3).Data()
	for _, w := range writers {
		for _, x := range w.ways {
			alone(b, w.task+"/", w.bytes*n, way{name: x.way, call: func() { x.write(dst, src) }})
		}
	}
}

// full returns n elements that are v.
func full(tb testing.TB, n int, v float64) *shmarray.Array[float64] {
	a, err := shmarray.Full(v, n)
	skip(tb, err)
	tb.Cleanup(func() { assert.NoError(tb, a.Close()) })
	return a
}

// A creator is a way to have a vector like src that is filled already.
type creator struct {
	task, way string
	create    func(src *shmarray.Array[float64]) (*shmarray.Array[float64], error)
}

var creators = []creator{
	{"Full", "parmap-ForRange", func(src *shmarray.Array[float64]) (*shmarray.Array[float64], error) {
		return then(src, func(x []float64) { fillAll(x, 2) })
	}},
	{"Full", "shmarray", func(src *shmarray.Array[float64]) (*shmarray.Array[float64], error) {
		return shmarray.Full(2.0, src.Len())
	}},
	{"Copy", "parmap-ForRange", func(src *shmarray.Array[float64]) (*shmarray.Array[float64], error) {
		return then(src, func(x []float64) { copyAll(x, src.Data()) })
	}},
	{"Copy", "shmarray", shmarray.Copy[float64]},
	{"FromSlice", "parmap-ForRange", func(src *shmarray.Array[float64]) (*shmarray.Array[float64], error) {
		return then(src, func(x []float64) { copyAll(x, src.Data()) })
	}},
	{"FromSlice", "shmarray", func(src *shmarray.Array[float64]) (*shmarray.Array[float64], error) {
		return shmarray.FromSlice(src.Data())
	}},
}

// then returns an array as long as src, after a plain parallel loop over it.
func then(src *shmarray.Array[float64], loop func(x []float64)) (*shmarray.Array[float64], error) {
	a, err := shmarray.Zeros(src.Len())
	if err == nil {
		loop(a.Data())
	}
	return a, err
}

// BenchmarkBulkCreate creates vectors of 512 MiB, after memory of the same size
// was taken and given back, as BenchmarkFirstFill does.
func BenchmarkBulkCreate(b *testing.B) {
	n := memory.Len(1 << 26)
	src := full(b, n, 3)
	for _, c := range creators {
		clock.Run(b, c.task+"/way="+c.way, func(b *testing.B) {
			var a *shmarray.Array[float64]
			clock.Part(b, 8*n,
				func() { memory.Settle(b, n) },
				func() {
					var err error
					a, err = c.create(src)
					require.NoError(b, err)
				},
				func() { a.Close() })
		})
	}
}

func TestBulkWaysDoTheSame(t *testing.T) {
	const n = 10_000
	src := full(t, n, 3)
	for i := range src.Data() {
		src.Data()[i] += float64(i)
	}
	want := map[string][]float64{"fill": make([]float64, n), "zero": make([]float64, n), "copy": src.Data()}
	work.Fill(want["fill"], 2, 0, n)
	for _, w := range writers {
		for _, way := range w.ways {
			dst := full(t, n, 1)
			way.write(dst, src.Data())
			assert.Equal(t, want[w.task], dst.Data(), "%s/%s", w.task, way.way)
		}
	}
	want["Full"], want["Copy"], want["FromSlice"] = want["fill"], want["copy"], want["copy"]
	for _, c := range creators {
		a, err := c.create(src)
		require.NoError(t, err)
		assert.Equal(t, want[c.task], a.Data(), "%s/%s", c.task, c.way)
		require.NoError(t, a.Close())
	}
}
