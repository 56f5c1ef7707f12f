package shmarray

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/parfor-go/parfor/internal/npy"
	"github.com/parfor-go/parfor/internal/segment"
)

// refVersion is the first byte of a reference.
const refVersion = 1

// A reference is what GobEncode writes: where an array is.
type reference struct {
	elem   npy.Type
	mode   Mode
	id     segment.ID // zero: no bytes, no memory
	offset int        // of the first element, in bytes from the beginning of what is mapped
	path   string     // "": anonymous
	shape  []int
}

// GobEncode encodes a reference to the array: which memory or file it is in,
// where there, its shape and element type, and never the elements. A reference
// to a view keeps the view's place.
//
// The error is ErrPrivate for an array of Private and for CopyOnWrite, which no
// other process can see, and ErrClosed.
func (a *Array[T]) GobEncode() ([]byte, error) {
	if a.seg.Closed() {
		return nil, ErrClosed
	}
	r := reference{elem: typeOf[T](), shape: a.shape}
	if len(a.data) > 0 {
		id, offset, ok := a.seg.Locate(segment.BytesOf(a.data))
		if !ok {
			return nil, ErrPrivate
		}
		r.id, r.offset = id, offset
		r.mode, r.path = Mode(a.seg.Mode()), a.seg.Path()
	}
	return r.encode(), nil
}

// GobDecode makes a the array that a reference from GobEncode is to.
//
// Memory that this process has is not mapped again: a is a view of it, which
// lasts as long as its owner. So it is in the process that encoded it, and in
// a worker process that was given the memory. A file that this process has not
// open is opened as the encoding process had it, and a closed by Close.
//
// The error is ErrClosed if the memory is not to be had any more, ErrDType if
// the elements are not T, and ErrFormat for what is not a reference.
func (a *Array[T]) GobDecode(b []byte) error {
	r, err := decodeReference(b)
	if err != nil {
		return err
	}
	if want := typeOf[T](); r.elem != want {
		return &detailed{ErrDType, fmt.Errorf("shmarray: reference to an array of %v, wanted %v", r.elem, want)}
	}
	n, err := size[T](r.shape)
	if err != nil {
		return err
	}
	if n == 0 {
		seg, err := segment.New(0, "")
		if err != nil {
			return segmentError(err)
		}
		*a = *of([]T{}, r.shape, seg, false)
		return nil
	}
	return a.resolve(r, n*r.elem.Size)
}

// resolve makes a the array of nbytes that r is to.
func (a *Array[T]) resolve(r reference, nbytes int) error {
	if r.offset%min(r.elem.Size, 8) != 0 {
		return &detailed{ErrMisaligned, fmt.Errorf("shmarray: reference to %v at byte %d", r.elem, r.offset)}
	}
	if seg := segment.Find(r.id, r.offset, r.offset+nbytes); seg != nil {
		*a = *of(segment.Cast[T](seg.Bytes()), r.shape, seg, true)
		return nil
	}
	if r.path == "" {
		return &detailed{ErrClosed, fmt.Errorf("shmarray: reference to an array that is closed or of another process")}
	}
	owner, err := Open[T](r.path, r.mode)
	if err != nil {
		return err
	}
	id, begin, _ := owner.seg.Locate(segment.BytesOf(owner.data))
	lo, hi := r.offset-begin, r.offset-begin+nbytes
	if id != r.id || lo < 0 || hi > len(owner.data)*r.elem.Size {
		owner.Close()
		return &detailed{ErrClosed, fmt.Errorf("shmarray: reference to %s: that is another file now", r.path)}
	}
	*a = *of(owner.data[lo/r.elem.Size:hi/r.elem.Size], r.shape, owner.seg, false)
	return nil
}

func (r *reference) encode() []byte {
	b := []byte{refVersion, r.elem.Kind, byte(r.elem.Size), byte(r.mode)}
	b = binary.AppendUvarint(b, r.id.Device)
	b = binary.AppendUvarint(b, r.id.Inode)
	b = binary.AppendUvarint(b, uint64(r.offset))
	b = binary.AppendUvarint(b, uint64(len(r.shape)))
	for _, dim := range r.shape {
		b = binary.AppendUvarint(b, uint64(dim))
	}
	return append(b, r.path...)
}

func decodeReference(b []byte) (r reference, err error) {
	bad := &detailed{ErrFormat, fmt.Errorf("shmarray: %d bytes that are not a reference", len(b))}
	if len(b) < 4 || b[0] != refVersion {
		return r, bad
	}
	r.elem = npy.Type{Kind: b[1], Size: int(b[2])}
	r.mode = Mode(b[3])
	b = b[4:]
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			err = bad
			return 0
		}
		b = b[n:]
		return v
	}
	r.id = segment.ID{Device: next(), Inode: next()}
	offset, axes := next(), next()
	if err != nil || r.mode != ReadOnly && r.mode != ReadWrite || offset > math.MaxInt || axes > uint64(len(b)) {
		return r, bad
	}
	r.offset = int(offset)
	r.shape = make([]int, axes)
	for i := range r.shape {
		dim := next()
		if dim > math.MaxInt {
			return r, bad
		}
		r.shape[i] = int(dim)
	}
	r.path = string(b)
	return r, err
}
