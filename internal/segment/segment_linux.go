package segment

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

const mapNoReserve = unix.MAP_NORESERVE

// Variables only so that tests can play a system or a sandbox that lacks them.
var (
	memfdCreate = unix.MemfdCreate
	fallocate   = unix.Fallocate
	madvise     = unix.Madvise
	linkat      = unix.Linkat
	shmDir      = "/dev/shm"
)

// reserve returns a memory file of nbytes zero bytes whose memory is
// reserved and whose size is sealed, or else an unnamed temporary file.
func reserve(nbytes int) (*os.File, error) {
	f, err := memfd()
	if isMissing(err) {
		return temporary(nbytes, shmDir, os.TempDir())
	}
	if err != nil {
		return nil, err
	}
	if err := allocate(f, nbytes); err != nil {
		f.Close()
		return nil, err
	}
	// Sealed, a process that gets the descriptor cannot cut off what this one
	// has mapped (SIGBUS). Where seals are missing, nothing is lost but that.
	_, _ = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	return f, nil
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
	f, err := os.OpenFile(dir, unix.O_TMPFILE|unix.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return createRemoved(dir)
	}
	return f, nil
}

// procFD is where the open files of this process have names.
const procFD = "/proc/self/fd"

// nameless opens a new file in dir to which linkNameless can give a name, or
// returns nil. If this process is killed before, nothing is left.
func nameless(dir string) *os.File {
	if _, err := os.Stat(procFD); err != nil {
		return nil
	}
	f, err := os.OpenFile(dir, unix.O_TMPFILE|os.O_RDWR, 0o666)
	if err != nil {
		return nil // opening one with a name says why
	}
	return f
}

// linkNameless gives f its first name, which must be free.
func linkNameless(f *os.File, path string) error {
	old := fmt.Sprintf("%s/%d", procFD, f.Fd())
	if err := linkat(unix.AT_FDCWD, old, unix.AT_FDCWD, path, unix.AT_SYMLINK_FOLLOW); err != nil {
		return &os.PathError{Op: "create", Path: path, Err: err}
	}
	return nil
}

// allocate gives f its size and reserves every page of it.
func allocate(f *os.File, nbytes int) error {
	if err := f.Truncate(int64(nbytes)); err != nil {
		return err
	}
	// In pieces, because older versions of Linux undo a whole fallocate that a
	// signal interrupts: a program with a 10 ms timer, such as the profiler's,
	// would never get beyond what fits between two. 4 MiB take 0.5 to 8 ms.
	const piece = 4 << 20
	for off := 0; off < nbytes; off += piece {
		n := min(piece, nbytes-off)
		err := fallocate(int(f.Fd()), 0, int64(off), int64(n))
		for err == unix.EINTR {
			err = fallocate(int(f.Fd()), 0, int64(off), int64(n))
		}
		if isMissing(err) {
			return writeZeros(f, nbytes)
		}
		if err != nil {
			return os.NewSyscallError("fallocate", err)
		}
	}
	return nil
}

// addressLimit returns how much address space this process may have.
func addressLimit() int64 { return limit(unix.RLIMIT_AS) }

// inMemory reports whether the files in dir take memory and not a disk.
func inMemory(dir string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return false
	}
	kind := uint32(st.Type) // signed, of the length of a word
	return kind == unix.TMPFS_MAGIC || kind == unix.RAMFS_MAGIC
}

// populate gives every page of mem its memory, on all processors, so that the
// first access is as fast as any other. If huge is true, in huge pages where
// there are some.
func populate(mem []byte, huge bool) error {
	if huge {
		_ = madvise(mem, unix.MADV_HUGEPAGE)
	}
	err := Spread(len(mem), func(lo, hi int) error {
		return madvise(mem[lo:hi], unix.MADV_POPULATE_WRITE)
	})
	if err == unix.EINVAL || isMissing(err) { // before Linux 5.14: at the first access
		return nil
	}
	return os.NewSyscallError("madvise", err)
}

// syncRange writes b, a part of m, to the disk. On Linux msync is fdatasync of
// a range.
func syncRange(m *mapping, b []byte) error {
	lo := int(addressOf(b) - m.begin())
	first := lo - lo%os.Getpagesize()
	return os.NewSyscallError("msync", unix.Msync(m.mem[first:lo+len(b)], unix.MS_SYNC))
}
