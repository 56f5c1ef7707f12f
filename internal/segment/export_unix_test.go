//go:build unix

package segment

import "unsafe"

// BeforeMmap calls f before every mmap, until the returned function is called.
func BeforeMmap(f func()) (restore func()) {
	old := mmap
	mmap = func(fd int, off int64, addr unsafe.Pointer, n uintptr, prot, flags int) (unsafe.Pointer, error) {
		f()
		return old(fd, off, addr, n, prot, flags)
	}
	return func() { mmap = old }
}
