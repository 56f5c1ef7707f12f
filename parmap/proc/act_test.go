//go:build linux

package proc_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"unsafe"
)

// hows are the ways in which a worker dies or hangs.
var hows = []string{
	"exit 0", "exit 3", "goexit", "SIGKILL", "SIGSEGV", "SIGTERM", "stack overflow", "out of memory",
	"closed stderr", "infinite loop", "SIGSTOP", "1 MB to stderr", "grandchild",
}

var errBody = errors.New("a body's error")

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
		debug.SetMaxStack(8 << 20) // the default takes a gigabyte
		//lint:ignore SA4017 it does not come to returning
		overflow(1)
	case "out of memory":
		var all [][]byte
		for range 8 { // never more than half a gigabyte, and that untouched
			all = append(all, make([]byte, 64<<20))
		}
		return fmt.Errorf("%d times 64 MiB in spite of the limit", len(all))
	case "closed stderr":
		os.Stderr.Close()
		os.Exit(3)
	case "infinite loop":
		//lint:ignore SA5002 it is to spin
		for {
		}
	case "last words":
		os.Stderr.WriteString("last words\n")
		os.Exit(3)
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
	case "give up":
		<-ctx.Done()
	case "panic":
		panic("a body's panic")
	case "nil dereference":
		*(*int)(unsafe.Pointer(nil)) = 1
	case "error":
		return errBody
	}
	return nil
}

//lint:ignore SA5007 it is to overflow
func overflow(i int) int { return overflow(i+1) + 1 }
