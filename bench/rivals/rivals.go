package rivals

// A Rival is a way to run a loop in parallel.
type Rival struct {
	Name string
	// Open makes what the rival keeps between loops, for so many workers.
	Open func(workers int) Loop
}

// A Loop runs bodies for all of [0, n), and returns when all have returned. It
// is not safe for concurrent use.
type Loop struct {
	// Each calls body for every index.
	Each func(n int, body func(i int))
	// Range calls body for ranges [lo, hi) that tile [0, n). It is nil where the
	// rival knows only single indices.
	Range func(n int, body func(lo, hi int))
	// Close ends what Open began; it is nil where there is nothing to end.
	Close func()
}

// All are the rivals, plain loop and parmap included.
var All = []Rival{
	sequential,
	parmapAuto,
	parmapStatic,
	parmapDynamic,
	parmapGuided,
	goroutineChunked,
	goroutineEach,
	errgroupEach,
	concIter,
	concPool,
	concPoolChunked,
	pondGroup,
	antsFunc,
	loParallel,
	rillForEach,
	rillBatch,
}

// Ranges returns Range, or where that is nil Each over chunks: what a program
// does whose indices are too short and too many for a call each.
func (l Loop) Ranges(workers int) func(n int, body func(lo, hi int)) {
	if l.Range != nil {
		return l.Range
	}
	return overChunks(workers, l.Each)
}

// overChunks returns Range by way of Each: every chunk is one call.
func overChunks(workers int, each func(n int, body func(i int))) func(n int, body func(lo, hi int)) {
	return func(n int, body func(lo, hi int)) {
		count := chunks(n, workers)
		each(count, func(k int) { body(k*n/count, (k+1)*n/count) })
	}
}

// chunksPerWorker is the number of chunks for each worker where short calls are
// to be bundled. No documentation names one; eight leave an eighth of a share
// at most for the last worker to finish alone, if indices cost the same.
const chunksPerWorker = 8

// chunks returns the number of chunks of [0, n).
func chunks(n, workers int) int { return min(n, workers*chunksPerWorker) }

// overRanges returns Each by way of Range.
func overRanges(ranges func(n int, body func(lo, hi int))) func(n int, body func(i int)) {
	return func(n int, body func(i int)) {
		ranges(n, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				body(i)
			}
		})
	}
}
