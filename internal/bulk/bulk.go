// Package bulk fills and copies memory that nobody reads soon, because it is
// more than the caches hold.
//
// An ordinary store to a line that is not in a cache reads the line first, and
// leaves it in the cache in place of another. A non-temporal store does neither:
// the line goes to memory, which moves two thirds or half of the bytes. Where
// the line would have been read again from the cache that is a loss, so it is
// for those who write a lot: see Least.
//
// Start here. bulk_amd64.s has the stores of amd64; plain.go is what the others
// have. The detectors of races and of bad memory do not see into assembly:
// under them, plain.go is all there is.
package bulk

// Least is from how many bytes in all Fill, Zero and Copy use non-temporal
// stores: twice the last cache of the machine on which BenchmarkLeast chose it,
// because others have larger ones. There, on two processors of an AMD EPYC with
// 32 MiB, the time with ordinary stores over that with non-temporal ones was, in
// the median of three to five runs: of a fill 0.4 at 1 MiB, 1.0 at 8 and 16, 1.1
// at 32, 1.2 at 64 and 1.25 at 256; with one read of everything afterwards 0.6,
// 0.9, 1.1, 1.1, 1.1 and 1.2; of a copy in rows 0.95 at 1 MiB and 1.5 to 1.7 from
// 8 on, with the read 1.0 and 1.2 to 1.5.
//
// The ordinary stores there are the runtime's, the widest. Loops over elements
// took, in the median of eight runs of BenchmarkFill and BenchmarkCopy, 1.4 times
// as long as Fill (1.0 to 4.1) and 1.5 times as long as Copy; clear took 2.1
// times as long as Zero. On that virtual machine the speed of stores alone differed
// by a factor of two from minute to minute.
const Least = 64 << 20

const (
	// shortest is from how many bytes in a call, a row of a matrix perhaps, it is
	// worth it to go to the beginning of a line first. BenchmarkRows, with this at
	// 64: at 1 KiB ordinary stores take 1.2 times as long for a fill and 0.8 for a
	// copy, at 4 KiB 2.0 and 1.0, at 16 KiB 2.1 and 1.3.
	shortest = 4 << 10

	// block is the bytes that are written between two points at which the
	// goroutine can be preempted, which in assembly it cannot: some 10 us, for
	// which the collector waits to stop the world. Larger ones are no faster.
	block = 128 << 10

	// period is the length of a pattern: a multiple of the width of every element.
	period = 16
)

// Fill repeats elem, of 1, 2, 4, 8 or 16 bytes, over dst. It panics if elem has
// another length; dst may end within an element. Of all bytes that are to be
// written at this time, of which dst is a part, all is the number.
//
// Fill panics as a store to dst does if there is a fault. What it wrote is seen
// by whoever sees what the goroutine does next, in other processes too.
func Fill(dst, elem []byte, all int) {
	p := repeat(elem)
	if !streams(len(dst), all) {
		fillPlain(dst, &p)
		return
	}
	for ; len(dst) > block; dst = dst[block:] {
		fillBlock(dst[:block], &p)
	}
	fillBlock(dst, &p)
}

// Zero is Fill with zeros.
func Zero(dst []byte, all int) {
	if !streams(len(dst), all) {
		clear(dst)
		return
	}
	Fill(dst, []byte{0}, all)
}

// Copy copies src to dst, which must be of the same length, or it panics, and
// must not overlap. Its last argument, the faults and the order are Fill's.
//
// The runtime's copy uses non-temporal stores too, on some processors and from
// 1 MiB in a call on. Copy does so for each of many rows that are shorter.
func Copy(dst, src []byte, all int) {
	if len(dst) != len(src) {
		panic("bulk: copy between different lengths")
	}
	if !streams(len(dst), all) {
		copy(dst, src)
		return
	}
	for ; len(dst) > block; dst, src = dst[block:], src[block:] {
		copyBlock(dst[:block], src[:block])
	}
	copyBlock(dst, src)
}

// streams reports whether non-temporal stores are worth it.
func streams(nbytes, all int) bool { return all >= Least && nbytes >= shortest }

// A pattern is what is repeated, twice in a row: from each of its first period
// bytes on there is a whole period.
type pattern [2 * period]byte

// repeat returns the pattern of an element.
func repeat(elem []byte) (p pattern) {
	switch len(elem) {
	case 1, 2, 4, 8, period:
	default:
		panic("bulk: elements of another width than 1, 2, 4, 8 or 16 bytes")
	}
	for n := copy(p[:], elem); n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	return p
}
