//go:build linux

package proc_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

type walkArgs struct {
	Out  *array
	Seed uint64
}

// walk sums some random numbers for each index: more for some than for others.
var walk = parmap.NewKernel("walk", func(_ context.Context, lo, hi int, a walkArgs) error {
	for i := lo; i < hi; i++ {
		random := parmap.Rand(a.Seed, i)
		for range 1 + i%50 {
			a.Out.Data()[i] += random.NormFloat64()
		}
	}
	return nil
})

// TestSameBits holds that neither who runs a body nor who dies in it changes a
// bit of what it computes.
func TestSameBits(t *testing.T) {
	const n, seed = 20_000, 7
	bits := func(opts ...parmap.RunOption) []uint64 {
		out := zeros(t, n)
		require.NoError(t, walk.Run(t.Context(), n, walkArgs{out, seed}, append(opts, parmap.Output(out))...))
		all := make([]uint64, n)
		for i, v := range out.Data() {
			all[i] = math.Float64bits(v)
		}
		return all
	}
	same := func(want, got []uint64, who string, workers int) {
		t.Helper()
		for i := range want {
			if want[i] != got[i] {
				require.Equal(t, want[i], got[i], "index %d of %d %s", i, workers, who)
			}
		}
	}
	want := bits(parmap.Serial)
	for _, workers := range []int{1, 2, 7} {
		same(want, bits(parmap.Workers(workers)), "goroutines", workers)
		p := start(t, workers, proc.Retries(1000), proc.Stderr(new(strings.Builder)))
		same(want, bits(parmap.On(p)), "processes", workers)
		same(want, bits(parmap.On(p), parmap.Grain(3)), "processes, other chunks", workers)
		for killed, run := 0, uint64(0); killed < 5; run++ {
			stop := kills(t.Context(), p, run, 5-killed)
			got := bits(parmap.On(p), parmap.Grain(1))
			killed += stop()
			same(want, got, "processes, some killed", workers)
		}
	}
}
