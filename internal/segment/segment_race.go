//go:build race && unix

package segment

import "os"

// quarantineBytes bounds the quarantine's address space, which here is the Go
// heap's.
const quarantineBytes = 256 << 20

// home returns memory of the Go heap in which nbytes can be mapped at a page.
//
// The race detector watches the heap and nothing else. So under it a segment
// is mapped over a part of the heap that the collector takes for an ordinary
// slice without pointers: it does not move, and nobody but the owner of the
// mapping touches it. Before the slice is dropped, ordinary memory is mapped
// there again.
func home(nbytes int) []byte {
	page := os.Getpagesize()
	return make([]byte, (nbytes+page-1)/page*page+page)
}
