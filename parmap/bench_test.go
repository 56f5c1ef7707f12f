package parmap_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/parfor-go/parfor/parmap"
)

func rawChunks(n, workers int, body func(lo, hi int)) {
	var wg sync.WaitGroup
	for w := range workers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			body(w*n/workers, (w+1)*n/workers)
		}()
	}
	wg.Wait()
}

func BenchmarkEmptyRegion(b *testing.B) {
	b.Run("parmap", func(b *testing.B) {
		b.ReportAllocs()
		body := func(i int) {}
		for b.Loop() {
			parmap.For(2, body)
		}
	})
	b.Run("goroutines", func(b *testing.B) {
		for b.Loop() {
			rawChunks(2, 2, func(lo, hi int) {})
		}
	})
}

func BenchmarkJoinRegion(b *testing.B) {
	var arrived atomic.Int64
	meet := func(int) {
		arrived.Add(1)
		for k := 0; arrived.Load()&1 == 1; k++ {
			if k > 1000 {
				runtime.Gosched()
			}
		}
	}
	b.Run("parmap", func(b *testing.B) {
		for b.Loop() {
			parmap.For(2, meet, parmap.Workers(2))
		}
	})
	b.Run("goroutines", func(b *testing.B) {
		for b.Loop() {
			rawChunks(2, 2, func(lo, hi int) { meet(lo) })
		}
	})
}

func BenchmarkPerIndex(b *testing.B) {
	x := make([]float64, 100000)
	f := func(i int) { x[i] += 1 }
	b.Run("parmap", func(b *testing.B) {
		for b.Loop() {
			parmap.For(len(x), f)
		}
	})
	b.Run("range", func(b *testing.B) {
		for b.Loop() {
			parmap.ForRange(len(x), func(lo, hi int) {
				for i := lo; i < hi; i++ {
					x[i] += 1
				}
			})
		}
	})
	b.Run("goroutines", func(b *testing.B) {
		for b.Loop() {
			rawChunks(len(x), 2, func(lo, hi int) {
				for i := lo; i < hi; i++ {
					f(i)
				}
			})
		}
	})
}
