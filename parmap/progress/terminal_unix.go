//go:build linux || darwin || freebsd || netbsd || openbsd

package progress

import (
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// columns returns the width of the terminal that w is, 0 if it has none, and whether w is
// a terminal.
func columns(w io.Writer) (n int, ok bool) {
	ask := func(fd uintptr) {
		if size, err := unix.IoctlGetWinsize(int(fd), unix.TIOCGWINSZ); err == nil {
			n, ok = int(size.Col), true
		}
	}
	switch f := w.(type) {
	case *os.File: // its Fd would make it block
		if conn, err := f.SyscallConn(); err == nil {
			_ = conn.Control(ask) // an error is that of a closed file
		}
	case interface{ Fd() uintptr }:
		ask(f.Fd())
	}
	return n, ok
}
