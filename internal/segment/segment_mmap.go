//go:build unix

package segment

import (
	"errors"
	"math"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const supported = true

// errFileSize is the reason if a segment exceeds fileSizeLimit.
var errFileSize error = unix.EFBIG

// fileSizeLimit returns the longest that this process may make a file, a
// memory file included. Asked first (0.2 us), because exceeding it also
// raises a signal.
func fileSizeLimit() int64 { return limit(unix.RLIMIT_FSIZE) }

func limit(resource int) int64 {
	var l unix.Rlimit
	if err := unix.Getrlimit(resource, &l); err != nil || uint64(l.Cur) > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(l.Cur)
}

// isNoSpace reports whether err is about memory, disk space or a limit on
// either, and not, say, about the number of open files.
func isNoSpace(err error) bool {
	for _, e := range []error{unix.ENOSPC, unix.ENOMEM, unix.EFBIG, unix.EDQUOT} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// mapShared maps the first nbytes of f.
func mapShared(f *os.File, nbytes int) ([]byte, error) {
	p, err := unix.MmapPtr(int(f.Fd()), 0, nil, uintptr(nbytes), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	// unsafe: exactly the range that was mapped just now.
	return unsafe.Slice((*byte)(p), nbytes), nil
}

// fence replaces a mapping by one that has no memory and allows no access.
// munmap would be wrong here: the system often gives the same address to the
// next mapping, and a stale slice would write into that.
func fence(mem []byte) error {
	// unsafe: mem is a whole mapping of this package, and its owner gives it up.
	_, err := unix.MmapPtr(-1, 0, unsafe.Pointer(unsafe.SliceData(mem)), uintptr(len(mem)), unix.PROT_NONE,
		unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_ANON|mapNoReserve)
	return os.NewSyscallError("mmap", err)
}

// unmap gives the addresses back to the system.
func unmap(mem []byte) error {
	// unsafe: as in fence.
	return os.NewSyscallError("munmap", unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(mem)), uintptr(len(mem))))
}

// temporary returns a file without a name, of nbytes zero bytes that are
// reserved, in the first of dirs that has room.
func temporary(nbytes int, dirs ...string) (*os.File, error) {
	var last error
	for _, dir := range dirs {
		if free := freeBytes(dir); int64(nbytes) > free {
			last = &ReserveError{Want: nbytes, Available: free, Err: &os.PathError{Op: "reserve", Path: dir, Err: unix.ENOSPC}}
			continue
		}
		f, err := unnamed(dir)
		if err == nil {
			if err = allocate(f, nbytes); err == nil {
				return f, nil
			}
			f.Close()
		}
		last = err
	}
	return nil, last
}

// createRemoved opens a temporary file and removes its name.
func createRemoved(dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "parfor-segment-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// writeZeros reserves nbytes by writing them, which works on every file
// system. Only setting the size would be wrong: it reserves nothing, and the
// first touch of a page that a full disk has no room for is a SIGBUS.
func writeZeros(f *os.File, nbytes int) error {
	zeros := make([]byte, min(nbytes, 1<<20))
	for off := 0; off < nbytes; off += len(zeros) {
		if _, err := f.WriteAt(zeros[:min(len(zeros), nbytes-off)], int64(off)); err != nil {
			return err
		}
	}
	return nil
}
