package proc

import (
	"os"
	"sync/atomic"

	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// secretEnv has what a worker needs to make itself known: a number that only
// the parent and it have, and the parent's process.
const secretEnv = "PARFOR_WORKER"

// secret is the value of secretEnv. It is taken out of the environment, and
// its socket kept from further programs, before packages that import this one
// are initialised. A program that others start before holds neither for ours:
// see parentOf.
var secret = takeSecret()

func takeSecret() string {
	s, ok := os.LookupEnv(secretEnv)
	if ok {
		os.Unsetenv(secretEnv)
		guardSocket()
	}
	return s
}

var (
	hooked   atomic.Bool // WorkerMain was called
	isWorker atomic.Bool
)

// WorkerMain makes this process a worker, if it was started as one by [Start],
// and then never returns; otherwise it returns at once. Call it first in main,
// and first in TestMain: what comes before it runs in every worker too. Kernels
// have to be registered before, as package variables are.
func WorkerMain() {
	kernel.Seal()
	hooked.Store(true)
	if secret == "" {
		return
	}
	if conn := parentOf(secret); conn != nil {
		isWorker.Store(true)
		work(conn)
	}
}
