package bench_test

import (
	"fmt"
	"testing"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/parmap"
)

// A way is one of the forms in which a program can have a loop.
type way struct {
	name string
	call func()
	// open returns call where it is nil, for one benchmark, at whose end what
	// the call needs is given back.
	open func(b *testing.B) (call func())
}

// run runs the benchmark f of the way, whose name begins with prefix.
func (w way) run(b *testing.B, prefix string, f func(b *testing.B, call func())) {
	clock.Run(b, prefix+"way="+w.name, func(b *testing.B) {
		call := w.call
		if call == nil {
			call = w.open(b)
		}
		f(b, call)
	})
}

// alone runs an ordinary benchmark for each way. The way reads and writes so
// many bytes; 0 is for those that do not say.
func alone(b *testing.B, prefix string, nbytes int, ways ...way) {
	for _, w := range ways {
		w.run(b, prefix, func(b *testing.B, call func()) {
			b.SetBytes(int64(nbytes))
			for b.Loop() {
				call()
			}
		})
	}
}

// inTurn runs the pair p for each way, which is its parallel form, on all
// workers.
func inTurn(b *testing.B, prefix string, p clock.Pair, ways ...way) {
	for _, w := range ways {
		w.run(b, prefix, func(b *testing.B, call func()) {
			p.Parallel, p.Workers = call, workers()
			p.Run(b)
		})
	}
}

// bySchedule returns the ways to run a loop that differ in the schedule alone.
func bySchedule(loop func(s parmap.Schedule)) (all []way) {
	for _, s := range schedules {
		all = append(all, way{name: fmt.Sprintf("parmap-%v", s), call: func() { loop(s) }})
	}
	return all
}
