//go:build unix && !linux

package segment

import (
	"errors"
	"math"
	"os"

	"golang.org/x/sys/unix"
)

const mapNoReserve = 0 // not everywhere, and memory without access is not charged

// reserve returns an unnamed temporary file of nbytes zero bytes. memfd_create
// is missing or not in x/sys here.
func reserve(nbytes int) (*os.File, error) { return temporary(nbytes, os.TempDir()) }

func unnamed(dir string) (*os.File, error) { return createRemoved(dir) }

func allocate(f *os.File, nbytes int) error { return writeZeros(f, nbytes) }

// available does not limit a segment: it is a file, and temporary compares
// its size with the room on the disk.
func available() int64 { return unknown }

// addressLimit does not shrink the quarantine: not every system has this limit.
func addressLimit() int64 { return math.MaxInt64 }

// inMemory is false where that makes no difference: see available.
func inMemory(string) bool { return false }

// populate leaves the pages to the first access.
func populate([]byte, bool) error { return nil }

func nameless(string) *os.File { return nil }

func linkNameless(*os.File, string) error { return errors.ErrUnsupported }

// syncRange writes b, a part of m, to the disk. Not every system's msync waits
// for the disk itself; fsync does.
func syncRange(m *mapping, b []byte) error {
	lo := int(addressOf(b) - m.begin())
	first := lo - lo%os.Getpagesize()
	if err := unix.Msync(m.mem[first:lo+len(b)], unix.MS_SYNC); err != nil {
		return os.NewSyscallError("msync", err)
	}
	return fsync(m.file)
}
