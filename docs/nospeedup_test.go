package docs_test

import (
	"math"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/parmap"
)

// The loops of no-speedup.md. Each runs beside the plain loop, to the same numbers, and
//
//	go test -v -run NoSpeedup ./docs
//
// prints how long both took and what Record has written down.

// compare runs the plain loop and then the parallel one, and prints what came of it. A
// loop before that, whose time does not count, has had the memory to itself. No plain loop
// is the same as the one before.
func compare(t *testing.T, plain func(), loop func(s *parmap.Stats)) {
	t.Helper()
	if plain != nil {
		plain()
		begin := time.Now()
		plain()
		t.Logf("the plain loop takes %v", time.Since(begin).Round(time.Microsecond))
	}
	var s parmap.Stats
	loop(&s)
	t.Log(&s)
	assert.Positive(t, s.Chunks)
}

// work takes about n/10 microseconds.
func work(n int) (sum float64) {
	for k := range n * 40 {
		sum += math.Sqrt(float64(k))
	}
	return sum
}

func TestNoSpeedupMemory(t *testing.T) {
	const n = 8 << 20
	a, b, c, want := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		a[i], b[i], c[i], want[i] = -1, float64(i), 2, -1
	}
	compare(t, func() {
		for i := range want {
			want[i] = b[i] + 3*c[i]
		}
	}, func(s *parmap.Stats) {
		parmap.ForRange(len(a), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				a[i] = b[i] + 3*c[i]
			}
		}, parmap.Record(s))
	})
	assert.True(t, equal(want, a))

	parmap.ForRange(len(a), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			x := b[i] + 3*c[i]
			a[i] = math.Sqrt(x) * x // what a second and a third loop did
		}
	})
	assert.Equal(t, math.Sqrt(6)*6, a[0])
}

func equal(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

func TestNoSpeedupSmall(t *testing.T) {
	x, want := make([]float64, 500), make([]float64, 500)
	compare(t, func() {
		for i := range want {
			want[i] = math.Sqrt(float64(i))
		}
	}, func(s *parmap.Stats) {
		parmap.For(len(x), func(i int) {
			x[i] = math.Sqrt(float64(i))
		}, parmap.Record(s))
	})
	assert.Equal(t, want, x)
}

func TestNoSpeedupGonum(t *testing.T) {
	const n, size = 8, 384
	a, out := mat.NewDense(size, size, nil), make([]*mat.Dense, n)
	a.Apply(func(i, j int, _ float64) float64 { return 2 }, a)
	for i := range out {
		out[i] = mat.NewDense(size, size, nil)
	}
	compare(t, func() {
		for i := range out {
			out[i].Mul(a, a)
		}
	}, func(s *parmap.Stats) {
		parmap.For(len(out), func(i int) {
			out[i].Mul(a, a)
		}, parmap.Record(s))
	})
	assert.Equal(t, 4.0*size, out[n-1].At(9, 9))
}

func TestNoSpeedupGoroutines(t *testing.T) {
	const rows, cols = 100, 200
	m, want := mat.NewDense(rows, cols, nil), mat.NewDense(rows, cols, nil)
	plain := func() {
		for i := range rows {
			for j := range cols {
				want.Set(i, j, work(2))
			}
		}
	}
	compare(t, plain, func(s *parmap.Stats) {
		parmap.For(rows, func(i int) {
			var wg sync.WaitGroup
			for j := range cols {
				wg.Go(func() { m.Set(i, j, work(2)) })
			}
			wg.Wait()
		}, parmap.Record(s))
	})
	assert.True(t, mat.Equal(want, m))
	m.Zero()
	compare(t, nil, func(s *parmap.Stats) {
		parmap.For(rows, func(i int) {
			parmap.For(cols, func(j int) { m.Set(i, j, work(2)) })
		}, parmap.Record(s))
	})
	assert.True(t, mat.Equal(want, m))
}

func TestNoSpeedupWorkers(t *testing.T) {
	x, want := make([]float64, 1000), make([]float64, 1000)
	compare(t, func() {
		for i := range want {
			want[i] = work(i)
		}
	}, func(s *parmap.Stats) {
		parmap.For(len(x), func(i int) {
			x[i] = work(i)
		}, parmap.Workers(8*runtime.GOMAXPROCS(0)), parmap.Record(s))
	})
	assert.Equal(t, want, x)
}

func TestNoSpeedupFalseSharing(t *testing.T) {
	const n, terms = 4, 1 << 20
	sums, want := make([]float64, n), make([]float64, n)
	compare(t, func() {
		for i := range want {
			want[i] = 0
			for k := range terms {
				want[i] += float64(k ^ i)
			}
		}
	}, func(s *parmap.Stats) {
		parmap.For(len(sums), func(i int) {
			for k := range terms {
				sums[i] += float64(k ^ i) // a write for each term
			}
		}, parmap.Grain(1), parmap.Dynamic, parmap.Record(s))
	})
	assert.Equal(t, want, sums)
	compare(t, func() {
		for i := range want {
			sum := 0.0
			for k := range terms {
				sum += float64(k ^ i)
			}
			want[i] = sum
		}
	}, func(s *parmap.Stats) {
		parmap.For(len(sums), func(i int) {
			sum := 0.0
			for k := range terms {
				sum += float64(k ^ i)
			}
			sums[i] = sum
		}, parmap.Grain(1), parmap.Dynamic, parmap.Record(s))
	})
	assert.Equal(t, want, sums)
}

func TestNoSpeedupExpensive(t *testing.T) {
	x, want := make([]float64, 100), make([]float64, 100)
	cost := func(i int) int {
		if i == 80 {
			return 40000
		}
		return 200
	}
	compare(t, func() {
		for i := range want {
			want[i] = work(cost(i))
		}
	}, func(s *parmap.Stats) {
		parmap.For(len(x), func(i int) {
			x[i] = work(cost(i)) // cost(80) is more than that of all others
		}, parmap.Record(s))
	})
	assert.Equal(t, want, x)
	compare(t, nil, func(s *parmap.Stats) {
		parmap.For(len(x), func(i int) {
			x[i] = work(cost(i))
		}, parmap.Dynamic, parmap.Grain(1), parmap.Record(s))
	})
	assert.Equal(t, want, x)
}

func TestNoSpeedupGrain(t *testing.T) {
	x, want := make([]float64, 1000), make([]float64, 1000)
	plain := func() {
		for i := range want {
			want[i] = work(i)
		}
	}
	compare(t, plain, func(s *parmap.Stats) {
		parmap.For(len(x), func(i int) {
			x[i] = work(i)
		}, parmap.Grain(500), parmap.Record(s))
	})
	assert.Equal(t, want, x)

	y, wantRoots := make([]float64, 1_000_000), make([]float64, 1_000_000)
	compare(t, func() {
		for i := range wantRoots {
			wantRoots[i] = math.Sqrt(float64(i))
		}
	}, func(s *parmap.Stats) {
		parmap.For(len(y), func(i int) {
			y[i] = math.Sqrt(float64(i))
		}, parmap.Grain(1), parmap.Dynamic, parmap.Record(s))
	})
	assert.Equal(t, wantRoots, y)
}

func TestNoSpeedupStatic(t *testing.T) {
	x, want := make([]float64, 1000), make([]float64, 1000)
	compare(t, func() {
		for i := range want {
			want[i] = work(i)
		}
	}, func(s *parmap.Stats) {
		parmap.For(len(x), func(i int) {
			x[i] = work(i)
		}, parmap.Static, parmap.Record(s))
	})
	assert.Equal(t, want, x)
	compare(t, nil, func(s *parmap.Stats) {
		parmap.For(len(x), func(i int) {
			x[i] = work(i)
		}, parmap.Record(s))
	})
}

func TestNoSpeedupLock(t *testing.T) {
	x, want := make([]float64, 100_000), make([]float64, 100_000)
	total, sum := 0.0, 0.0
	compare(t, func() {
		total = 0
		for i := range want {
			want[i] = work(1)
			total += want[i]
		}
	}, func(s *parmap.Stats) {
		var mu sync.Mutex
		parmap.For(len(x), func(i int) {
			mu.Lock()
			defer mu.Unlock()
			x[i] = work(1)
			sum += x[i]
		}, parmap.Record(s))
	})
	assert.Equal(t, want, x)
	assert.InEpsilon(t, total, sum, 1e-9)
	compare(t, nil, func(s *parmap.Stats) {
		sum = parmap.Reduce(len(x), func(lo, hi int) float64 {
			part := 0.0
			for i := lo; i < hi; i++ {
				x[i] = work(1)
				part += x[i]
			}
			return part
		}, func(a, b float64) float64 { return a + b }, parmap.Record(s))
	})
	assert.InEpsilon(t, total, sum, 1e-9)
}
