package clock_test

import (
	"flag"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/internal/clock"
)

// benchmark returns what f reports in so many iterations. The time is that of a
// bubble: only Sleep makes it pass, by exactly what it says.
func benchmark(t *testing.T, iterations string, f func(b *testing.B)) (extra map[string]float64) {
	before := flag.Lookup("test.benchtime").Value.String()
	require.NoError(t, flag.Set("test.benchtime", iterations))
	defer func() { require.NoError(t, flag.Set("test.benchtime", before)) }()
	synctest.Test(t, func(*testing.T) { extra = testing.Benchmark(f).Extra })
	return extra
}

func sleep(d time.Duration) func() { return func() { time.Sleep(d) } }

func TestRunBeginsWithTheFirstNumberOfProcessors(t *testing.T) {
	before := flag.Lookup("test.cpu").Value.String()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	defer func() { require.NoError(t, flag.Set("test.cpu", before)) }()
	for list, want := range map[string]int{"": 5, "3": 3, "1,2": 1, " 4 ,2": 4} {
		require.NoError(t, flag.Set("test.cpu", list))
		runtime.GOMAXPROCS(5)
		got := 0
		testing.Benchmark(func(b *testing.B) {
			clock.Run(b, "inner", func(*testing.B) { got = runtime.GOMAXPROCS(0) })
		})
		assert.Equal(t, want, got, "-cpu %q", list)
	}
}

func TestPairReportsTheRatioToTheIdeal(t *testing.T) {
	got := benchmark(t, "3x", func(b *testing.B) {
		clock.Pair{Sequential: sleep(8 * time.Millisecond), Parallel: sleep(3 * time.Millisecond), Workers: 4, Calls: 10}.Run(b)
	})
	assert.Equal(t, map[string]float64{"ns/op": 3e6, "of-ideal": 1.5}, got)
}

func TestPairDoesNotTimeWhatGoesBefore(t *testing.T) {
	calls := 0
	got := benchmark(t, "1x", func(b *testing.B) {
		calls = 0
		clock.Pair{
			Sequential: sleep(2 * time.Millisecond),
			Parallel: func() {
				if calls++; calls == 1 {
					time.Sleep(time.Second) // cold
				}
				time.Sleep(time.Millisecond)
			},
			Workers: 2, Calls: 5, Hot: true, Before: sleep(time.Minute),
		}.Run(b)
	})
	assert.Equal(t, map[string]float64{"ns/op": 1e6, "of-ideal": 1}, got)
	assert.Equal(t, 6, calls)
}

func TestPairLetsBothFormsBeginAlike(t *testing.T) {
	var order []string
	note := func(what string) func() { return func() { order = append(order, what) } }
	benchmark(t, "1x", func(b *testing.B) {
		order = nil
		clock.Pair{Sequential: note("sequential"), Parallel: note("parallel"), Calls: 2, Before: note("before")}.Run(b)
	})
	assert.Equal(t, []string{
		"before", "sequential", "before", "sequential", "before", "parallel", "before", "parallel",
	}, order)
}

func TestPairWithoutWorkersReportsTheRatioToTheSequentialLoop(t *testing.T) {
	got := benchmark(t, "3x", func(b *testing.B) {
		clock.Pair{Sequential: sleep(2 * time.Millisecond), Parallel: sleep(3 * time.Millisecond)}.Run(b)
	})
	assert.Equal(t, map[string]float64{"ns/op": 3e6, "of-sequential": 1.5}, got)
}

func TestPairComparesWithTheDefault(t *testing.T) {
	calls := 0
	got := benchmark(t, "3x", func(b *testing.B) {
		calls = 0
		clock.Pair{
			Sequential: sleep(8 * time.Millisecond), Parallel: sleep(3 * time.Millisecond), Workers: 4, Hot: true,
			Default: func() {
				calls++
				time.Sleep(2 * time.Millisecond)
			},
		}.Run(b)
	})
	assert.Equal(t, map[string]float64{"ns/op": 3e6, "of-ideal": 1.5, "of-default": 1.5}, got)
	assert.Equal(t, 6, calls)
}

func TestPairReportsTheMedian(t *testing.T) {
	calls := 0
	got := benchmark(t, "5x", func(b *testing.B) {
		calls = 0
		clock.Pair{
			Sequential: sleep(2 * time.Millisecond),
			Parallel: func() {
				calls++
				time.Sleep(time.Duration(calls) * time.Millisecond)
			},
			Workers: 1,
		}.Run(b)
	})
	assert.Equal(t, map[string]float64{"ns/op": 3e6, "of-ideal": 1.5}, got)
}

func TestPartTimesTheCallAlone(t *testing.T) {
	got := benchmark(t, "3x", func(b *testing.B) {
		clock.Part(b, 5e6, sleep(time.Second), sleep(10*time.Millisecond), sleep(time.Second))
	})
	assert.Equal(t, map[string]float64{"ns/op": 1e7, "MB/s": 500}, got)
}

func TestControlIsOneOnAMachineOfItsOwn(t *testing.T) {
	got := benchmark(t, "3x", func(b *testing.B) {
		clock.Control(b, 4, sleep(10*time.Millisecond))
	})
	assert.Equal(t, map[string]float64{"ns/op": 1e7, "of-ideal": 1}, got)
}
