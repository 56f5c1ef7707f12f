//go:build linux

package proc_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

// mapped returns how many anonymous arrays a worker has.
var mapped = parmap.NewFunc("mapped", func(context.Context, int) (int, error) {
	maps, err := os.ReadFile("/proc/self/maps")
	n := 0
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, "memfd:parfor") {
			n++
		}
	}
	return n, err
})

func TestWorkersLetGoOfWhatIsClosed(t *testing.T) {
	p := start(t, 1)
	count := func() int {
		n, err := mapped.Map(t.Context(), []int{0}, parmap.On(p))
		require.NoError(t, err)
		return n[0]
	}
	before := count()
	in, err := shmarray.Zeros(10)
	require.NoError(t, err)
	out := zeros(t, 10)
	for range 3 {
		require.NoError(t, scale.Run(t.Context(), 10, scaleArgs{in, out, 1}, parmap.On(p), parmap.Output(out)))
		assert.Equal(t, before+2, count())
	}
	require.NoError(t, in.Close())
	assert.Eventually(t, func() bool { return count() == before+1 }, 5*time.Second, time.Millisecond)
}
