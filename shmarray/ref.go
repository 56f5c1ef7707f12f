package shmarray

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"path/filepath"

	"github.com/parfor-go/parfor/internal/npy"
	"github.com/parfor-go/parfor/internal/segment"
)

// refVersion is the first byte of a reference. There is one version: the
// processes of a run are the same program.
const refVersion = 1

// A reference says where an array is.
//
// Encoded it is a byte each for the version, the kind and the size of the
// element type, and the mode; as varints the device, the inode, its
// generation, the offset, the number of axes and the length of each; and the
// path, up to the end.
type reference struct {
	elem   npy.Type
	mode   Mode       // ReadOnly or ReadWrite
	id     segment.ID // zero: no elements, no memory
	offset int        // of the first element, in bytes from the beginning of the mapping
	shape  []int
	path   string // of the file, absolute; "": anonymous
}

// GobEncode encodes a reference to the array: which memory or file it is in,
// where there, its shape and its element type, and never the elements, so that
// it takes a few bytes for an array of any size. A reference to a view keeps
// the view's place. It is good for as long as the array is open.
//
// The error is ErrClosed, or ErrPrivate for elements of a Private or a
// CopyOnWrite array, which no other process can see.
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

// GobDecode makes a the array that a reference is to. What a was before is
// not closed.
//
// Nothing is copied, and nothing mapped a second time. In the process that
// encoded the reference, and in a worker process that was given the memory, a
// is a view: its Close does nothing, and it is closed when the last array that
// owns the memory is. A file that this process has not open is opened by its
// path, in the mode in which the encoding process had it; a is then an owner,
// which Close closes. An array without elements is in no memory, and a an owner
// too.
//
// The error is ErrClosed if this process has not the memory, any more or at
// all, or if there is another file under the path now; ErrDType if the
// elements are not T; ErrFormat if b is not a reference; and for a file each
// of Open's.
func (a *Array[T]) GobDecode(b []byte) error {
	r, ok := decodeReference(b)
	if !ok {
		return badReference(b)
	}
	if want := typeOf[T](); r.elem != want {
		return &detailed{ErrDType, fmt.Errorf("shmarray: reference to an array of %v, wanted %v", r.elem, want)}
	}
	n, err := size[T](r.shape)
	nbytes := n * r.elem.Size
	if err != nil || r.offset > math.MaxInt-nbytes || r.offset%min(r.elem.Size, 8) != 0 {
		return badReference(b)
	}
	if n == 0 {
		seg, err := segment.New(0, "")
		if err != nil {
			return segmentError(err)
		}
		*a = *of([]T{}, r.shape, seg, false)
		return nil
	}
	return a.resolve(r, nbytes)
}

func badReference(b []byte) error {
	return &detailed{ErrFormat, fmt.Errorf("shmarray: %d bytes that are not a reference", len(b))}
}

// resolve makes a the array of nbytes > 0 that r is to.
func (a *Array[T]) resolve(r reference, nbytes int) error {
	lo, hi := r.offset, r.offset+nbytes
	// Where there are no generations, an identity alone proves little: a file
	// system gives that of a file that is gone to the next one.
	if seg := segment.Find(r.id, lo, hi); seg != nil && (seg.Adopted() || seg.Path() == r.path && Mode(seg.Mode()) == r.mode) {
		*a = *of(segment.Cast[T](seg.Bytes()), r.shape, seg, true)
		return nil
	}
	if r.path == "" {
		return &detailed{ErrClosed, fmt.Errorf("shmarray: reference to a %s that is closed, or that this process was not given", describe[T](r.shape))}
	}
	owner, err := openAs[T](r.path, r.mode, &r.id)
	if err == nil {
		if seg := segment.Find(r.id, lo, hi); seg != nil {
			if data := segment.Cast[T](seg.Bytes()); Backs(owner, data) {
				*a = *of(data, r.shape, owner.seg, false)
				return nil
			}
		}
		owner.Close()
	} else if !errors.Is(err, errOther) {
		return err
	}
	return &detailed{ErrClosed, fmt.Errorf("shmarray: reference to a %s of %s: that is another file now", describe[T](r.shape), r.path)}
}

func (r *reference) encode() []byte {
	b := []byte{refVersion, r.elem.Kind, byte(r.elem.Size), byte(r.mode)}
	b = binary.AppendUvarint(b, r.id.Device)
	b = binary.AppendUvarint(b, r.id.Inode)
	b = binary.AppendUvarint(b, r.id.Generation)
	b = binary.AppendUvarint(b, uint64(r.offset))
	b = binary.AppendUvarint(b, uint64(len(r.shape)))
	for _, dim := range r.shape {
		b = binary.AppendUvarint(b, uint64(dim))
	}
	return append(b, r.path...)
}

// decodeReference is the inverse of encode. It takes memory in proportion to
// len(b), and does not look at what the numbers say together.
func decodeReference(b []byte) (r reference, ok bool) {
	if len(b) < 4 || b[0] != refVersion {
		return r, false
	}
	r.elem = npy.Type{Kind: b[1], Size: int(b[2])}
	r.mode = Mode(b[3])
	b, ok = b[4:], true
	next := func(limit uint64) uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 || v > limit {
			ok = false
			return 0
		}
		b = b[n:]
		return v
	}
	r.id.Device = next(math.MaxUint64)
	r.id.Inode = next(math.MaxUint64)
	r.id.Generation = next(math.MaxUint64)
	r.offset = int(next(math.MaxInt))
	r.shape = make([]int, next(uint64(len(b)))) // each length takes a byte
	for i := range r.shape {
		r.shape[i] = int(next(math.MaxInt))
	}
	r.path = string(b)
	return r, ok && (r.mode == ReadOnly || r.mode == ReadWrite) && (r.path == "" || filepath.IsAbs(r.path))
}
