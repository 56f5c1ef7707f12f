package segment

import (
	"errors"
	"os"
)

// ErrLocked says that somebody else has the lock of a file.
var ErrLocked = errors.New("locked")

// Lock takes the lock of f, which lasts until Unlock, or until every descriptor of
// this opening is closed, those that other processes were given included. It does
// not wait: the error is ErrLocked while another opening of the file has the lock,
// and wraps errors.ErrUnsupported where there are no such locks.
func Lock(f *os.File) error {
	Enter("flock", f.Name())
	return lock(f)
}

// Unlock gives the lock of f up, for every process that has this opening of it.
func Unlock(f *os.File) error { return unlock(f) }
