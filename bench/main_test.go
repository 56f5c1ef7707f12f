package bench_test

import (
	"runtime"
	"testing"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

func TestMain(m *testing.M) {
	proc.WorkerMain()
	leakcheck.Main(m)
}

// workers is the number of workers that the verbs take by default. It changes
// with -cpu, which PARFOR_WORKERS would override: leave that unset.
func workers() int { return runtime.GOMAXPROCS(0) }

// schedules are those that a user can choose from.
var schedules = []parmap.Schedule{parmap.Auto, parmap.Static, parmap.Dynamic, parmap.Guided}
