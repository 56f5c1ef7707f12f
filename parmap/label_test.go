package parmap_test

import (
	"bytes"
	"context"
	"regexp"
	"runtime/pprof"
	"runtime/trace"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
)

// labelled returns how many goroutines that run this test have a label in profiles. One that
// has just been started, by a goroutine with it, can have it too.
func labelled(t *testing.T, label string) (n int) { return labelledIn(t, label, "label_test.go") }

func labelledIn(t *testing.T, label, file string) (n int) {
	t.Helper()
	var b strings.Builder
	assert.NoError(t, pprof.Lookup("goroutine").WriteTo(&b, 1))
	for _, group := range strings.Split(b.String(), "\n\n") {
		if strings.Contains(group, label) && strings.Contains(group, file) {
			k, err := strconv.Atoi(regexp.MustCompile(`(?m)^(\d+) @`).FindStringSubmatch(group)[1])
			assert.NoError(t, err)
			n += k
		}
	}
	return n
}

// TestLabels holds that who runs the bodies of a kernel has its name in profiles, after the
// run of another in a body too, and nobody when it is over.
func TestLabels(t *testing.T) {
	const outer, inner = `"kernel":"test: call back"`, `"kernel":"test: add numbers"`
	for _, workers := range []parmap.Workers{2, 8} {
		var met, seen sync.WaitGroup
		met.Add(2)
		seen.Add(2)
		err := callBack.Run(bg, 2, callArgs{callIndex(func(ctx context.Context, i int) error {
			met.Done()
			met.Wait()
			name, ok := pprof.Label(ctx, "kernel")
			assert.True(t, ok)
			assert.Equal(t, "test: call back", name)
			if i == 0 {
				assert.Equal(t, 2, labelled(t, outer))
				assert.NoError(t, addNumbers.Run(ctx, 10, numbersArgs{&heapRows{make([]float64, 10)}}))
				assert.Equal(t, 2, labelled(t, outer), "after a kernel within the kernel")
				assert.Zero(t, labelled(t, inner))
			}
			seen.Done()
			seen.Wait()
			return nil
		})}, workers, parmap.Grain(1), parmap.Dynamic)
		require.NoError(t, err)
		assert.Zero(t, labelled(t, outer))
	}
	var name string
	_, err := callItem.Map(bg, []any{func(ctx context.Context) error { name, _ = pprof.Label(ctx, "kernel"); return nil }})
	require.NoError(t, err)
	assert.Equal(t, "test: call item", name)
	pprof.Do(bg, pprof.Labels("mine", "yes"), func(ctx context.Context) {
		require.NoError(t, addNumbers.Run(ctx, 10, numbersArgs{&heapRows{make([]float64, 10)}}))
		assert.Equal(t, 1, labelled(t, `"mine":"yes"`), "the caller has its own again")
		assert.Zero(t, labelled(t, inner))
	})
}

// TestTraceRegions holds that a trace has a region for each run of a kernel.
func TestTraceRegions(t *testing.T) {
	var b bytes.Buffer
	if err := trace.Start(&b); err != nil {
		t.Skipf("something else is traced: %v", err)
	}
	got := make([]float64, 10)
	err := addNumbers.Run(bg, 10, numbersArgs{&heapRows{got}})
	trace.Stop()
	require.NoError(t, err)
	assert.Contains(t, b.String(), "parmap: test: add numbers")
}
