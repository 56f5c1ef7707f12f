//go:build linux

package proc_test

import (
	"context"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

// storm says that the tests with random deaths are to go on for longer.
var storm = os.Getenv("PARFOR_STORM") != ""

// crowds returns the numbers of workers for tests that start many pools: one of them in
// short, and where a worker takes most of a second to start, as the race detector's does.
func crowds() []int {
	if (slowness > 1 || testing.Short()) && !storm {
		return []int{2}
	}
	return []int{1, 2, 8}
}

// kills kills workers, 1 to 5 ms apart, until ctx ends or there were most of
// them. The returned function ends it and says how many died.
func kills(ctx context.Context, p *proc.Pool, seed uint64, most int) (stop func() int) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan int)
	go func() {
		random := rand.New(rand.NewPCG(seed, 0))
		n := 0
		for n < most && ctx.Err() == nil {
			time.Sleep(time.Millisecond + time.Duration(random.Int64N(int64(4*time.Millisecond))))
			// A number that was reaped just now could be another's; the system
			// gives it to nobody before it has been through all.
			if pids := p.PIDs(); len(pids) > 0 && syscall.Kill(pids[random.IntN(len(pids))], syscall.SIGKILL) == nil {
				n++
			}
		}
		done <- n
	}()
	return func() int { cancel(); return <-done }
}

// TestStorm kills workers while they run 60,000 chunks, again and again.
func TestStorm(t *testing.T) {
	most := 60
	if storm {
		most = 2000
	}
	const n = 60_000
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	p := start(t, 3, proc.Retries(1000), proc.Stderr(new(strings.Builder)))
	out := zeros(t, n)
	killed, runs := 0, 0
	for killed < most {
		out.Data()[n/2] = -1 // what was there before does not matter
		stop := kills(t.Context(), p, seed+uint64(runs), most-killed)
		err := crash.Run(t.Context(), n, crashArgs{Out: out, At: -1}, parmap.On(p), parmap.Output(out), parmap.Grain(1))
		killed += stop()
		runs++
		require.NoError(t, err)
		for i, v := range out.Data() {
			if v != float64(i) {
				require.Equal(t, float64(i), v, "row %d of run %d", i, runs)
			}
		}
	}
	t.Log(killed, "kills,", runs, "runs")
	complete(t, p, 3)
	require.NoError(t, p.Close())
	assert.Empty(t, children())
}

// TestStormOfResults is TestStorm for what comes back through sockets.
func TestStormOfResults(t *testing.T) {
	most := 30
	if storm {
		most = 1000
	}
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	p := start(t, 3, proc.Retries(1000), proc.Stderr(new(strings.Builder)))
	in := make([]string, 2000)
	for i := range in {
		in[i] = strings.Repeat("x", i)
	}
	for killed := 0; killed < most; {
		stop := kills(t.Context(), p, seed+uint64(killed), most-killed)
		out, err := double.Map(t.Context(), in, parmap.On(p), parmap.Grain(1))
		killed += stop()
		require.NoError(t, err)
		for i, s := range out {
			if len(s) != 2*i {
				require.Len(t, s, 2*i, "item %d", i)
			}
		}
	}
}
