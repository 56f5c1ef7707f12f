package bench_test

import (
	"errors"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

// A memory is a place where a vector can be.
type memory struct {
	name string
	// make returns n zeros and what gives them back.
	make func(n int) (data []float64, free func(), err error)
}

var (
	heap = memory{"heap", func(n int) ([]float64, func(), error) {
		return make([]float64, n), debug.FreeOSMemory, nil
	}}
	shared = memory{"shmarray", func(n int) ([]float64, func(), error) {
		return dataOf(shmarray.New[float64](n))
	}}
	private = memory{"private", func(n int) ([]float64, func(), error) {
		return dataOf(shmarray.Private[float64](n))
	}}
)

func dataOf(a *shmarray.Array[float64], err error) ([]float64, func(), error) {
	if err != nil {
		return nil, nil, err
	}
	return a.Data(), func() { a.Close() }, nil
}

// get is make for a test, which it ends, or skips where there is no such
// memory.
func (m memory) get(tb testing.TB, n int) (data []float64, free func()) {
	data, free, err := m.make(n)
	if errors.Is(err, errors.ErrUnsupported) {
		tb.Skip(err)
	}
	require.NoError(tb, err)
	return data, free
}

// sweep is the loop that is measured.
func sweep(s work.Sweep, a, b, c []float64) {
	parmap.ForRange(len(a), func(lo, hi int) { s.Range(a, b, c, lo, hi) })
}

// BenchmarkSweep is the four loops of STREAM over vectors of 512 MiB. The
// sequential ones are those of one processor, which may have all the bandwidth
// there is.
func BenchmarkSweep(b *testing.B) {
	n := 1 << 26
	if testing.Short() {
		n = 1 << 22
	}
	for _, where := range []memory{heap, shared} {
		b.Run(where.name, func(b *testing.B) {
			var v [3][]float64
			for k := range v {
				data, free := where.get(b, n)
				b.Cleanup(func() {
					v[k] = nil
					free()
				})
				parmap.ForRange(n, func(lo, hi int) { work.Fill(data, float64(k+1), lo, hi) })
				v[k] = data
			}
			for _, s := range work.Sweeps {
				b.Run(s.Name+"/way=sequential", func(b *testing.B) {
					b.SetBytes(int64(s.Bytes * n))
					for b.Loop() {
						s.Range(v[0], v[1], v[2], 0, n)
					}
				})
				b.Run(s.Name+"/way=parmap-ForRange", func(b *testing.B) {
					b.SetBytes(int64(s.Bytes * n))
					for b.Loop() {
						sweep(s, v[0], v[1], v[2])
					}
				})
			}
		})
	}
}

// BenchmarkFirstFill is the allocation of 1 GiB and the first store to each
// element. Right before it, memory of the same size is taken and given back:
// memory that the host of a virtual machine has taken back costs up to two
// seconds more.
func BenchmarkFirstFill(b *testing.B) {
	n := 1 << 27
	if testing.Short() {
		n = 1 << 23
	}
	for _, where := range []memory{heap, private, shared} {
		for _, way := range []struct {
			name string
			fill func(x []float64)
		}{
			{"sequential", func(x []float64) { work.Fill(x, 1, 0, len(x)) }},
			{"parmap-ForRange", func(x []float64) {
				parmap.ForRange(len(x), func(lo, hi int) { work.Fill(x, 1, lo, hi) })
			}},
		} {
			b.Run(where.name+"/way="+way.name, func(b *testing.B) {
				var x []float64
				var free func()
				clock.Part(b, 8*n,
					func() {
						_, free := private.get(b, n)
						free()
					},
					func() {
						x, free = where.get(b, n)
						way.fill(x)
					},
					func() {
						x = nil
						free()
					})
			})
		}
	}
}

func TestSweepsAreThoseOfTheSequentialLoopInEveryMemory(t *testing.T) {
	const n = 10_000
	for _, where := range []memory{heap, private, shared} {
		for _, s := range work.Sweeps {
			t.Run(where.name+"/"+s.Name, func(t *testing.T) {
				var want, got [3][]float64
				for k := range got {
					data, free := where.get(t, n)
					t.Cleanup(free)
					want[k], got[k] = make([]float64, n), data
					for i := range n {
						want[k][i] = float64((k+2)*i + k)
						got[k][i] = want[k][i]
					}
				}
				s.Range(want[0], want[1], want[2], 0, n)
				sweep(s, got[0], got[1], got[2])
				assert.Equal(t, want, got)
			})
		}
	}
}
