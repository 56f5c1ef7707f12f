package parmap

import (
	"context"
	"sync/atomic"

	"github.com/parfor-go/parfor/chunk"
)

const (
	// reduceChunks is the number of chunks that Reduce cuts by default. It is
	// part of what Reduce computes and never changes: other chunks, other last
	// bits. 512 keep 64 workers busy to within an eighth of their share.
	reduceChunks = 512

	// reduceMost bounds the number of chunks with a Grain, and so the memory
	// for partial results. It never changes either.
	reduceMost = 1 << 20
)

// Reduce returns the combination of part(lo, hi) over ranges [lo, hi) that
// tile [0, n), or the zero T for n == 0.
//
// The result has the same bits for any number of workers and any schedule: the
// ranges are the chunks of a grid that depends on n and Grain alone, and they
// are combined two by two, neighbours with neighbours, in a tree that depends
// on the grid alone. The grid has 512 chunks, or n if that is less, whose sizes
// differ by at most one; with a Grain, chunks of Grain indices, the last one
// shorter (or larger ones, so that there are not above 1<<20).
//
// Combine must be associative for the result to be that of a loop; it need not
// commute, as a is always of lower indices than b. It is called on several
// goroutines at once, each partial result goes into one call, and it may reuse
// a's or b's memory for what it returns. Partial results are combined as soon
// as both are there: as a rule there are a few for each worker, not one for
// each chunk.
//
// Reduce panics if n is negative or a function nil, and with a [*PanicError]
// if a function panics.
func Reduce[T any](n int, part func(lo, hi int) T, combine func(a, b T) T, opts ...Option) T {
	if part == nil || combine == nil {
		panic("parmap: nil function")
	}
	if n < 0 {
		panic("parmap: negative n")
	}
	c := configure(opts)
	var zero T
	if c.empty(n) {
		return zero
	}
	r := newRegion()
	b := stored[reduceBody[T]](r)
	b.part = part
	b.start(n, c.grain, combine)
	c.grain, c.total = 0, n // of chunks now
	r.body = b
	r.run(b.grid.Len(), c)
	result := b.nodes[0].value
	b.nodes[0].value = zero
	b.part, b.combine = nil, nil
	r.release()
	return result
}

// ReduceErr is [Reduce] with a context and errors, which it treats as [ForErr]
// does: a [*ChunkError] has the range of the part that failed. With an error
// the result is the zero T.
func ReduceErr[T any](ctx context.Context, n int, part func(ctx context.Context, lo, hi int) (T, error), combine func(a, b T) T, opts ...Option) (T, error) {
	if part == nil || combine == nil {
		panic("parmap: nil function")
	}
	if n < 0 {
		panic("parmap: negative n")
	}
	c := configure(opts)
	var zero T
	var t tree[T]
	if n > 0 {
		t.start(n, c.grain, combine)
	}
	c.grain, c.total = 0, n // of chunks now
	err := runErr(ctx, t.grid.Len(), &errBody{
		each: true,
		at:   t.place,
		f: func(ctx context.Context, k, _ int) error {
			cell := t.grid.At(k)
			v, err := part(ctx, cell.Lo, cell.Hi)
			if err == nil {
				t.add(k, v)
			}
			return err
		}}, c)
	if err != nil || n == 0 {
		return zero, err
	}
	return t.nodes[0].value, nil
}

// reduceGrid cuts [0, n). It is frozen, see reduceChunks.
func reduceGrid(n, grain int) chunk.Grid {
	if grain == 0 {
		return chunk.ByCount(n, reduceChunks)
	}
	return chunk.BySize(n, max(grain, (n-1)/reduceMost+1))
}

type reduceBody[T any] struct {
	part func(lo, hi int) T
	tree[T]
}

func (b *reduceBody[T]) chunk(_, lo, hi int) (int, error) {
	for k := lo; k < hi; k++ {
		cell := b.grid.At(k)
		b.add(k, b.part(cell.Lo, cell.Hi))
	}
	lo, hi = b.place(lo, hi)
	return hi - lo, nil
}

func (t *tree[T]) place(lo, hi int) (int, int) { return t.grid.At(lo).Lo, t.grid.At(hi - 1).Hi }

// A tree combines the values of a grid's cells, pairwise from the leaves up.
//
// The subtree of height h that begins at cell k, a multiple of 1<<h, has its
// value in nodes[k]. Its two halves begin at k and m = k + 1<<(h-1), and m
// begins the right half of no other subtree: so nodes[m].arrived counts the
// halves that are done. Who brings the second combines both, alone: the other
// has gone, and what it wrote is seen by way of the counter.
type tree[T any] struct {
	grid    chunk.Grid
	combine func(a, b T) T
	nodes   []node[T]
}

type node[T any] struct {
	value   T
	arrived atomic.Uint32
}

func (t *tree[T]) start(n, grain int, combine func(a, b T) T) {
	t.grid = reduceGrid(n, grain)
	t.combine = combine
	if len(t.nodes) < t.grid.Len() {
		t.nodes = make([]node[T], t.grid.Len())
	}
}

// add puts in the value of cell k and combines upwards as far as it can. What
// it leaves behind is zero, for the next use and for the garbage collector.
func (t *tree[T]) add(k int, v T) {
	count := t.grid.Len()
	for half := 1; half < count; half *= 2 {
		left := k &^ half
		right := left | half
		if right >= count {
			continue // no right half: the left one is the whole
		}
		mine := &t.nodes[k]
		mine.value = v
		if t.nodes[right].arrived.Add(1) < 2 {
			return
		}
		a, b := &t.nodes[left], &t.nodes[right]
		v = t.combine(a.value, b.value)
		var zero T
		a.value, b.value = zero, zero
		b.arrived.Store(0)
		k = left
	}
	t.nodes[0].value = v
}
