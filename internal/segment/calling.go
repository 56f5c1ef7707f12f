package segment

import "os"

// Calling, if it is not nil, is called before each system call by which something comes
// to a disk or into a memory file, and before Lock, with the name of the call and the path
// of the file, or the name to be, if that is known: before those of this package, and of
// others who make them by the functions below or call Enter. It is for tests, which count
// the calls, or end the process before one. They set it before the first, and it may be
// called by several goroutines.
var Calling func(call, path string)

// Enter says that a system call of that name comes next.
func Enter(call, path string) {
	if Calling != nil {
		Calling(call, path)
	}
}

// WriteAt is f.WriteAt.
func WriteAt(f *os.File, b []byte, off int64) (int, error) {
	Enter("pwrite64", f.Name())
	return f.WriteAt(b, off)
}

// Fsync is f.Sync.
func Fsync(f *os.File) error {
	Enter("fsync", f.Name())
	return f.Sync()
}

// Truncate is f.Truncate.
func Truncate(f *os.File, size int64) error {
	Enter("ftruncate", f.Name())
	return f.Truncate(size)
}

// openToWrite is os.OpenFile, which may make the file.
func openToWrite(path string, flag int, perm os.FileMode) (*os.File, error) {
	if flag&(os.O_RDWR|os.O_WRONLY|os.O_CREATE) != 0 {
		Enter("openat", path)
	}
	return os.OpenFile(path, flag, perm)
}

func linkNamed(old, path string) error {
	Enter("linkat", path)
	return os.Link(old, path)
}

func renameNamed(old, path string) error {
	Enter("renameat", path)
	return os.Rename(old, path)
}
