package segment

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const mapNoReserve = unix.MAP_NORESERVE

// Variables only so that tests can play a system or a sandbox that lacks them.
var (
	memfdCreate = unix.MemfdCreate
	fallocate   = unix.Fallocate
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

// isMissing reports whether err says that the system, a file system or a
// sandbox's filter does not have a call.
func isMissing(err error) bool {
	return errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) ||
		errors.Is(err, unix.EACCES) || errors.Is(err, unix.EOPNOTSUPP)
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
