//go:build linux && race

package proc_test

import "os"

// slowness is how many times as long as otherwise things may take.
const slowness = 5

// By default a process that the race detector watches waits a second when it
// exits.
func init() { os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0") }
