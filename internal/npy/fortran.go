package npy

import "io"

// These were chosen with BenchmarkReadFortran, which differs little between
// half and twice as much of each.
const (
	// blockSize bounds what is read at a time, in bytes. A block stays in the
	// cache of one core.
	blockSize = 256 << 10
	// blockPlanes is the least number of planes in a block. Storing fewer
	// neighbours together gains nothing over storing them one by one.
	blockPlanes = 8
	// runLength bounds how many neighbours are stored together. The cache
	// lines that they come from hold what the next runs need.
	runLength = 32
)

// ReadFortran reads the elements of an array in Fortran order, the first index
// changing fastest, and stores them in dst in row-major order. It does not look
// at h.Fortran and does not swap bytes. It reads exactly len(dst) bytes and,
// where the two orders differ, takes a buffer of at most 256 KiB.
//
// ReadFortran panics if dst does not have h.Count()*h.Type.Size bytes. It
// returns an ErrFormat if the data end early, and an error of r wrapped; then
// dst holds some of the elements.
func (h Header) ReadFortran(dst []byte, r io.Reader) error {
	if len(dst) != h.Count()*h.Type.Size {
		panic("npy: destination of another size than the array")
	}
	f := fortran{dst: dst, r: r, size: h.Type.Size}
	nbytes := f.size
	for _, n := range h.Shape {
		if n != 1 { // an axis of length 1 moves nothing
			f.shape = append(f.shape, n)
			f.plane = append(f.plane, nbytes)
			nbytes *= n
		}
	}
	axes := len(f.shape)
	if len(dst) == 0 || axes < 2 {
		return readFull(r, dst, "data", 0)
	}
	f.step = make([]int, axes)
	for axis, step := axes-1, f.size; axis >= 0; axis-- {
		f.step[axis] = step
		step *= f.shape[axis]
	}
	f.index = make([]int, axes)
	f.block = make([]byte, min(blockSize, len(dst)))
	return f.read(axes-1, 0)
}

// A fortran is one call of ReadFortran.
type fortran struct {
	dst   []byte
	r     io.Reader
	done  int    // bytes read
	block []byte // what was read last
	size  int    // bytes of an element
	shape []int
	step  []int // step[k] bytes lie in dst between neighbours along axis k
	plane []int // plane[k] bytes of the file hold all elements of axes 0 to k-1
	index []int // of store, zeros outside
}

// read reads all elements of axes 0 to axis, the first of which belongs to
// dst[to:]: some planes at a time, or each plane part by part.
func (f *fortran) read(axis, to int) error {
	plane := f.plane[axis]
	if axis > 0 && plane > len(f.block)/blockPlanes {
		for range f.shape[axis] {
			if err := f.read(axis-1, to); err != nil {
				return err
			}
			to += f.step[axis]
		}
		return nil
	}
	for left := f.shape[axis]; left > 0; {
		n := min(left, len(f.block)/plane)
		if err := readFull(f.r, f.block[:n*plane], "data", f.done); err != nil {
			return err
		}
		f.done += n * plane
		f.store(axis, to, n)
		to += n * f.step[axis]
		left -= n
	}
	return nil
}

// store stores the n planes in the block, the first of which belongs to
// dst[to:]. It walks through the elements of a plane, and takes the elements
// at the same place in several planes at once: for the last axis these are
// neighbours in dst.
func (f *fortran) store(axis, to, n int) {
	plane, step := f.plane[axis], f.step[axis]
	for lo := 0; lo < n; lo += runLength {
		run := min(runLength, n-lo)
		for from := lo * plane; from < (lo+1)*plane; from += f.size {
			move(f.dst[to:], step, f.block[from:], plane, run, f.size)
			to = f.next(axis, to)
		}
		to += run * step
	}
}

// next returns where the element belongs that follows the one at dst[to:] in a
// plane, for the last one where the plane began.
func (f *fortran) next(axis, to int) int {
	for k := range axis {
		to += f.step[k]
		if f.index[k]++; f.index[k] < f.shape[k] {
			return to
		}
		f.index[k] = 0
		to -= f.shape[k] * f.step[k]
	}
	return to
}

// move copies n elements of size bytes that lie from bytes apart in src and to
// bytes apart in dst. A copy of an array of fixed length is a load and a store.
func move(dst []byte, to int, src []byte, from, n, size int) {
	d, s := 0, 0
	switch size {
	case 1:
		for range n {
			dst[d] = src[s]
			d, s = d+to, s+from
		}
	case 2:
		for range n {
			*(*[2]byte)(dst[d:]) = [2]byte(src[s:])
			d, s = d+to, s+from
		}
	case 4:
		for range n {
			*(*[4]byte)(dst[d:]) = [4]byte(src[s:])
			d, s = d+to, s+from
		}
	case 8:
		for range n {
			*(*[8]byte)(dst[d:]) = [8]byte(src[s:])
			d, s = d+to, s+from
		}
	case 16:
		for range n {
			*(*[16]byte)(dst[d:]) = [16]byte(src[s:])
			d, s = d+to, s+from
		}
	}
}
