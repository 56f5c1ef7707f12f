//go:build linux

package proc_test

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

// hows are the ways in which a worker dies or hangs.
var hows = []string{
	"exit 0", "exit 3", "goexit", "SIGKILL", "SIGSEGV", "SIGTERM", "stack overflow", "closed stderr",
	"infinite loop", "SIGSTOP", "1 MB to stderr", "grandchild",
}

// act does one of hows, or something that a body does wrong.
func act(ctx context.Context, how string) error {
	self := func(s syscall.Signal) error {
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			return err
		}
		select {} // until it comes
	}
	switch how {
	case "exit 0":
		os.Exit(0)
	case "exit 3":
		os.Exit(3)
	case "goexit":
		runtime.Goexit()
	case "SIGKILL":
		return self(syscall.SIGKILL)
	case "SIGSEGV":
		return self(syscall.SIGSEGV)
	case "SIGTERM":
		return self(syscall.SIGTERM)
	case "SIGSTOP":
		return self(syscall.SIGSTOP)
	case "stack overflow":
		overflow(1)
	case "closed stderr":
		os.Stderr.Close()
		os.Exit(3)
	case "infinite loop":
		for {
		}
	case "1 MB to stderr":
		os.Stderr.WriteString(strings.Repeat("x", 1<<20))
		os.Exit(3)
	case "grandchild":
		cmd := exec.Command("sleep", "1000")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		os.Exit(3)
	case "wait":
		<-ctx.Done()
		return ctx.Err()
	case "panic":
		panic("a body's panic")
	case "nil dereference":
		*(*int)(unsafe.Pointer(nil)) = 1
	case "error":
		return errBody
	}
	return nil
}

func overflow(i int) int { return overflow(i+1) + 1 }
