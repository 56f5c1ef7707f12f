//go:build linux

package proc_test

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

var takesJumpy = parmap.NewKernel("test: takes jumpy", func(context.Context, int, int, jumpy) error { return nil })

// TestArgumentsThatPanic holds that a run ends whose arguments no worker can
// take, and that the pool is good for others.
func TestArgumentsThatPanic(t *testing.T) {
	p := start(t, 2, proc.Stderr(io.Discard))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	err := takesJumpy.Run(ctx, 10, jumpsAway, parmap.On(p))
	assert.ErrorContains(t, err, errTest.Error())
	assert.PanicsWithValue(t, errTest, func() { _ = takesJumpy.Run(t.Context(), 10, jumpsAtHome, parmap.On(p)) })
	assert.NoError(t, takesJumpy.Run(t.Context(), 10, 1, parmap.On(p)))
}
