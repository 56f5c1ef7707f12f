package journal_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
)

// errCut is what every access says from the power cut on.
var errCut = errors.New("the power is gone")

// errSync is what a flaky disk says.
var errSync = errors.New("input/output error")

// A machine has disks and a supply of power that ends after so many accesses.
type machine struct {
	rng  *rand.Rand
	left int // accesses until the power is gone; negative: never
}

func (m *machine) access() error {
	if m.left == 0 {
		return errCut
	}
	m.left--
	return nil
}

const sectorBytes = 64 // small, so that one file has many

// A disk is a file as the system sees it, and as it would be found after a power
// cut: what was written since the last Sync is then there, or not, or broken, each
// sector for itself.
type disk struct {
	m       *machine
	now     []byte
	durable []byte
	dirty   map[int]bool // sectors
	// deaf makes Sync do nothing.
	deaf bool
	// mute makes what is written and Sync do nothing.
	mute bool
	// flaky makes a Sync fail at times: what it was to write is then given up, and the
	// next has nothing to do.
	flaky bool
	// after is called by a Sync that has succeeded; it may be nil.
	after func()
}

func newDisk(m *machine) *disk { return &disk{m: m, dirty: map[int]bool{}} }

func (d *disk) ReadAt(p []byte, off int64) (int, error) {
	if err := d.m.access(); err != nil {
		return 0, err
	}
	if off >= int64(len(d.now)) {
		return 0, io.EOF
	}
	n := copy(p, d.now[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (d *disk) WriteAt(p []byte, off int64) (int, error) {
	err := d.m.access()
	n := len(p)
	if d.mute {
		return n, err
	}
	if err != nil { // in the middle of it
		n = d.m.rng.IntN(len(p) + 1)
	}
	if end := int(off) + n; end > len(d.now) {
		d.now = append(d.now, make([]byte, end-len(d.now))...)
	}
	copy(d.now[off:], p[:n])
	for s := int(off) / sectorBytes; s*sectorBytes < int(off)+n; s++ {
		d.dirty[s] = true
	}
	return n, err
}

func (d *disk) Size() (int64, error) { return int64(len(d.now)), d.m.access() }

func (d *disk) Truncate(size int64) error {
	if err := d.m.access(); err != nil || d.mute {
		return err
	}
	for s := int(size) / sectorBytes; s*sectorBytes < len(d.now); s++ {
		d.dirty[s] = true
	}
	d.now = d.now[:size]
	return nil
}

func (d *disk) Sync() error {
	if err := d.m.access(); err != nil {
		return err
	}
	if d.mute {
		return nil
	}
	if d.flaky && d.m.rng.IntN(8) == 0 {
		clear(d.dirty)
		return errSync
	}
	if !d.deaf {
		d.write()
		clear(d.dirty)
	}
	if d.after != nil {
		d.after()
	}
	return nil
}

// write brings the sectors that were written to, and the size, to the disk.
func (d *disk) write() {
	size := len(d.now)
	durable := make([]byte, size)
	copy(durable, d.durable)
	for s := range d.dirty {
		if lo, hi := s*sectorBytes, min((s+1)*sectorBytes, size); lo < hi {
			copy(durable[lo:hi], d.now[lo:hi])
		}
	}
	d.durable = durable
}

// restart is the disk after a power cut.
func (d *disk) restart() {
	rng := d.m.rng
	short, long := min(len(d.now), len(d.durable)), max(len(d.now), len(d.durable))
	size := short
	if long > short {
		size += rng.IntN(long - short + 1)
	}
	found := make([]byte, size)
	copy(found, d.durable)
	for s := range long/sectorBytes + 1 {
		lo, hi := s*sectorBytes, min((s+1)*sectorBytes, size)
		if !d.dirty[s] || lo >= hi {
			continue
		}
		part := found[lo:hi]
		switch rng.IntN(5) {
		case 0: // dropped
		case 1, 2: // kept
			if lo < len(d.now) {
				copy(part, d.now[lo:])
			}
		case 3: // allocated, and never written
			clear(part)
		case 4: // scrambled, some of it
			if lo < len(d.now) {
				copy(part, d.now[lo:])
			}
			for range 1 + rng.IntN(8) {
				part[rng.IntN(len(part))] = byte(rng.Uint32())
			}
		}
	}
	d.now, d.durable = found, slices.Clone(found)
	clear(d.dirty)
}
