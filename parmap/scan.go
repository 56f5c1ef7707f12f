package parmap

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/internal/sched"
)

// scanMost bounds the number of chunks that Scan cuts, and so the memory for
// their counters. It is part of what Scan computes and never changes.
const scanMost = 1 << 20

// Scan sets dst[i] to the combination of in[0] to in[i], for each i: the
// cumulative sum if combine adds, the largest so far if it returns the larger.
// dst and in may be the same slice; otherwise they must not overlap.
//
// Combine must be associative for the result to be that of a loop; it need not
// commute, as a is always of lower indices than b. It is called on several
// goroutines at once, and twice for most elements. Both arguments stay in dst
// or in, or go into further calls: combine must not change them, nor memory that
// they refer to, as append(a, b...) does where a has room. What it returns may
// refer to the memory of both.
//
// The result has the same bits for any number of workers and any schedule. It
// is that of three loops over the chunks of a grid, which depends on the length
// n and on Grain alone. The first loop scans each chunk by itself, from its
// first element to its last. The second makes prefixes, in ascending order: the
// first chunk's is what its last element has become, any other's the
// combination of the prefix before it with that. The third sets each element of
// a chunk to the combination of the prefix before it with the element. The chunks
// have sqrt(n) elements, rounded up; with a Grain, Grain elements (or more, so
// that there are not above 1<<20 chunks). The last one may be shorter.
//
// So a floating-point sum has other last bits than a plain loop's, as a rule
// better ones: an element is rounded at most 2*sqrt(n) times, not n. What holds
// for the loop holds here too: sums of numbers that are not negative never fall.
// A Grain of n gives the loop's bits, and its time.
//
// The second call is the price. On w workers Scan is at best w/2 times as fast as
// a loop of one call each, on two no faster, and under [Serial] it takes
// twice the time. For float64 additions the calls cost more than the additions:
// a loop without calls is as fast as three or four workers, at any n (BenchmarkScan).
//
// Chunks are handed out in ascending order, whatever the schedule. Scan panics
// if combine is nil or the lengths differ, and with a [*PanicError] if combine
// panics; there is no telling then what dst holds.
func Scan[T any](dst, in []T, combine func(a, b T) T, opts ...Option) {
	var none T
	scan(dst, in, none, false, combine, opts)
}

// ScanExclusive sets dst[i] to the combination of init and in[0] to in[i-1], so
// dst[0] to init, and returns that of init and all of in. From the lengths of
// rows, say, it makes their offsets, and the length of all.
//
// Otherwise it is as [Scan], with init as the prefix before the first chunk. If
// combine(init, x) is always x, dst[i+1] has the bits of Scan's dst[i], and the
// total those of its last.
func ScanExclusive[T any](dst, in []T, init T, combine func(a, b T) T, opts ...Option) (total T) {
	return scan(dst, in, init, true, combine, opts)
}

func scan[T any](dst, in []T, init T, exclusive bool, combine func(a, b T) T, opts []Option) T {
	if combine == nil {
		panic("parmap: nil function")
	}
	if len(dst) != len(in) {
		panic("parmap: slices of different lengths")
	}
	c := configure(opts)
	if c.empty(len(in)) {
		return init
	}
	r := newRegion()
	b := stored[scanBody[T]](r)
	b.dst, b.in, b.combine = dst, in, combine
	b.front, b.exclusive = init, exclusive
	b.start(r, &c)
	r.body = b
	r.run(2*b.grid.Len(), c)
	total := b.front
	var none T
	b.dst, b.in, b.combine, b.front = nil, nil, nil, none
	r.release()
	return total
}

// scanGrid cuts [0, n), n > 0. It is frozen, see scanMost.
//
// Prefixes are made one after the other, and so are the elements of a chunk: the
// longest way through both is shortest with as many chunks as elements in each.
func scanGrid(n, grain int) chunk.Grid {
	if grain == 0 {
		// The least that has grain*grain >= n, but without a product, which may overflow.
		grain = max(1, int(math.Sqrt(float64(n)))-1)
		for (n-1)/grain >= grain {
			grain++
		}
	}
	return chunk.BySize(n, max(grain, (n-1)/scanMost+1))
}

// A scanBody runs a scan as cells, two for each chunk. The first scans the chunk,
// the second shifts it: combines the prefix before it with its elements. All
// first cells come before all second ones, and are claimed in ascending order: so
// who has a second cell knows that each first one has ended or is being run, and
// may wait for it.
//
// Chunk k is passed, which makes the prefix after it, when it has been scanned
// and the prefix before it is there. arrived[k] counts these two; who brings the
// second passes the chunk, alone, and what the other wrote is seen by way of the
// counter. So the chunks are passed one after the other, while later ones are
// still scanned.
//
// The prefix after a chunk is kept in its last element, where it belongs. An
// exclusive scan has that of the last chunk passed in front; a chunk's total is
// in its first element until it is passed, then the prefix before it, which
// belongs there.
//
// Nobody waits if there is one worker. Then scanning is left alone: a
// testing/synctest bubble in which it is used would keep it, and other regions
// use it later.
type scanBody[T any] struct {
	dst, in   []T
	combine   func(a, b T) T
	exclusive bool
	grid      chunk.Grid
	inTurn    bool            // there is one worker: it shifts each chunk when it has scanned it
	spins     bool            // who waits spins first
	arrived   []atomic.Uint32 // by chunk; 0 between two uses
	passed    atomic.Int64    // how many chunks are; written by who passes
	front     T               // likewise
	scanning  sync.WaitGroup  // first cells that have not ended, be it by a panic
}

// start readies b, which has its arguments, for r and c, and c for b's cells.
func (b *scanBody[T]) start(r *region, c *config) {
	b.grid = scanGrid(len(b.in), c.grain)
	count := b.grid.Len()
	c.workers = r.most(count, *c)
	b.inTurn, b.spins = c.workers == 1, r.procs > 1
	c.schedule, c.grain, c.total = sched.Dynamic, 1, len(b.in)
	if b.inTurn {
		c.schedule = sched.Serial
	} else {
		b.scanning.Add(count)
	}
	if len(b.arrived) < count {
		b.arrived = make([]atomic.Uint32, count)
	}
	b.arrived[0].Store(1) // nothing is before it
	b.passed.Store(0)
}

func (b *scanBody[T]) chunk(_, lo, hi int) (done int, err error) {
	for cell := lo; cell < hi; cell++ {
		k, second := cell%b.grid.Len(), cell >= b.grid.Len()
		if b.inTurn {
			k, second = cell/2, cell%2 == 1
		}
		if !second {
			b.scan(k)
		} else if b.await(k) {
			b.shift(k)
			done += b.grid.At(k).Len()
		}
	}
	return done, nil
}

// place returns the elements of cells: spans of the first cells, and of the second ones,
// each tile [0, n).
func (b *scanBody[T]) place(lo, hi int) (int, int) {
	count := b.grid.Len()
	if b.inTurn {
		lo, hi = lo/2, (hi+1)/2
	} else if lo >= count {
		lo, hi = lo-count, hi-count
	}
	return b.grid.At(lo).Lo, b.grid.At(hi - 1).Hi
}

// scan scans chunk k, and passes what can be.
func (b *scanBody[T]) scan(k int) {
	if !b.inTurn {
		defer b.scanning.Done()
	}
	cell := b.grid.At(k)
	dst, in := b.dst[cell.Lo:cell.Hi], b.in[cell.Lo:cell.Hi]
	if b.exclusive {
		dst[0] = scanBefore(dst, in, b.combine)
	} else {
		scanUpTo(dst, in, b.combine)
	}
	for b.arrived[k].Add(1) == 2 {
		b.arrived[k].Store(0)
		b.pass(k)
		k++
		b.passed.Store(int64(k))
		if k == b.grid.Len() {
			break
		}
	}
}

// pass makes the prefix after chunk k.
func (b *scanBody[T]) pass(k int) {
	cell := b.grid.At(k)
	if b.exclusive {
		total := b.dst[cell.Lo]
		b.dst[cell.Lo] = b.front
		b.front = b.combine(b.front, total)
	} else if k > 0 {
		b.dst[cell.Hi-1] = b.combine(b.dst[cell.Lo-1], b.dst[cell.Hi-1])
	}
}

// shift combines the prefix before chunk k with the rest of its elements.
func (b *scanBody[T]) shift(k int) {
	cell := b.grid.At(k)
	if b.exclusive {
		shiftBy(b.dst[cell.Lo], b.dst[cell.Lo+1:cell.Hi], b.combine)
	} else if k > 0 {
		shiftBy(b.dst[cell.Lo-1], b.dst[cell.Lo:cell.Hi-1], b.combine)
	}
}

// await returns when chunk k has been passed. It returns false if it will not be,
// because a first cell ended by a panic or a Goexit, as the run then does.
func (b *scanBody[T]) await(k int) bool {
	if b.passed.Load() > int64(k) {
		return true
	}
	if b.spins {
		for end := time.Now().Add(awaitSpin); time.Now().Before(end); {
			for range looks {
				if b.passed.Load() > int64(k) {
					return true
				}
			}
		}
	}
	b.scanning.Wait()
	return b.passed.Load() > int64(k)
}

// The three loops are unrolled because of what for.go says of its own: by fours,
// a Serial scan of 100,000 numbers takes 2.8 ns for each, one by one 3.3
// (BenchmarkScan).

// scanUpTo sets dst[i] to the combination of in[0] to in[i].
func scanUpTo[T any](dst, in []T, combine func(a, b T) T) {
	sum := in[0]
	dst[0] = sum
	i := 1
	for ; len(in)-i >= 4; i += 4 {
		d, v := dst[i:i+4:i+4], in[i:i+4:i+4]
		sum = combine(sum, v[0])
		d[0] = sum
		sum = combine(sum, v[1])
		d[1] = sum
		sum = combine(sum, v[2])
		d[2] = sum
		sum = combine(sum, v[3])
		d[3] = sum
	}
	for ; i < len(in); i++ {
		sum = combine(sum, in[i])
		dst[i] = sum
	}
}

// scanBefore sets dst[i] to the combination of in[0] to in[i-1], but for dst[0],
// and returns that of all of in.
func scanBefore[T any](dst, in []T, combine func(a, b T) T) (sum T) {
	sum = in[0]
	i := 1
	for ; len(in)-i >= 4; i += 4 {
		d, v := dst[i:i+4:i+4], in[i:i+4:i+4]
		next := v[0] // which can be d[0]
		d[0] = sum
		sum = combine(sum, next)
		next = v[1]
		d[1] = sum
		sum = combine(sum, next)
		next = v[2]
		d[2] = sum
		sum = combine(sum, next)
		next = v[3]
		d[3] = sum
		sum = combine(sum, next)
	}
	for ; i < len(in); i++ {
		next := in[i]
		dst[i] = sum
		sum = combine(sum, next)
	}
	return sum
}

// shiftBy sets each element of dst to the combination of before with it.
func shiftBy[T any](before T, dst []T, combine func(a, b T) T) {
	i := 0
	for ; len(dst)-i >= 4; i += 4 {
		d := dst[i : i+4 : i+4]
		d[0] = combine(before, d[0])
		d[1] = combine(before, d[1])
		d[2] = combine(before, d[2])
		d[3] = combine(before, d[3])
	}
	for ; i < len(dst); i++ {
		dst[i] = combine(before, dst[i])
	}
}
