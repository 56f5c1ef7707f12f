package rivals_test

import (
	"runtime"
	"testing"

	"github.com/parfor-go/parfor/bench/rivals"
	"github.com/parfor-go/parfor/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func workers() int { return runtime.GOMAXPROCS(0) }

// open opens r until the end of tb.
func open(tb testing.TB, r rivals.Rival, workers int) rivals.Loop {
	l := r.Open(workers)
	if l.Close != nil {
		tb.Cleanup(l.Close)
	}
	return l
}
