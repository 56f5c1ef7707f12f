//go:build unix

package segment

import (
	"errors"
	"fmt"
	"math"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

const supported = true

// What is asked of the system. Variables only so that tests can play one that
// fails.
var (
	mmap     = systemMmap
	munmap   = unix.MunmapPtr
	msync    = systemMsync
	fstat    = unix.Fstat
	openFile = openToWrite
	writeAt  = WriteAt
	fsync    = Fsync
	link     = linkNamed
	rename   = renameNamed
)

func systemMsync(b []byte, flags int) error {
	Enter("msync", "")
	return unix.Msync(b, flags)
}

// The reasons if a segment exceeds fileSizeLimit or freeBytes.
var (
	errFileSize error = unix.EFBIG
	errNoSpace  error = unix.ENOSPC
)

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
// either, and not, say, about the number of open files. EFAULT is what Linux
// says when populate finds no room for a page of a file.
func isNoSpace(err error) bool {
	for _, e := range []error{unix.ENOSPC, unix.ENOMEM, unix.EFBIG, unix.EDQUOT, unix.EFAULT} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// errNoCopy: see detach.
var errNoCopy = fmt.Errorf("%w: the file is open both ReadWrite and CopyOnWrite", ErrInUse)

// identify returns the identity of what f is.
func identify(f *os.File) (ID, error) {
	var st unix.Stat_t
	if err := fstat(int(f.Fd()), &st); err != nil {
		return ID{}, os.NewSyscallError("fstat", err)
	}
	return ID{Device: uint64(st.Dev), Inode: uint64(st.Ino), Generation: generation(f)}, nil
}

// mapFile maps the first nbytes of m's file in m's mode.
func (m *mapping) mapFile(nbytes int) error {
	prot, flags := unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED
	switch m.mode {
	case ReadOnly:
		prot = unix.PROT_READ
	case CopyOnWrite:
		flags = unix.MAP_PRIVATE | mapNoReserve // of a file in which little is written to, memory for little
	}
	return m.mapAt(int(m.file.Fd()), nbytes, prot, flags)
}

// mapPrivate maps nbytes of memory that only this process has.
func (m *mapping) mapPrivate(nbytes int) error {
	return m.mapAt(-1, nbytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
}

func (m *mapping) mapAt(fd, nbytes, prot, flags int) error {
	m.home = home(nbytes)
	addr := pageOf(m.home)
	if addr != nil {
		flags |= unix.MAP_FIXED
	} else {
		addr = hugeAddress(nbytes)
	}
	p, err := mmap(fd, 0, addr, uintptr(nbytes), prot, flags)
	if err == unix.ENOMEM {
		// A limit on the address space counts the quarantine too.
		closedRanges.drain()
		p, err = mmap(fd, 0, addr, uintptr(nbytes), prot, flags)
	}
	if err != nil {
		err = os.NewSyscallError("mmap", err)
		if isNoSpace(err) {
			return &ReserveError{Want: nbytes, Available: addressRoom(), Err: err}
		}
		return err
	}
	// unsafe: exactly the range that was mapped just now.
	m.mem = unsafe.Slice((*byte)(p), nbytes)
	return nil
}

// hugePage is the length of a huge page on most processors. Where they are
// longer, there are none.
const hugePage = 2 << 20

// hugeAddress returns where to map nbytes from a huge page's boundary on, or nil.
// It is free now, and no more than a wish when that changes.
//
// Mappings of one length that follow each other are a huge page further apart
// than they would have to be. A loop along several vectors is slow if they lie a
// large power of two apart: a triad over three of the heap's, 512 MiB apart, moves
// 19 GB/s on two processors and 10 on one, with a page or a huge page more 34 and
// 25 (an AMD EPYC; BenchmarkSweep in package bench). AMD's processors look up their
// first cache by a hash of the bits 12 to 27 of an address, and lines of one set
// that have the same drive each other out (Lipp et al., Take A Way, 2020).
func hugeAddress(nbytes int) unsafe.Pointer {
	if nbytes < hugePage || nbytes > math.MaxInt-2*hugePage {
		return nil
	}
	span := uintptr((nbytes+hugePage-1)/hugePage*hugePage + hugePage)
	p, err := mmap(-1, 0, nil, span, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANON|mapNoReserve)
	if err != nil || munmap(p, span) != nil {
		return nil
	}
	// unsafe: within span.
	return unsafe.Add(p, -uintptr(p)&(hugePage-1))
}

// pageOf returns the first address of home at which a page begins, or nil.
func pageOf(home []byte) unsafe.Pointer {
	if home == nil {
		return nil
	}
	// unsafe: the offset is below the length of a page, and home is longer.
	p := unsafe.Pointer(unsafe.SliceData(home))
	page := uintptr(os.Getpagesize())
	return unsafe.Add(p, -uintptr(p)&(page-1))
}

// fence replaces a mapping by one that has no memory and allows no access.
// munmap would be wrong here: the system often gives the same address to the
// next mapping, and a stale slice would write into that.
func fence(mem []byte) error {
	return replace(mem, unix.PROT_NONE, mapNoReserve)
}

// replace maps fresh memory in place of mem.
func replace(mem []byte, prot, flags int) error {
	// unsafe: mem is a whole mapping of this package, and its owner gives it up.
	_, err := mmap(-1, 0, unsafe.Pointer(unsafe.SliceData(mem)), uintptr(len(mem)), prot,
		unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_ANON|flags)
	return os.NewSyscallError("mmap", err)
}

// lost keeps what the Go heap must never use again.
var lost struct {
	mu    sync.Mutex // protects what follows
	homes [][]byte
}

// unmap gives the addresses back to who they are from: the system or, where
// they have a home, the Go heap.
func (m *mapping) unmap() error {
	if m.home != nil {
		err := replace(m.mem, unix.PROT_READ|unix.PROT_WRITE, 0)
		if err != nil {
			lost.mu.Lock()
			lost.homes = append(lost.homes, m.home)
			lost.mu.Unlock()
		}
		m.home = nil
		return err
	}
	// unsafe: as in replace.
	return os.NewSyscallError("munmap", munmap(unsafe.Pointer(unsafe.SliceData(m.mem)), uintptr(len(m.mem))))
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
		if isNoSpace(err) {
			err = &ReserveError{Want: nbytes, Available: freeBytes(dir), Err: err}
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
	for off := 0; off < nbytes; {
		n := min(len(zeros), nbytes-off)
		if _, err := writeAt(f, zeros[:n], int64(off)); err != nil {
			return err
		}
		off += n
	}
	return nil
}

// msync writes b, a part of m, to its file.
func (m *mapping) msync(b []byte) error {
	lo := int(addressOf(b) - m.begin())
	pages := m.mem[lo-lo%os.Getpagesize() : lo+len(b)]
	err := msync(pages, unix.MS_SYNC)
	for err == unix.EINTR { // nothing was given up
		err = msync(pages, unix.MS_SYNC)
	}
	return os.NewSyscallError("msync", err)
}
