//go:build race && linux && !s390x

package segment

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// quarantineBytes bounds the quarantine's address space, which here is the Go
// heap's.
const quarantineBytes = 256 << 20

// homeBytes is what home gives without asking how much memory there is.
const homeBytes = 64 << 20

// home returns memory of the Go heap in which nbytes can be mapped at a page.
//
// The race detector watches the heap and nothing else. So under it a segment
// is mapped over a part of the heap that the collector takes for an ordinary
// slice without pointers: it does not move, and nobody but the owner of the
// mapping touches it. Before the slice is dropped, ordinary memory is mapped
// there again. What would be a large part of the memory, a file above all, is
// mapped elsewhere, unwatched: the heap could not grow so much.
func home(nbytes int) []byte {
	if nbytes > homeBytes && int64(nbytes) > available()/4 {
		return nil
	}
	page := os.Getpagesize()
	return make([]byte, (nbytes+page-1)/page*page+page)
}

// systemMmap is unix.MmapPtr, but returns addr itself where there is one: made
// anew from a number, a pointer into the heap fails the checks of pointers
// that the compiler adds under the race detector.
func systemMmap(fd int, offset int64, addr unsafe.Pointer, length uintptr, prot, flags int) (unsafe.Pointer, error) {
	if addr == nil {
		return unix.MmapPtr(fd, offset, addr, length, prot, flags)
	}
	_, _, errno := unix.Syscall6(unix.SYS_MMAP, uintptr(addr), length, uintptr(prot), uintptr(flags), uintptr(fd), uintptr(offset))
	if errno != 0 {
		return nil, errno
	}
	return addr, nil
}
