package segment

import (
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Call counts the calls of one kind, and makes those from number First to
// Last fail.
type Call struct {
	First, Last int64 // the first call is 1
	Err         unix.Errno

	made atomic.Int64
}

// Made returns how many there were.
func (c *Call) Made() int { return int(c.made.Load()) }

// fails counts a call, and returns what it is to fail with.
func (c *Call) fails() error {
	if k := c.made.Add(1); c.First <= k && k <= c.Last {
		return c.Err
	}
	return nil
}

// on fails for the calls of package os, which say what failed at what.
func (c *Call) on(op, path string) error {
	if err := c.fails(); err != nil {
		return &os.PathError{Op: op, Path: path, Err: err}
	}
	return nil
}

func swap[F any](p *F, f F) (restore func()) {
	old := *p
	*p = f
	return func() { *p = old }
}

// injections has, by the name of the call, what makes it go through a Call.
var injections = map[string]func(c *Call) (restore func()){
	"memfd_create": func(c *Call) func() {
		old := memfdCreate
		return swap(&memfdCreate, func(name string, flags int) (int, error) {
			if err := c.fails(); err != nil {
				return -1, err
			}
			return old(name, flags)
		})
	},
	"fallocate": func(c *Call) func() {
		old := fallocate
		return swap(&fallocate, func(fd int, mode uint32, off, n int64) error {
			if err := c.fails(); err != nil {
				return err
			}
			return old(fd, mode, off, n)
		})
	},
	"madvise": func(c *Call) func() {
		old := madvise
		return swap(&madvise, func(b []byte, advice int) error {
			if err := c.fails(); err != nil {
				return err
			}
			return old(b, advice)
		})
	},
	"mmap": func(c *Call) func() {
		old := mmap
		return swap(&mmap, func(fd int, off int64, addr unsafe.Pointer, n uintptr, prot, flags int) (unsafe.Pointer, error) {
			if err := c.fails(); err != nil {
				return nil, err
			}
			return old(fd, off, addr, n, prot, flags)
		})
	},
	"munmap": func(c *Call) func() {
		old := munmap
		return swap(&munmap, func(addr unsafe.Pointer, n uintptr) error {
			if err := c.fails(); err != nil {
				return err
			}
			return old(addr, n)
		})
	},
	"msync": func(c *Call) func() {
		old := msync
		return swap(&msync, func(b []byte, flags int) error {
			if err := c.fails(); err != nil {
				return err
			}
			return old(b, flags)
		})
	},
	"fstat": func(c *Call) func() {
		old := fstat
		return swap(&fstat, func(fd int, st *unix.Stat_t) error {
			if err := c.fails(); err != nil {
				return err
			}
			return old(fd, st)
		})
	},
	"linkat": func(c *Call) func() {
		old := linkat
		return swap(&linkat, func(fd int, from string, newfd int, to string, flags int) error {
			if err := c.fails(); err != nil {
				return err
			}
			return old(fd, from, newfd, to, flags)
		})
	},
	"renameat2": func(c *Call) func() {
		old := renameat2
		return swap(&renameat2, func(fd int, from string, newfd int, to string, flags uint) error {
			if err := c.fails(); err != nil {
				return err
			}
			return old(fd, from, newfd, to, flags)
		})
	},
	"open": func(c *Call) func() {
		old := openFile
		return swap(&openFile, func(path string, flag int, perm os.FileMode) (*os.File, error) {
			if err := c.on("open", path); err != nil {
				return nil, err
			}
			return old(path, flag, perm)
		})
	},
	"truncate": func(c *Call) func() {
		old := truncate
		return swap(&truncate, func(f *os.File, n int64) error {
			if err := c.on("truncate", f.Name()); err != nil {
				return err
			}
			return old(f, n)
		})
	},
	"write": func(c *Call) func() {
		old := writeAt
		return swap(&writeAt, func(f *os.File, b []byte, off int64) (int, error) {
			if err := c.on("write", f.Name()); err != nil {
				return 0, err
			}
			return old(f, b, off)
		})
	},
	"sync": func(c *Call) func() {
		old := fsync
		return swap(&fsync, func(f *os.File) error {
			if err := c.on("sync", f.Name()); err != nil {
				return err
			}
			return old(f)
		})
	},
	"link": func(c *Call) func() {
		old := link
		return swap(&link, func(from, to string) error {
			if err := c.fails(); err != nil {
				return &os.LinkError{Op: "link", Old: from, New: to, Err: err}
			}
			return old(from, to)
		})
	},
	"rename": func(c *Call) func() {
		old := rename
		return swap(&rename, func(from, to string) error {
			if err := c.fails(); err != nil {
				return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
			}
			return old(from, to)
		})
	},
}

// Calls returns the names of the calls that Inject knows.
func Calls() []string { return slices.Sorted(maps.Keys(injections)) }

// Inject puts c in front of a call, until the returned function is called.
func Inject(call string, c *Call) (restore func()) { return injections[call](c) }

// NoNameless makes it impossible to open a file without a name.
func NoNameless() (restore func()) {
	old := openFile
	return swap(&openFile, func(path string, flag int, perm os.FileMode) (*os.File, error) {
		if flag&unix.O_TMPFILE == unix.O_TMPFILE {
			return nil, &os.PathError{Op: "open", Path: path, Err: unix.EOPNOTSUPP}
		}
		return old(path, flag, perm)
	})
}

// Before calls f before every linkat, link or renameat2.
func Before(call string, f func(to string)) (restore func()) {
	switch call {
	case "link":
		old := link
		return swap(&link, func(from, to string) error {
			f(to)
			return old(from, to)
		})
	case "linkat":
		old := linkat
		return swap(&linkat, func(fd int, from string, newfd int, to string, flags int) error {
			f(to)
			return old(fd, from, newfd, to, flags)
		})
	case "renameat2":
		old := renameat2
		return swap(&renameat2, func(fd int, from string, newfd int, to string, flags uint) error {
			f(to)
			return old(fd, from, newfd, to, flags)
		})
	}
	panic(call)
}

// AfterLinkat calls f after every linkat.
func AfterLinkat(f func(to string)) (restore func()) {
	old := linkat
	return swap(&linkat, func(fd int, from string, newfd int, to string, flags int) error {
		err := old(fd, from, newfd, to, flags)
		f(to)
		return err
	})
}

// SetStatfs replaces statfs.
func SetStatfs(f func(path string, st *unix.Statfs_t) error) (restore func()) {
	return swap(&statfs, f)
}

// FreeBytes is what Create compares a size with.
var FreeBytes = freeBytes

// A Ledger counts mappings by what is asked of the system, private ones
// included, which /proc/self/maps does not tell from the heap.
type Ledger struct {
	mu   sync.Mutex
	open map[unsafe.Pointer]bool
}

// Watch begins to count. What has a home in the heap does not count.
func Watch() (l *Ledger, restore func()) {
	l = &Ledger{open: map[unsafe.Pointer]bool{}}
	oldMap, oldUnmap := mmap, munmap
	mmap = func(fd int, off int64, addr unsafe.Pointer, n uintptr, prot, flags int) (unsafe.Pointer, error) {
		p, err := oldMap(fd, off, addr, n, prot, flags)
		l.mu.Lock()
		defer l.mu.Unlock()
		switch {
		case err != nil:
		case flags&unix.MAP_FIXED == 0:
			l.open[p] = true
		case prot == unix.PROT_NONE: // a fence
			delete(l.open, p)
		}
		return p, err
	}
	munmap = func(addr unsafe.Pointer, n uintptr) error {
		err := oldUnmap(addr, n)
		if err == nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			delete(l.open, addr)
		}
		return err
	}
	return l, func() { mmap, munmap = oldMap, oldUnmap }
}

// Open returns how many ranges are mapped, those in quarantine left out.
func (l *Ledger) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

// SetMsync replaces msync.
func SetMsync(f func(b []byte) error) (restore func()) {
	return swap(&msync, func(b []byte, _ int) error { return f(b) })
}

// Allocate calls allocate for nbytes of nothing, and returns the ranges that it
// reserves or, where fallocate fails with missing, writes.
func Allocate(nbytes int, missing error) (all [][2]int64, err error) {
	defer swap(&truncate, func(*os.File, int64) error { return nil })()
	defer swap(&fallocate, func(_ int, _ uint32, off, n int64) error {
		if missing == nil {
			all = append(all, [2]int64{off, off + n})
		}
		return missing
	})()
	defer swap(&writeAt, func(_ *os.File, b []byte, off int64) (int, error) {
		all = append(all, [2]int64{off, off + int64(len(b))})
		return len(b), nil
	})()
	err = allocate(os.Stdin, nbytes)
	return all, err
}
