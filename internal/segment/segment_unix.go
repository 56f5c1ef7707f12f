//go:build unix && !linux

package segment

import (
	"math"
	"os"
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
