//go:build unix && !aix && !solaris

package segment

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

var flock = unix.Flock

func lock(f *os.File) error {
	err := flocked(f, unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

func unlock(f *os.File) error { return flocked(f, unix.LOCK_UN) }

func flocked(f *os.File, how int) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		for {
			if failed = flock(int(fd), how); failed != unix.EINTR {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	return os.NewSyscallError("flock", failed)
}
