//go:build unix

package parmap_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Who walks in a circle ends the process, which no test can recover from. So
// these tests run in a process of their own.

const cycleEnv = "PARMAP_TEST_CYCLE"

// A ring is a list that may lead back to where it began.
type ring struct {
	Next *ring
	A    *floats
}

// cycles are arguments that lead to themselves, and to an array if there is one.
var cycles = map[string]func(a *floats) any{
	"pointer": func(a *floats) any { r := &ring{A: a}; r.Next = &ring{Next: r}; return r },
	"slice":   func(a *floats) any { s := []any{nil, a}; s[0] = s; return s },
	"map":     func(a *floats) any { m := map[string]any{"a": a}; m["m"] = m; return m },
	"context": func(*floats) any {
		ctx, cancel := context.WithCancel(bg)
		context.AfterFunc(ctx, func() {}) // ctx has it among its children
		context.AfterFunc(bg, cancel)     // never
		return ctx
	},
}

// TestCyclicArguments holds that a run on goroutines, which need not encode its
// arguments, is not led around by them.
func TestCyclicArguments(t *testing.T) {
	if name := os.Getenv(cycleEnv); name != "" {
		debug.SetMaxStack(16 << 20)
		a := zeros(t, 3)
		args := cycles[name](a)
		ran := false
		body := callRange(func(context.Context, int, int) error {
			ran = true
			if name != "context" {
				assert.Error(t, a.Close(), "it is held")
			}
			return nil
		})
		require.NoError(t, held.Run(bg, 1, heldArgs{F: body, Any: args}))
		assert.True(t, ran)
		return
	}
	for name := range cycles {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestCyclicArguments$", "-test.v", "-test.timeout=60s")
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s", cycleEnv, name), "GORACE=atexit_sleep_ms=0")
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%.300s", out)
			assert.Contains(t, string(out), "--- PASS: TestCyclicArguments")
		})
	}
}
