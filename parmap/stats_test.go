package parmap_test

import (
	"context"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
)

// adds holds that the numbers of a run add up.
func adds(t *testing.T, s *parmap.Stats, msg ...any) {
	t.Helper()
	require.Len(t, s.ByWorker, s.Workers, msg...)
	chunks, busy := 0, make([]time.Duration, s.Workers)
	for i, w := range s.ByWorker {
		chunks += w.Chunks
		assert.Equal(t, s.Wall, w.StartUp+w.Busy+w.Wait, msg...)
		assert.True(t, w.StartUp >= 0 && w.Busy >= 0 && w.Wait >= 0, "%v, worker %d: %v", msg, i, w)
	}
	assert.Equal(t, s.Chunks, chunks, msg...)
	assert.Equal(t, s.Chunks, len(s.Spans)+s.Dropped, msg...)
	end := make([]time.Duration, s.Workers)
	last := time.Duration(0)
	for _, v := range s.Spans {
		assert.True(t, last <= v.Start && end[v.Worker] <= v.Start && v.Start <= v.End && v.End <= s.Wall, "%v: %v in %v", msg, v, s.Wall)
		last, end[v.Worker] = v.Start, v.End
		busy[v.Worker] += v.Duration()
	}
	if s.Dropped == 0 {
		for i, w := range s.ByWorker {
			assert.Equal(t, w.Busy, busy[i], msg...)
		}
	}
	assert.LessOrEqual(t, s.Efficiency(), 1.0, msg...)
}

// cover holds that the spans cover [0, n), each index once.
func cover(t *testing.T, s *parmap.Stats, n int, msg ...any) {
	t.Helper()
	all := slices.Clone(s.Spans)
	slices.SortFunc(all, func(a, b parmap.Span) int { return a.Lo - b.Lo })
	at := 0
	for _, v := range all {
		require.Equal(t, at, v.Lo, msg...)
		require.Less(t, v.Lo, v.Hi, msg...)
		at = v.Hi
	}
	require.Equal(t, n, at, msg...)
}

// TestStatsOfEveryVerb holds that what each verb records covers its indices and adds up, on
// each schedule, alone and with progress.
func TestStatsOfEveryVerb(t *testing.T) {
	for _, verb := range verbs {
		for _, n := range []int{0, 1, 2, 1000, 10_000} {
			for _, crowd := range crowds {
				for _, both := range []bool{false, true} {
					s := parmap.Stats{Chunks: 7, Spans: make([]parmap.Span, 3)}
					opts := append(crowd[:len(crowd):len(crowd)], parmap.Record(&s))
					if both {
						opts = append(opts, parmap.OnProgress(func(parmap.Progress) {}))
					}
					require.NoError(t, verb.fill(make([]float64, n), opts))
					adds(t, &s, verb.name, n, crowd)
					count := n
					if verb.name == "ForTile" {
						count = tiles(n, crowd)
					}
					if s.Dropped > 0 {
						continue
					}
					if strings.HasPrefix(verb.name, "Scan") { // each chunk is scanned and then shifted, or both at once
						sum := 0
						for _, v := range s.Spans {
							sum += v.Hi - v.Lo
						}
						assert.Contains(t, []int{n, 2 * n}, sum, "%s of %d, %v", verb.name, n, crowd)
					} else {
						cover(t, &s, count, verb.name, n, crowd)
					}
					for _, v := range s.Spans {
						require.Equal(t, os.Getpid(), v.PID)
						require.NoError(t, v.Err)
					}
				}
			}
		}
	}
	assert.PanicsWithValue(t, "parmap: nil stats", func() { parmap.Record(nil) })
}

// public returns s without what only String sees.
func public(s parmap.Stats) parmap.Stats {
	return parmap.Stats{Wall: s.Wall, Workers: s.Workers, ByWorker: s.ByWorker, Chunks: s.Chunks, Retries: s.Retries,
		Crashes: s.Crashes, Spans: s.Spans, Dropped: s.Dropped}
}

// TestStatsInTime holds the times of a run whose bodies take a known one.
func TestStatsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s parmap.Stats
		parmap.For(4, func(i int) { time.Sleep(time.Duration(i) * time.Second) }, parmap.Record(&s), parmap.Serial)
		assert.Equal(t, parmap.Stats{Wall: 6 * time.Second, Workers: 1, Chunks: 1,
			ByWorker: []parmap.WorkerStats{{Chunks: 1, Busy: 6 * time.Second}},
			Spans:    []parmap.Span{{PID: os.Getpid(), Hi: 4, End: 6 * time.Second}}}, public(s))
		assert.Equal(t, 1.0, s.Efficiency())

		err := parmap.ForErr(bg, 4, func(_ context.Context, i int) error {
			time.Sleep(time.Second)
			if i == 2 {
				return errBoom
			}
			return nil
		}, parmap.Record(&s), parmap.Serial)
		require.Error(t, err)
		assert.Equal(t, []parmap.Span{{PID: os.Getpid(), Hi: 4, End: 3 * time.Second, Err: errBoom}}, s.Spans)

		next := 0
		for range parmap.Stream(bg, slices.Values([]int{3, 1, 2}), func(_ context.Context, n int) (int, error) {
			time.Sleep(time.Duration(n) * time.Second)
			return n, nil
		}, parmap.Record(&s), parmap.Serial) {
			time.Sleep(time.Minute)
			next++
		}
		assert.Equal(t, []parmap.Span{
			{PID: os.Getpid(), Lo: 0, Hi: 1, Start: 0, End: 3 * time.Second},
			{PID: os.Getpid(), Lo: 1, Hi: 2, Start: 63 * time.Second, End: 64 * time.Second},
			{PID: os.Getpid(), Lo: 2, Hi: 3, Start: 124 * time.Second, End: 126 * time.Second},
		}, s.Spans)
		assert.Equal(t, parmap.WorkerStats{Chunks: 3, Busy: 6 * time.Second, Wait: 180 * time.Second}, s.ByWorker[0])
		assert.Equal(t, []parmap.Span{s.Spans[0], s.Spans[2]}, s.Slowest(2))
		assert.Len(t, s.Slowest(9), 3)
		assert.Empty(t, s.Slowest(-1))
	})
}

// TestStatsOfFailures holds that the spans of chunks that failed say why.
func TestStatsOfFailures(t *testing.T) {
	for name, verb := range failing {
		for _, crowd := range crowds {
			for k := range 4 {
				collect, told := k%2 == 1, k/2 == 1 // in pieces
				var s parmap.Stats
				opts := append(crowd[:len(crowd):len(crowd)], parmap.Record(&s))
				if told {
					opts = append(opts, parmap.OnProgress(func(parmap.Progress) {}))
				}
				if collect {
					opts = append(opts, parmap.CollectErrors)
				}
				err := verb(bg, 300, func(ctx context.Context, i int) error {
					switch i {
					case 100:
						return errBoom
					case 200:
						if collect {
							panicsHere()
						}
					}
					return ctx.Err()
				}, opts...)
				require.ErrorIs(t, err, errBoom)
				adds(t, &s, name, crowd)
				failed := map[int]bool{}
				for _, v := range s.Spans {
					if v.Err != nil && v.Lo <= 100 && 100 < v.Hi {
						assert.ErrorIs(t, v.Err, errBoom)
						failed[100] = true
					}
					if v.Err != nil && v.Lo <= 200 && 200 < v.Hi {
						failed[200] = true
					}
					assert.False(t, v.Err == nil && v.Lo <= 100 && 100 < v.Hi, "%s, %v: %v", name, crowd, v)
				}
				assert.True(t, failed[100], name)
				if collect {
					assert.True(t, failed[200], name)
					cover(t, &s, 300, name, crowd)
				}
			}
		}
	}
	for _, crowd := range crowds {
		var s parmap.Stats
		v := caught(func() {
			parmap.For(300, func(i int) {
				if i == 100 {
					panicsHere()
				}
			}, append(crowd[:len(crowd):len(crowd)], parmap.Record(&s))...)
		})
		adds(t, &s, crowd)
		assert.Equal(t, 1, errorsIn(&s, v.(error)), "%v", crowd)
		assert.NotContains(t, s.String(), "\n", "advice of a run that failed")
		exited := make(chan struct{})
		go func() {
			defer close(exited)
			parmap.For(300, func(i int) {
				if i == 100 {
					runtime.Goexit()
				}
			}, append(crowd[:len(crowd):len(crowd)], parmap.Record(&s))...)
		}()
		<-exited
		adds(t, &s, crowd)
		assert.True(t, slices.ContainsFunc(s.Spans, func(v parmap.Span) bool {
			return v.Err != nil && strings.Contains(v.Err.Error(), "Goexit") && v.Lo <= 100 && 100 < v.Hi
		}), "%v", crowd)
	}
}

func errorsIn(s *parmap.Stats, err error) (n int) {
	for _, v := range s.Spans {
		if v.Err == err {
			n++
		}
	}
	return n
}

// TestStatsKeepsTheLongest records more chunks than are kept.
func TestStatsKeepsTheLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 100_000
		var s parmap.Stats
		i := 0
		for range parmap.Stream(bg, func(yield func(int) bool) {
			for ; i < n && yield(i); i++ {
			}
		}, func(_ context.Context, i int) (int, error) {
			switch i {
			case 77_777:
				time.Sleep(time.Hour)
			case 3, 55_555:
				return 0, errBoom
			}
			time.Sleep(time.Duration(1+i%10) * time.Microsecond)
			return 0, nil
		}, parmap.Serial, parmap.Record(&s), parmap.CollectErrors) {
		}
		adds(t, &s)
		assert.Equal(t, n, s.Chunks)
		assert.Less(t, len(s.Spans), 1<<14+3)
		assert.Greater(t, len(s.Spans), 1<<12)
		assert.Equal(t, 77_777, s.Slowest(1)[0].Lo)
		assert.Equal(t, 2, errorsIn(&s, errBoom))
		for k, v := range s.Spans[:len(s.Spans)-1] { // in all of its time, evenly
			require.Less(t, s.Spans[k+1].Lo-v.Lo, 40)
		}
	})
}

// TestStatsKeepsWhatItCan holds that of as many spans as are kept none is left out.
func TestStatsKeepsWhatItCan(t *testing.T) {
	var s parmap.Stats
	for more := range 3 {
		parmap.For(1<<14+more, func(int) {}, parmap.Workers(1), parmap.Grain(1), parmap.Dynamic, parmap.Record(&s))
		adds(t, &s)
		assert.Equal(t, more > 0, s.Dropped > 0, "%d dropped of %d", s.Dropped, s.Chunks)
	}
}

// TestStatsString holds what a person is told.
func TestStatsString(t *testing.T) {
	const ms = time.Millisecond
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	worker := func(chunks int, startUp, busy, wall time.Duration) parmap.WorkerStats {
		return parmap.WorkerStats{Chunks: chunks, StartUp: startUp, Busy: busy, Wait: wall - startUp - busy}
	}
	for _, tt := range []struct {
		want  string
		stats parmap.Stats
	}{
		{"0s on 0 workers", parmap.Stats{}},
		{"1s on 1 worker, 90% busy; 1 chunk", parmap.Stats{Wall: 1000 * ms, Workers: 1, Chunks: 1,
			ByWorker: []parmap.WorkerStats{worker(1, 0, 900*ms, 1000*ms)}, Spans: []parmap.Span{{Hi: 4, End: 900 * ms}}}},
		{"2.35s on 2 workers, 96% busy; 90 chunks, the slowest [512,528) 188ms, 8% of the run; 1 unfinished attempt; 1 crash; 2 retries",
			parmap.Stats{Wall: 2345678 * time.Microsecond, Workers: 2, Chunks: 90, Crashes: 1, Retries: 2,
				ByWorker: []parmap.WorkerStats{worker(50, 0, 2300*ms, 2345678*time.Microsecond), worker(40, ms, 2200*ms, 2345678*time.Microsecond)},
				Spans:    []parmap.Span{{Lo: 512, Hi: 528, End: 187654 * time.Microsecond}, {Lo: 3, Hi: 4, End: ms, Err: errBoom}}}},
		{"4µs on 2 workers, 50% busy; 2 chunks, the slowest [0,8) 3µs, 75% of the run\nran in the caller: 4µs of work, and helpers that sleep are called for 100µs or more",
			parmap.Stats{Wall: 4 * time.Microsecond, Workers: 2, Chunks: 2,
				ByWorker: []parmap.WorkerStats{worker(2, 0, 4*time.Microsecond, 4*time.Microsecond), {Wait: 4 * time.Microsecond}},
				Spans:    []parmap.Span{{Hi: 8, End: 3 * time.Microsecond}, {Lo: 8, Hi: 10, Start: 3 * time.Microsecond, End: 4 * time.Microsecond}}}},
		{"100ms on 2 workers, 65% busy; 9 chunks, the slowest [16,32) 61ms, 61% of the run\nchunk [16,32) is 61% of the run: try Dynamic with a small Grain",
			parmap.Stats{Wall: 100 * ms, Workers: 2, Chunks: 9, ByWorker: []parmap.WorkerStats{worker(7, 0, 30*ms, 100*ms), worker(2, 0, 100*ms, 100*ms)},
				Spans: []parmap.Span{{Hi: 16, Worker: 1, End: 39 * ms}, {Lo: 32, Hi: 40, Start: 39 * ms, End: 69 * ms}, {Lo: 16, Hi: 32, Worker: 1, Start: 39 * ms, End: 100 * ms}}}},
		{"100ms on 2 workers, 65% busy; 9 chunks, the slowest [16,17) 61ms, 61% of the run\nindex 16 alone is 61% of the run: share the work in its body, or begin with it",
			parmap.Stats{Wall: 100 * ms, Workers: 2, Chunks: 9, ByWorker: []parmap.WorkerStats{worker(7, 0, 30*ms, 100*ms), worker(2, 0, 100*ms, 100*ms)},
				Spans: []parmap.Span{{Hi: 16, Worker: 1, End: 39 * ms}, {Lo: 32, Hi: 40, Start: 39 * ms, End: 69 * ms}, {Lo: 16, Hi: 17, Worker: 1, Start: 39 * ms, End: 100 * ms}}}},
		{"100ms on 2 workers, 90% busy; 9 chunks, the slowest [16,32) 61ms, 61% of the run", // busy enough
			parmap.Stats{Wall: 100 * ms, Workers: 2, Chunks: 9, ByWorker: []parmap.WorkerStats{worker(7, 0, 80*ms, 100*ms), worker(2, 0, 100*ms, 100*ms)},
				Spans: []parmap.Span{{Hi: 16, Worker: 1, End: 39 * ms}, {Lo: 32, Hi: 40, Start: 39 * ms, End: 69 * ms}, {Lo: 16, Hi: 32, Worker: 1, Start: 39 * ms, End: 100 * ms}}}},
		{"100ms on 2 workers, 65% busy; 9 chunks, the slowest [16,32) 61ms, 61% of the run; 1 unfinished attempt", // who knows what else was to come
			parmap.Stats{Wall: 100 * ms, Workers: 2, Chunks: 9, ByWorker: []parmap.WorkerStats{worker(7, 0, 30*ms, 100*ms), worker(2, 0, 100*ms, 100*ms)},
				Spans: []parmap.Span{{Hi: 16, Worker: 1, End: 39 * ms}, {Lo: 32, Hi: 40, Start: 39 * ms, End: 69 * ms}, {Lo: 16, Hi: 32, Worker: 1, Start: 39 * ms, End: 100 * ms, Err: errBoom}}}},
		{"100ms on 3 workers, 43% busy; 9 chunks, the slowest [16,32) 61ms, 61% of the run", // more than processors
			parmap.Stats{Wall: 100 * ms, Workers: 3, Chunks: 9, ByWorker: []parmap.WorkerStats{worker(7, 0, 30*ms, 100*ms), worker(2, 0, 100*ms, 100*ms), {Wait: 100 * ms}},
				Spans: []parmap.Span{{Hi: 16, Worker: 1, End: 39 * ms}, {Lo: 32, Hi: 40, Start: 39 * ms, End: 69 * ms}, {Lo: 16, Hi: 32, Worker: 1, Start: 39 * ms, End: 100 * ms}}}},
		{"100ms on 2 workers, 70% busy; 9 chunks, the slowest [16,32) 61ms, 61% of the run", // nobody waited for it
			parmap.Stats{Wall: 100 * ms, Workers: 2, Chunks: 9, ByWorker: []parmap.WorkerStats{worker(8, 0, 79*ms, 100*ms), worker(1, 0, 61*ms, 100*ms)},
				Spans: []parmap.Span{{Lo: 16, Hi: 32, Worker: 1, End: 61 * ms}, {Hi: 16, Start: 21 * ms, End: 40 * ms}}}},
		{"100ms on 2 workers, 50% busy; 2 chunks, the slowest [16,32) 61ms, 61% of the run", // the other was busy elsewhere
			parmap.Stats{Wall: 100 * ms, Workers: 2, Chunks: 2, ByWorker: []parmap.WorkerStats{worker(2, 0, 100*ms, 100*ms), {Wait: 100 * ms}},
				Spans: []parmap.Span{{Hi: 16, End: 39 * ms}, {Lo: 16, Hi: 32, Start: 39 * ms, End: 100 * ms}}}},
		{"100ms on 2 workers, 75% busy; 20 chunks, the slowest [0,1) 5ms, 5% of the run\nworker 1 began after 50% of the run, 50ms",
			parmap.Stats{Wall: 100 * ms, Workers: 2, Chunks: 20, ByWorker: []parmap.WorkerStats{worker(10, 0, 100*ms, 100*ms), worker(10, 50*ms, 50*ms, 100*ms)},
				Spans: []parmap.Span{{Hi: 1, End: 5 * ms}}}},
		{"4µs on 2 workers, 38% busy; 2 chunks, the slowest [0,1) 1.5µs, 38% of the run", // too short for that
			parmap.Stats{Wall: 4 * time.Microsecond, Workers: 2, Chunks: 2,
				ByWorker: []parmap.WorkerStats{worker(1, 0, 1500, 4*time.Microsecond), worker(1, 2500, 1500, 4*time.Microsecond)},
				Spans:    []parmap.Span{{Hi: 1, End: 1500}, {Worker: 1, Lo: 1, Hi: 2, Start: 2500, End: 4000}}}},
		{"1ms on 2 workers, 10% busy; 2000 chunks, the slowest [0,1) 1µs, 0% of the run\nchunks of 100ns: handing out one costs as much; raise Grain",
			parmap.Stats{Wall: ms, Workers: 2, Chunks: 2000, ByWorker: []parmap.WorkerStats{worker(1000, 0, 100*time.Microsecond, ms), worker(1000, 0, 100*time.Microsecond, ms)},
				Spans: []parmap.Span{{Hi: 1, End: time.Microsecond}}}},
	} {
		parmap.Advise(&tt.stats)
		assert.Equal(t, tt.want, tt.stats.String())
	}
}
