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
