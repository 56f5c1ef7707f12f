//go:build !linux

package batch

import (
	"os"
	"syscall"
)

var stops = []os.Signal{os.Interrupt, syscall.SIGTERM}

// Nobody knows.
func machine() string { return "" }

func processOf(int) string { return "" }
