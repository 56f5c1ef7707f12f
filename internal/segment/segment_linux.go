package segment

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"math/bits"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

const mapNoReserve = unix.MAP_NORESERVE

// What is asked of Linux. Variables only so that tests can play a system or a
// sandbox that fails or lacks them.
var (
	memfdCreate = unix.MemfdCreate
	fallocate   = systemFallocate
	madvise     = unix.Madvise
	linkat      = systemLinkat
	renameat2   = systemRenameat2
	statfs      = unix.Statfs
	truncate    = Truncate
	shmDir      = "/dev/shm"
)

func systemFallocate(fd int, mode uint32, off, n int64) error {
	Enter("fallocate", "")
	return unix.Fallocate(fd, mode, off, n)
}

func systemLinkat(fd int, from string, newfd int, to string, flags int) error {
	Enter("linkat", to)
	return unix.Linkat(fd, from, newfd, to, flags)
}

func systemRenameat2(fd int, from string, newfd int, to string, flags uint) error {
	Enter("renameat2", to)
	return unix.Renameat2(fd, from, newfd, to, flags)
}

// object returns a memory file of nbytes zero bytes whose size is sealed, or
// else an unnamed temporary file, whose bytes are reserved then.
func object(nbytes int) (f *os.File, reserved bool, err error) {
	f, err = memfd()
	if isMissing(err) {
		f, err = temporary(nbytes, shmDir, os.TempDir())
		return f, true, err
	}
	if err != nil {
		return nil, false, err
	}
	if err := truncate(f, int64(nbytes)); err != nil {
		f.Close()
		return nil, false, err
	}
	// Sealed, a process that gets the descriptor cannot cut off what this one
	// has mapped (SIGBUS). Where seals are missing, nothing is lost but that.
	_, _ = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	return f, false, nil
}

// memfd opens an empty memory file. Its name shows in /proc/*/maps.
func memfd() (*os.File, error) {
	const flags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING
	fd, err := memfdCreate("parfor", flags|unix.MFD_NOEXEC_SEAL)
	if err == unix.EINVAL { // before Linux 6.3
		fd, err = memfdCreate("parfor", flags)
	}
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "memfd:parfor"), nil
}

// unnamed opens a file in dir that never had a name, so that nothing is left
// behind however this process ends; on a file system that cannot do that, one
// whose name is gone at once.
func unnamed(dir string) (*os.File, error) {
	f, err := openFile(dir, unix.O_TMPFILE|unix.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return createRemoved(dir)
	}
	return f, nil
}

// procFD is where the open files of this process have names.
const procFD = "/proc/self/fd"

// nameless opens a new file in dir to which linkNameless can give a name. If
// this process is killed before, nothing is left. The error is errNameless:
// opening a file with a name says why.
func nameless(dir string) (*os.File, error) {
	if _, err := os.Stat(procFD); err != nil {
		return nil, errNameless
	}
	f, err := openFile(dir, unix.O_TMPFILE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, errNameless
	}
	return f, nil
}

// pathOf returns a path of f, which need not have a name, while f is open.
func pathOf(f *os.File) string { return fmt.Sprintf("%s/%d", procFD, f.Fd()) }

// linkNameless gives f its first name, which must be free. The error is
// errNameless where that cannot be done: on a file system without links, or
// under a sandbox's rules about them.
func linkNameless(f *os.File, path string) error {
	err := linkat(unix.AT_FDCWD, pathOf(f), unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW)
	if isMissing(err) || err == unix.EXDEV {
		return errNameless
	}
	return err
}

// renameFree renames old to path, which must be free. Where a file system
// cannot promise that, another process could create path just before, and
// would lose it.
func renameFree(old, path string) error {
	err := renameat2(unix.AT_FDCWD, old, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
	if err == unix.EINVAL || isMissing(err) {
		return lookAndRename(old, path)
	}
	return err
}

// allocate gives f its size and reserves every page of it.
func allocate(f *os.File, nbytes int) error {
	if err := truncate(f, int64(nbytes)); err != nil {
		return err
	}
	return reserveAll(f, nbytes, func(int, int) error { return nil })
}

// reserveAll reserves the nbytes of f, a piece after the other, and calls then
// for each that is reserved.
//
// In pieces also because older versions of Linux undo a whole fallocate that a
// signal interrupts: a program with a 10 ms timer, such as the profiler's, would
// never get beyond what fits between two. 4 MiB take 0.5 to 8 ms.
func reserveAll(f *os.File, nbytes int, then func(lo, hi int) error) error {
	written := false
	for lo := 0; lo < nbytes; {
		hi := lo + min(spreadPiece, nbytes-lo)
		if !written {
			err := reserve(f, lo, hi)
			if written = isMissing(err); written {
				err = writeZeros(f, nbytes)
			}
			if err != nil {
				return err
			}
		}
		if err := then(lo, hi); err != nil {
			return err
		}
		lo = hi
	}
	return nil
}

// reserve gives the bytes [lo, hi) of f, which has that length, their room.
func reserve(f *os.File, lo, hi int) error {
	for {
		err := fallocate(int(f.Fd()), 0, int64(lo), int64(hi-lo))
		if err != unix.EINTR {
			return os.NewSyscallError("fallocate", err)
		}
	}
}

// addressLimit returns how much address space this process may have.
func addressLimit() int64 { return limit(unix.RLIMIT_AS) }

// addressRoom returns how much of that is left, or unknown.
func addressRoom() int64 {
	limit, pages := addressLimit(), int64(0)
	b, err := os.ReadFile("/proc/self/statm")
	if err == nil {
		_, err = fmt.Sscan(string(b), &pages)
	}
	room := int64(unknown)
	if err == nil && limit != math.MaxInt64 {
		room = max(0, limit-pages*int64(os.Getpagesize()))
	}
	return min(room, dataRoom())
}

// dataRoom returns how much private memory this process may still map, or
// unknown.
func dataRoom() int64 {
	most := limit(unix.RLIMIT_DATA)
	b, err := os.ReadFile("/proc/self/status")
	kib, ok := field(string(b), "VmData:")
	if err != nil || !ok || most == math.MaxInt64 {
		return unknown
	}
	return max(0, most-kib<<10)
}

// freeBytes returns the room that dir's file system has for this user, or
// unknown: opening a file there says why. A file system without a size, such
// as ramfs or tmpfs with size=0, counts no blocks at all.
func freeBytes(dir string) int64 {
	var st unix.Statfs_t
	if err := statfs(dir, &st); err != nil || st.Blocks == 0 {
		return unknown
	}
	size := uint64(st.Bsize)
	if st.Frsize > 0 { // of which the blocks are; FUSE may have a larger Bsize
		size = uint64(st.Frsize)
	}
	hi, lo := bits.Mul64(st.Bavail, size)
	if hi != 0 || lo > math.MaxInt64 {
		return unknown
	}
	return int64(lo)
}

// generation returns a number that differs between f and other files of the
// same inode, or 0: a hash of the handle by which file servers know f.
func generation(f *os.File) uint64 {
	handle, _, err := unix.NameToHandleAt(int(f.Fd()), "", unix.AT_EMPTY_PATH)
	if err != nil {
		return 0
	}
	h := fnv.New64a()
	h.Write(handle.Bytes())
	return h.Sum64()
}

// inMemory reports whether the files in dir take memory and not a disk.
func inMemory(dir string) bool {
	var st unix.Statfs_t
	if err := statfs(dir, &st); err != nil {
		return false
	}
	kind := uint32(st.Type) // signed, of the length of a word
	return kind == unix.TMPFS_MAGIC || kind == unix.RAMFS_MAGIC
}

// furnish gives every page of m, which is a memory file's, its memory: reserved,
// so that it is there, and present, so that the first access is as fast as any
// other. The caller reserves a piece after the other, since Linux lets only one
// at a time do that, and the other processors make present what is reserved,
// which takes as long again. 1 GiB and its first fill take two processors 420 ms
// so, 450 if each reserves what it makes present, and more if all is reserved
// first. Where there are huge pages they have come before, and this takes 1 ms.
//
// Nobody knows the address before all is reserved, so nothing can fault, and
// pages can be replaced by larger ones.
func (m *mapping) furnish() error {
	if len(m.mem) >= hugePage {
		advise(m.mem)
		_ = Spread(len(m.mem), func(lo, hi int) error { return enlarge(m.mem[lo:hi]) })
	}
	ready := make(chan []byte, min(piecesOf(len(m.mem)), 1024))
	follow := func() (err error) {
		for mem := range ready {
			if err == nil {
				err = present(mem)
			}
		}
		return err
	}
	helpers := min(runtime.GOMAXPROCS(0), piecesOf(len(m.mem))) - 1
	helped := make(chan error, helpers)
	for range helpers {
		go func() { helped <- follow() }()
	}
	err := reserveAll(m.file, len(m.mem), func(lo, hi int) error {
		select {
		case ready <- m.mem[lo:hi]:
			return nil
		default: // the others are far behind
			return present(m.mem[lo:hi])
		}
	})
	close(ready)
	err = cmp.Or(err, follow())
	for range helpers {
		err = cmp.Or(err, <-helped)
	}
	return err
}

// enlarge gives the part of mem that is whole huge pages one each, of zero bytes.
// Most systems are set up to give memory files none at the first access, but
// since Linux 6.1 a program can have the pages of a range replaced by one; what
// replaces a single page costs no more than a huge page. 1 GiB and its first
// fill then take a third of the time (BenchmarkFill in package shmarray).
//
// It returns an error, after some of the pages, if there are no more.
func enlarge(mem []byte) error {
	mem = mem[:len(mem)/hugePage*hugePage]
	if len(mem) == 0 {
		return nil
	}
	for lo := 0; lo < len(mem); lo += hugePage { // where none is, none is replaced
		if err := present(mem[lo : lo+1]); err != nil {
			return err
		}
	}
	err := madvise(mem, unix.MADV_COLLAPSE)
	if err == unix.EINVAL { // not here, but present may have got huge ones
		return nil
	}
	return err
}

// advise asks for huge pages in mem, where there are some.
func advise(mem []byte) { _ = madvise(mem, unix.MADV_HUGEPAGE) }

// populate makes every page of mem present, on all processors.
func populate(mem []byte) error {
	return Spread(len(mem), func(lo, hi int) error { return present(mem[lo:hi]) })
}

// present makes every page of mem present, or before Linux 5.14 leaves them to
// the first access.
func present(mem []byte) error {
	err := madvise(mem, unix.MADV_POPULATE_WRITE)
	if err == unix.EINVAL || isMissing(err) {
		return nil
	}
	return os.NewSyscallError("madvise", err)
}

// detach gives every page of a private mapping of a file memory of its own,
// which Linux can do while others use it. Behind the end of the file there is
// nothing to copy.
func detach(mem []byte) error {
	err := madvise(mem, unix.MADV_POPULATE_WRITE)
	switch {
	case err == unix.EFAULT:
		return nil
	case err == unix.EINVAL || isMissing(err):
		return errNoCopy
	}
	return os.NewSyscallError("madvise", err)
}

// syncRange writes b, a part of m, to the disk. On Linux msync is fdatasync of
// a range.
func syncRange(m *mapping, b []byte) error { return m.msync(b) }
