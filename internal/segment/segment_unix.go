//go:build unix && !linux

package segment

import (
	"math"
	"os"
)

const mapNoReserve = 0 // not everywhere, and memory without access is not charged

// object returns an unnamed temporary file of nbytes zero bytes, which are
// reserved. memfd_create is missing or not in x/sys here.
func object(nbytes int) (f *os.File, reserved bool, err error) {
	f, err = temporary(nbytes, os.TempDir())
	return f, true, err
}

func unnamed(dir string) (*os.File, error) { return createRemoved(dir) }

func allocate(f *os.File, nbytes int) error { return writeZeros(f, nbytes) }

// available does not limit a segment: it is a file, and temporary compares
// its size with the room on the disk.
func available() int64 { return unknown }

// addressLimit does not shrink the quarantine: not every system has this limit.
func addressLimit() int64 { return math.MaxInt64 }

// addressRoom is not known for the same reason.
func addressRoom() int64 { return unknown }

// generation is not known.
func generation(*os.File) uint64 { return 0 }

// inMemory is false where that makes no difference: see available.
func inMemory(string) bool { return false }

// furnish has nothing to do: object has reserved the bytes.
func (m *mapping) furnish() error { return nil }

func advise([]byte) {}

func detach([]byte) error { return errNoCopy }

// populate leaves the pages to the first access.
func populate([]byte) error { return nil }

func nameless(string) (*os.File, error) { return nil, errNameless }

func pathOf(f *os.File) string { return f.Name() }

func linkNameless(*os.File, string) error { return errNameless }

func renameFree(old, path string) error { return lookAndRename(old, path) }

// syncRange writes b, a part of m, to the disk. Not every system's msync waits
// for the disk itself; fsync does.
func syncRange(m *mapping, b []byte) error {
	if err := m.msync(b); err != nil {
		return err
	}
	return fsync(m.file)
}
