//go:build !race && !msan && !asan

package bulk

// fillBlock is Fill for at most a block. It is not inlined, and the check of the
// stack with which it begins is where the goroutine can be preempted.
//
//go:noinline
func fillBlock(dst []byte, p *pattern) { fillStream(dst, p) }

// copyBlock is Copy for at most a block, as fillBlock is Fill.
//
//go:noinline
func copyBlock(dst, src []byte) { copyStream(dst, src) }

// fillStream repeats the first half of p over dst. It is in bulk_amd64.s.
//
//go:noescape
func fillStream(dst []byte, p *pattern)

// copyStream copies len(dst) bytes from src to dst. It is in bulk_amd64.s.
//
//go:noescape
func copyStream(dst, src []byte)
