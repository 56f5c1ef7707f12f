package parmap_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
)

var schedules = []parmap.Schedule{parmap.Auto, parmap.Static, parmap.Dynamic, parmap.Guided, parmap.Serial}

var bg = context.Background()

// value is what the tests compute at index i.
func value(i int) float64 { return float64(i)*0.5 + 1 }

// verbs fill got[i] by adding value(i), so that an index that runs twice shows,
// each by its own means.
var verbs = []struct {
	name string
	fill func(got []float64, opts []parmap.Option) error
}{
	{"For", func(got []float64, opts []parmap.Option) error {
		parmap.For(len(got), func(i int) { got[i] += value(i) }, opts...)
		return nil
	}},
	{"ForRange", func(got []float64, opts []parmap.Option) error {
		parmap.ForRange(len(got), func(lo, hi int) { add(got, lo, hi) }, opts...)
		return nil
	}},
	{"ForTile", func(got []float64, opts []parmap.Option) error {
		// The plane is cols wide; its last row may be short.
		const cols = 300
		rows := (len(got) + cols - 1) / cols
		parmap.ForTile(rows, min(cols, len(got)), func(t chunk.Tile) {
			for r := t.Rows.Lo; r < t.Rows.Hi; r++ {
				add(got, min(r*cols+t.Cols.Lo, len(got)), min(r*cols+t.Cols.Hi, len(got)))
			}
		}, opts...)
		return nil
	}},
	{"ForRows", func(got []float64, opts []parmap.Option) error {
		m := &mat.Dense{}
		if len(got) > 0 {
			m = mat.NewDense(len(got), 1, got)
		}
		parmap.ForRows(m, func(i int, row []float64) { row[0] += value(i) }, opts...)
		return nil
	}},
	{"ForLocal", func(got []float64, opts []parmap.Option) error {
		parmap.ForLocal(len(got), func() []float64 { return make([]float64, 1) }, func(one []float64, lo, hi int) {
			for i := lo; i < hi; i++ {
				one[0] = value(i)
				got[i] += one[0]
			}
		}, opts...)
		return nil
	}},
	{"ForErr", func(got []float64, opts []parmap.Option) error {
		return parmap.ForErr(bg, len(got), func(_ context.Context, i int) error {
			got[i] += value(i)
			return nil
		}, opts...)
	}},
	{"ForRangeErr", func(got []float64, opts []parmap.Option) error {
		return parmap.ForRangeErr(bg, len(got), func(_ context.Context, lo, hi int) error {
			add(got, lo, hi)
			return nil
		}, opts...)
	}},
	{"Map", func(got []float64, opts []parmap.Option) error {
		copy(got, parmap.Map(indices(len(got)), value, opts...))
		return nil
	}},
	{"MapInto", func(got []float64, opts []parmap.Option) error {
		parmap.MapInto(got, indices(len(got)), value, opts...)
		return nil
	}},
	{"Map2", func(got []float64, opts []parmap.Option) error {
		in := indices(len(got))
		copy(got, parmap.Map2(in, in, func(a, b int) float64 { return value(a/2 + (b+1)/2) }, opts...))
		return nil
	}},
	{"MapErr", func(got []float64, opts []parmap.Option) error {
		out, err := parmap.MapErr(bg, indices(len(got)), func(_ context.Context, i int) (float64, error) { return value(i), nil }, opts...)
		copy(got, out)
		return err
	}},
	{"Kernel.Run", func(got []float64, opts []parmap.Option) error {
		return addNumbers.Run(bg, len(got), numbersArgs{&heapRows{got}}, runOptions(opts)...)
	}},
	{"Func.Map", func(got []float64, opts []parmap.Option) error {
		out, err := valueOf.Map(bg, indices(len(got)), runOptions(opts)...)
		copy(got, out)
		return err
	}},
	{"Stream", func(got []float64, opts []parmap.Option) error {
		i := 0
		for v, err := range parmap.Stream(bg, slices.Values(indices(len(got))), stream1, opts...) {
			if err != nil {
				return err
			}
			got[i] += v
			i++
		}
		return nil
	}},
	{"Stream unordered", func(got []float64, opts []parmap.Option) error {
		opts = append(slices.Clone(opts), parmap.Unordered)
		for v, err := range parmap.Stream(bg, slices.Values(indices(len(got))), stream1, opts...) {
			if err != nil {
				return err
			}
			got[int((v-1)*2)] += v
		}
		return nil
	}},
	{"Scan", func(got []float64, opts []parmap.Option) error {
		all := slices.Repeat([]int{1}, len(got))
		parmap.Scan(all, all, func(a, b int) int { return a + b }, opts...)
		for k, i := range all {
			got[i-1] += value(i - 1)
			all[k]--
		}
		return inOrder(all)
	}},
	{"ScanExclusive", func(got []float64, opts []parmap.Option) error {
		all := slices.Repeat([]int{1}, len(got))
		parmap.ScanExclusive(all, all, 0, func(a, b int) int { return a + b }, opts...)
		for _, i := range all {
			got[i] += value(i)
		}
		return inOrder(all)
	}},
	{"Reduce", func(got []float64, opts []parmap.Option) error {
		all := parmap.Reduce(len(got), list, concat, opts...)
		for _, i := range all {
			got[i] += value(i)
		}
		return inOrder(all)
	}},
	{"ReduceErr", func(got []float64, opts []parmap.Option) error {
		all, err := parmap.ReduceErr(bg, len(got), func(_ context.Context, lo, hi int) ([]int, error) { return list(lo, hi), nil }, concat, opts...)
		for _, i := range all {
			got[i] += value(i)
		}
		if err != nil {
			return err
		}
		return inOrder(all)
	}},
}

func add(got []float64, lo, hi int) {
	for i := lo; i < hi; i++ {
		got[i] += value(i)
	}
}

func stream1(_ context.Context, i int) (float64, error) { return value(i), nil }

func indices(n int) []int { return list(0, n) }

func list(lo, hi int) []int {
	l := make([]int, hi-lo)
	for i := range l {
		l[i] = lo + i
	}
	return l
}

// concat does not commute: it shows whether neighbours met in order.
func concat(a, b []int) []int { return append(a, b...) }

func inOrder(all []int) error {
	for k, i := range all {
		if i != k {
			return fmt.Errorf("place %d of the reduction has %d", k, i)
		}
	}
	return nil
}

// TestVerbs holds every verb, under every schedule and number of workers,
// against the sequential loop.
func TestVerbs(t *testing.T) {
	sizes := []int{0, 1, 2, 7, 1000, 1 << 20}
	if raced {
		sizes[len(sizes)-1] = 1 << 16 // it would take four minutes
	}
	long := sizes[len(sizes)-1]
	want := make([]float64, slices.Max(sizes))
	add(want, 0, len(want))
	got := make([]float64, len(want))
	for _, verb := range verbs {
		t.Run(verb.name, func(t *testing.T) {
			for _, s := range schedules {
				for _, w := range []int{1, 2, 3, 8, 64} {
					for _, n := range sizes {
						if n == long && strings.HasPrefix(verb.name, "Stream") {
							n /= 16 // items are handed over one by one
						}
						got := got[:n]
						clear(got)
						err := verb.fill(got, []parmap.Option{s, parmap.Workers(w)})
						assert.NoError(t, err, "%v, %d workers, n = %d", s, w, n)
						if !slices.Equal(want[:n], got) {
							t.Fatalf("%v, %d workers, n = %d: not as the sequential loop", s, w, n)
						}
					}
				}
			}
		})
	}
}

// TestGrain asserts that Grain is the smallest chunk, but for one, under every
// schedule, and that the chunks tile the range.
func TestGrain(t *testing.T) {
	for _, s := range schedules {
		for _, n := range []int{1, 9, 10, 11, 1000, 1003} {
			var mu sync.Mutex
			var chunks []chunk.Range
			parmap.ForRange(n, func(lo, hi int) {
				mu.Lock()
				defer mu.Unlock()
				chunks = append(chunks, chunk.Range{Lo: lo, Hi: hi})
			}, s, parmap.Workers(3), parmap.Grain(10))
			assertTiles(t, n, chunks)
			short := 0
			for _, c := range chunks {
				if c.Len() < 10 {
					short++
				}
			}
			assert.LessOrEqual(t, short, 1, "%v, n = %d: %v", s, n, chunks)
		}
	}
}

func assertTiles(t *testing.T, n int, chunks []chunk.Range) {
	t.Helper()
	slices.SortFunc(chunks, func(a, b chunk.Range) int { return a.Lo - b.Lo })
	at := 0
	for _, c := range chunks {
		if c.Lo != at || c.Hi <= c.Lo {
			t.Fatalf("chunk [%d,%d) where %d is next", c.Lo, c.Hi, at)
		}
		at = c.Hi
	}
	assert.Equal(t, n, at, "end of the last chunk")
}

// TestHuge asserts that chunks tile [0, n) where the next index would overflow.
func TestHuge(t *testing.T) {
	for _, s := range schedules {
		for _, n := range []int{math.MaxInt, math.MaxInt - 1, math.MaxInt/2 + 2} {
			for _, w := range []int{1, 2, 3, 64} {
				for _, g := range []int{0, 1, math.MaxInt/1000 + 1, math.MaxInt} {
					if s == parmap.Dynamic && g == 1 {
						continue // a billion chunks, as asked for
					}
					var mu sync.Mutex
					var chunks []chunk.Range
					parmap.ForRange(n, func(lo, hi int) {
						mu.Lock()
						defer mu.Unlock()
						chunks = append(chunks, chunk.Range{Lo: lo, Hi: hi})
					}, s, parmap.Workers(w), parmap.Grain(g))
					assertTiles(t, n, chunks)
				}
			}
		}
	}
	n := parmap.Reduce(math.MaxInt, func(lo, hi int) int { return hi - lo }, func(a, b int) int { return a + b })
	assert.Equal(t, math.MaxInt, n)
	n = parmap.Reduce(math.MaxInt, func(lo, hi int) int { return hi - lo }, func(a, b int) int { return a + b }, parmap.Grain(1))
	assert.Equal(t, math.MaxInt, n)
}

// TestStaticIsEven asserts that Static hands out one even block a worker.
func TestStaticIsEven(t *testing.T) {
	for _, w := range []int{1, 2, 3, 8} {
		var mu sync.Mutex
		var chunks []chunk.Range
		parmap.ForRange(1000, func(lo, hi int) {
			mu.Lock()
			defer mu.Unlock()
			chunks = append(chunks, chunk.Range{Lo: lo, Hi: hi})
		}, parmap.Static, parmap.Workers(w))
		assertTiles(t, 1000, chunks)
		require.Len(t, chunks, w)
		for k, c := range chunk.ByCount(1000, w).All() {
			assert.Equal(t, c, chunks[k])
		}
	}
}

// TestSerialIsInOrder asserts that Serial and Workers(1) stay in the caller's
// goroutine, in ascending order.
func TestSerialIsInOrder(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, o := range []parmap.Option{parmap.Serial, parmap.Workers(1)} {
		var order []int // without a lock: the race detector watches
		parmap.For(1000, func(i int) { order = append(order, i) }, o)
		assert.NoError(t, inOrder(order))
		for v := range parmap.Stream(bg, slices.Values(indices(100)), func(_ context.Context, i int) (int, error) {
			order = append(order, i)
			return i, nil
		}, o) {
			assert.Equal(t, v, order[len(order)-1], "an item is yielded before the next is taken")
		}
		assert.LessOrEqual(t, runtime.NumGoroutine(), before)
	}
}

// TestForLocal asserts that each worker gets one local, and nobody another's.
func TestForLocal(t *testing.T) {
	for _, w := range []int{1, 2, 8} {
		var mu sync.Mutex
		made := 0
		type scratch struct{ inUse bool }
		parmap.ForLocal(10000, func() *scratch {
			mu.Lock()
			defer mu.Unlock()
			made++
			return &scratch{}
		}, func(s *scratch, lo, hi int) {
			if s.inUse {
				t.Error("two bodies share a local")
			}
			s.inUse = true
			runtime.Gosched()
			s.inUse = false
		}, parmap.Workers(w), parmap.Dynamic, parmap.Grain(7))
		assert.Positive(t, made)
		assert.LessOrEqual(t, made, w)
	}
}

// TestForLocalBeginsAnew holds that a call has nothing of the one before, whose
// region it may have.
func TestForLocalBeginsAnew(t *testing.T) {
	for k := range 20 {
		parmap.ForLocal(100, func() *int { return &k }, func(local *int, lo, hi int) {
			if local != &k {
				t.Error("a local of another call")
			}
		}, parmap.Workers(1+k%3))
	}
}

func TestTileEdges(t *testing.T) {
	for _, tt := range []struct{ rows, cols, edge int }{{7, 5, 1}, {7, 5, 3}, {100, 1, 10}, {64, 64, 0}, {1000, 3, 0}, {1, 1, 0}} {
		seen := make([]int, tt.rows*tt.cols)
		var mu sync.Mutex
		parmap.ForTile(tt.rows, tt.cols, func(tile chunk.Tile) {
			mu.Lock()
			defer mu.Unlock()
			if tt.edge > 0 {
				assert.LessOrEqual(t, max(tile.Rows.Len(), tile.Cols.Len()), tt.edge)
			}
			for r := tile.Rows.Lo; r < tile.Rows.Hi; r++ {
				for c := tile.Cols.Lo; c < tile.Cols.Hi; c++ {
					seen[r*tt.cols+c]++
				}
			}
		}, parmap.Grain(tt.edge), parmap.Workers(3))
		assert.Equal(t, slices.Repeat([]int{1}, len(seen)), seen)
	}
	for want, size := range map[int][2]int{256: {256, 256}, 1024: {2048, 2048}, 13: {100, 8}, 1: {8, 8}} {
		var tiles atomic.Int32
		parmap.ForTile(size[0], size[1], func(chunk.Tile) { tiles.Add(1) })
		assert.EqualValues(t, want, tiles.Load(), "tiles of %v", size)
	}
	parmap.ForTile(0, 5, func(chunk.Tile) { t.Error("a tile of nothing") })
	parmap.ForTile(5, 0, func(chunk.Tile) { t.Error("a tile of nothing") })
}

// TestBadArguments asserts that a caller's bug panics before any body runs.
func TestBadArguments(t *testing.T) {
	never := func(int) { t.Error("a body ran") }
	square := func(i int) int { return i * i }
	same := func(_ context.Context, i int) (int, error) { return i, nil }
	sum := func(a, b int) int { return a + b }
	for want, f := range map[string]func(){
		"parmap: negative n":                  func() { parmap.For(-1, never) },
		"parmap: nil body":                    func() { parmap.For(1, nil) },
		"parmap: negative workers":            func() { parmap.For(1, never, parmap.Workers(-1)) },
		"parmap: negative grain":              func() { parmap.For(1, never, parmap.Grain(-1)) },
		"parmap: negative window":             func() { parmap.For(1, never, parmap.Window(-1)) },
		"parmap: unknown schedule":            func() { parmap.For(1, never, parmap.Schedule(9)) },
		"parmap: unknown mode":                func() { parmap.For(1, never, parmap.Mode(9)) },
		"parmap: nil option":                  func() { parmap.For(1, never, nil) },
		"parmap: nil matrix":                  func() { parmap.ForRows(nil, func(int, []float64) {}) },
		"parmap: nil context":                 func() { _ = parmap.ForErr(nil, 1, func(context.Context, int) error { return nil }) }, //lint:ignore SA1012 the point
		"parmap: slices of different lengths": func() { parmap.Map2([]int{1}, nil, sum) },
		"parmap: nil function":                func() { parmap.Map([]int{1}, (func(int) int)(nil)) },
		"parmap: nil sequence":                func() { parmap.Stream(bg, nil, same) },
	} {
		assert.PanicsWithValue(t, want, f)
	}
	assert.PanicsWithValue(t, "parmap: negative n", func() { parmap.ForRange(-1, func(int, int) {}) })
	assert.PanicsWithValue(t, "parmap: negative n", func() { parmap.ForTile(-1, 1, func(chunk.Tile) {}) })
	assert.PanicsWithValue(t, "parmap: negative n", func() { parmap.ForLocal(-1, func() int { return 0 }, func(int, int, int) {}) })
	assert.PanicsWithValue(t, "parmap: negative n", func() { parmap.Reduce(-1, func(lo, hi int) int { return 0 }, sum) })
	assert.PanicsWithValue(t, "parmap: slices of different lengths", func() { parmap.MapInto(make([]int, 2), []int{1}, square) })
}

// TestLaterOptionWins also holds that options print and compare.
func TestLaterOptionWins(t *testing.T) {
	var order []int
	parmap.For(100, func(i int) { order = append(order, i) }, parmap.Workers(8), parmap.Workers(1))
	assert.NoError(t, inOrder(order))
	assert.Equal(t, "[8 Guided 16 CollectErrors 4 Unordered]", fmt.Sprint([]parmap.Option{
		parmap.Workers(8), parmap.Guided, parmap.Grain(16), parmap.CollectErrors, parmap.Window(4), parmap.Unordered}))
	assert.True(t, parmap.Option(parmap.Workers(2)) == parmap.Option(parmap.Workers(2)))
}

// TestKeepsNothing holds that a call that is over keeps nothing of its user's
// alive: one collection frees it.
func TestKeepsNothing(t *testing.T) {
	type big struct{ x [1 << 16]int }
	for name, call := range map[string]func(b *big){
		"For":      func(b *big) { parmap.For(100, func(i int) { b.x[i] = i }) },
		"ForLocal": func(b *big) { parmap.ForLocal(100, func() *big { return b }, func(*big, int, int) {}) },
		"MapInto":  func(b *big) { parmap.MapInto(b.x[:100], b.x[100:200], func(i int) int { return i }) },
		"Map2":     func(b *big) { parmap.Map2(b.x[:100], b.x[100:200], func(i, _ int) int { return i }) },
		"Reduce": func(b *big) {
			parmap.Reduce(100, func(lo, hi int) *big { return b }, func(a, b *big) *big { return b })
		},
		"Stream": func(b *big) {
			for range parmap.Stream(bg, slices.Values(b.x[:100]), func(context.Context, int) (*big, error) { return b, nil }) {
			}
		},
	} {
		freed := make(chan struct{})
		func() {
			b := new(big)
			runtime.AddCleanup(b, func(c chan struct{}) { close(c) }, freed)
			call(b)
		}()
		runtime.GC()
		select {
		case <-freed:
		case <-time.After(5 * time.Second):
			t.Errorf("%s keeps what it worked on", name)
		}
	}
}
