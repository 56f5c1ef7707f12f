package sched_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/internal/sched"
)

var kinds = []sched.Kind{sched.Auto, sched.Static, sched.Dynamic, sched.Guided, sched.Serial}

// check reports how ranges fail to tile [0, n), or "".
func check(n int, ranges []chunk.Range) string {
	slices.SortFunc(ranges, func(a, b chunk.Range) int { return a.Lo - b.Lo })
	at := 0
	for _, r := range ranges {
		if r.Lo != at || r.Hi <= r.Lo {
			return fmt.Sprintf("chunk [%d,%d) where %d is next", r.Lo, r.Hi, at)
		}
		at = r.Hi
	}
	if at != n {
		return fmt.Sprintf("ends at %d, not at %d", at, n)
	}
	return ""
}

// FuzzNext lets workers ask in an arbitrary order, with arbitrary limits, some
// of them never, and holds that every index is handed out once.
func FuzzNext(f *testing.F) {
	f.Add(uint8(0), 1000, 0, 3, 2, uint64(1))
	f.Add(uint8(0), 7, 1, 64, 1, uint64(2))
	f.Add(uint8(1), 1000, 10, 8, 8, uint64(3))
	f.Add(uint8(2), 1000, 3, 2, 2, uint64(4))
	f.Add(uint8(3), 100000, 0, 5, 1, uint64(5))
	f.Add(uint8(4), math.MaxInt, 0, 1, 1, uint64(6))
	f.Add(uint8(0), math.MaxInt, math.MaxInt/3, 4, 4, uint64(7))
	f.Add(uint8(3), math.MaxInt-1, math.MaxInt, 4, 4, uint64(7))
	var s sched.State // one for all: a State is used again and again
	f.Fuzz(func(t *testing.T, kind uint8, n, grain, workers, parts int, seed uint64) {
		k := kinds[int(kind)%len(kinds)]
		if n < 0 {
			n = -(n + 1)
		}
		if grain < 0 {
			grain = -(grain + 1)
		}
		n = max(1, n)
		if k == sched.Dynamic && grain > 0 {
			grain = max(grain, n/10000) // or it takes for ever, as asked
		}
		workers = 1 + int(uint(workers)%100)
		cells := s.Cut(k, n, grain, workers)
		if grain > 0 && k != sched.Serial {
			want := min((n-1)/grain+1, 1<<30)
			if cells != want && !(cells < want && want > 1<<29) {
				t.Fatalf("%d cells, not %d", cells, want)
			}
		}
		workers = min(workers, cells)
		parts = 1 + int(uint(parts)%uint(workers))
		s.Deal(workers, parts)
		r := rand.New(rand.NewPCG(seed, 0))
		coming := 1 + r.IntN(workers) // the others never do
		var ranges []chunk.Range
		for done := make([]bool, coming); slices.Contains(done, false); {
			w := r.IntN(coming)
			limit := sched.NoLimit
			if r.IntN(4) == 0 {
				limit = 1 + r.IntN(1000)*(cells/1000+1)
			}
			lo, hi := s.Next(w, limit, r.IntN(2) == 0)
			if done[w] = lo == hi; lo < hi {
				ranges = append(ranges, chunk.Range{Lo: lo, Hi: hi})
			}
			if len(ranges) > 1_000_000 {
				t.Skip("too many chunks to look at")
			}
		}
		if bad := check(n, ranges); bad != "" {
			t.Fatal(bad)
		}
	})
}

// TestConcurrent lets workers ask at the same time.
func TestConcurrent(t *testing.T) {
	var s sched.State
	for _, k := range kinds {
		for _, workers := range []int{1, 2, 3, 8, 64, 300} {
			for _, n := range []int{1, 2, 7, 100, 10000} {
				workers := min(workers, s.Cut(k, n, 0, workers))
				s.Deal(workers, 1+workers/2)
				got := make([][]chunk.Range, workers)
				var wg sync.WaitGroup
				for w := range workers {
					wg.Go(func() {
						for {
							lo, hi := s.Next(w, sched.NoLimit, false)
							if lo == hi {
								return
							}
							got[w] = append(got[w], chunk.Range{Lo: lo, Hi: hi})
						}
					})
				}
				wg.Wait()
				assert.Empty(t, check(n, slices.Concat(got...)), "kind %d, %d workers, n = %d", k, workers, n)
			}
		}
	}
}

// TestChunks freezes what one worker, alone or not, is handed out.
func TestChunks(t *testing.T) {
	chunks := func(k sched.Kind, n, grain, workers int, alone bool) (sizes []int) {
		var s sched.State
		s.Cut(k, n, grain, workers)
		s.Deal(workers, workers)
		for {
			lo, hi := s.Next(0, sched.NoLimit, alone)
			if lo == hi {
				return sizes
			}
			sizes = append(sizes, hi-lo)
		}
	}
	assert.Equal(t, []int{50, 50}, chunks(sched.Static, 100, 0, 2, false))
	assert.Equal(t, slices.Repeat([]int{4}, 300), chunks(sched.Static, 1200, 0, 300, false))
	assert.Equal(t, []int{100}, chunks(sched.Serial, 100, 1, 1, false))
	assert.Equal(t, []int{30, 30, 30, 10}, chunks(sched.Dynamic, 100, 30, 2, false))
	assert.Len(t, chunks(sched.Dynamic, 1_000_000, 0, 2, false), 129)
	assert.Equal(t, []int{25, 18, 14, 10, 8, 6, 4, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1}, chunks(sched.Guided, 100, 0, 2, false))
	assert.Equal(t, []int{7, 6, 5, 4, 4, 3, 3, 3, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1}, chunks(sched.Auto, 50, 0, 1, false))
	assert.Equal(t, []int{25, 13, 6, 3, 2, 1}, chunks(sched.Auto, 50, 0, 1, true))
}

// TestNoChunkOfAutoIsLong holds that who comes early leaves the others their
// parts, also where all cells were dealt to the first.
func TestNoChunkOfAutoIsLong(t *testing.T) {
	const n, workers = 6400, 64
	for _, parts := range []int{1, 7, workers} {
		var s sched.State
		s.Cut(sched.Auto, n, 0, workers)
		s.Deal(workers, parts)
		for done := 0; done < n; {
			for w := range workers {
				lo, hi := s.Next(w, sched.NoLimit, false)
				assert.LessOrEqual(t, hi-lo, 13, "an eighth of 100")
				done += hi - lo
			}
		}
	}
}

func BenchmarkNext(b *testing.B) {
	var s sched.State
	for _, k := range []sched.Kind{sched.Auto, sched.Dynamic, sched.Guided} {
		b.Run(fmt.Sprint(k), func(b *testing.B) {
			for b.Loop() {
				if s.Cut(k, 1<<20, 1<<10, 2); k == sched.Guided {
					s.Cut(k, 1<<20, 1, 2)
				}
				s.Deal(2, 1)
				claims := 0
				for lo, hi := s.Next(0, sched.NoLimit, false); lo < hi; lo, hi = s.Next(0, sched.NoLimit, false) {
					claims++
				}
				b.ReportMetric(float64(claims), "claims")
			}
		})
	}
}
