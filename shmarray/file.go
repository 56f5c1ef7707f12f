package shmarray

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"

	"github.com/parfor-go/parfor/internal/npy"
	"github.com/parfor-go/parfor/internal/segment"
)

// A Mode says what may be done with the array of a file.
type Mode int

const (
	// ReadOnly: the elements can be read. Set panics. A write by way of a
	// slice or a matrix is a fault: a PanicError in a body of package parmap's,
	// and the end of the program elsewhere.
	ReadOnly = Mode(segment.ReadOnly)
	// ReadWrite: what is written is in the file, at once for every process
	// that has it mapped and for good after Sync.
	ReadWrite = Mode(segment.ReadWrite)
	// CopyOnWrite: what is written stays in memory of this array's own. What is
	// not written to yet may show what another process writes to the file, but
	// never what this one does: a file that is also open ReadWrite is copied.
	CopyOnWrite = Mode(segment.CopyOnWrite)
)

// String returns the name of the mode.
func (m Mode) String() string { return segment.Mode(m).String() }

// Create makes a .npy file of zeros, which NumPy reads with np.load, and opens
// it ReadWrite. No file of that name may exist: the error is then
// fs.ErrExist. The file appears under its name when all of it is on the disk.
//
// The other errors are New's, where ErrNoSpace is about the disk, ErrShape for
// more than the 64 axes that NumPy takes, and the file system's. Nothing is
// left then. A shape with a 0 in it, or none, is as good as any.
//
// Create blocks until the disk has reserved the space: an instant where the
// file system has fallocate, else the time to write that many zeros.
func Create[T Elem](path string, shape ...int) (*Array[T], error) {
	n, err := size[T](shape)
	if err != nil {
		return nil, err
	}
	nbytes := n * segment.Sizeof[T]()
	if nbytes > math.MaxInt-npy.HeaderSize {
		return nil, shapeErrorf("create %s: shape %v: more than %d bytes", path, shape, math.MaxInt)
	}
	head, err := npy.Own(typeOf[T](), shape).Encode()
	if err != nil {
		return nil, fileError("create", path, err)
	}
	seg, err := segment.Create(path, head, nbytes, describeFile[T](path, shape))
	if err != nil {
		return nil, fileError("create", path, err)
	}
	return of(segment.Cast[T](seg.Bytes()), slices.Clone(shape), seg, false), nil
}

// Open maps the array of a .npy file. ErrDType: its elements are not T.
// ErrByteOrder: their bytes are in the order of another kind of machine.
// ErrMisaligned: they begin where this machine cannot read a T. ErrFormat: it
// is not a .npy file, is shorter than its header says, or holds the elements
// in Fortran order. Load reads all but the foreign and the broken.
//
// A file that is open already is not mapped again: the arrays share their
// memory, so that gonum sees that they overlap, and each is closed on its own.
// Then Open in another mode is ErrInUse. CopyOnWrite stands apart: each such
// array is a mapping of its own.
//
// The elements are read from the disk when they are first used, so opening
// costs the same for every size. If the file is made shorter while it is open,
// access to what is missing is a fault; so is access to what the disk cannot
// read, and under CopyOnWrite a write for which there is no memory. See
// docs/guarantees.md.
//
// ErrInUse is also the answer if the file has become longer, by its header,
// since it was opened.
func Open[T Elem](path string, mode Mode) (*Array[T], error) {
	return openAs[T](path, mode, nil)
}

// OpenOrCreate opens the array of a .npy file ReadWrite, as Open does, or makes it, as
// Create does, if there is none: the array of a run that may have been killed before, and
// goes on. Of several processes that call it at once one makes the file. ErrShape: there is
// one, of another shape. The other errors are those of Open and Create.
func OpenOrCreate[T Elem](path string, shape ...int) (*Array[T], error) {
	a, err := Open[T](path, ReadWrite)
	if errors.Is(err, fs.ErrNotExist) {
		a, err = Create[T](path, shape...)
		if errors.Is(err, fs.ErrExist) { // since then
			a, err = Open[T](path, ReadWrite)
		}
	}
	if err != nil {
		return nil, err
	}
	if is := a.Shape(); !slices.Equal(is, shape) {
		if err := a.Close(); err != nil {
			return nil, err
		}
		return nil, shapeErrorf("open %s: shape %v: wanted %v", path, is, shape)
	}
	return a, nil
}

// errOther says that there is another file under a path.
var errOther = errors.New("another file")

// openAs is Open, but of no other file than want, if that is not nil: to map one
// would make copies of its CopyOnWrite arrays. The error is errOther then.
func openAs[T Elem](path string, mode Mode, want *segment.ID) (*Array[T], error) {
	flag := os.O_RDONLY
	switch mode {
	case ReadOnly, CopyOnWrite:
	case ReadWrite:
		flag = os.O_RDWR
	default:
		panic(badMode)
	}
	// Opening a pipe could block, and a device do anything.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fileError("open", path, errorf(ErrFormat, "not a regular file"))
	}
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return nil, fileError("open", path, err)
	}
	h, offset, err := readHeader[T](f)
	if err == nil {
		err = mappable(h, offset)
	}
	if err == nil && want != nil {
		var id segment.ID
		if id, err = segment.Identify(f); err == nil && id != *want {
			err = errOther
		}
	}
	if err != nil {
		f.Close()
		return nil, fileError("open", path, err)
	}
	nbytes := h.Count() * h.Type.Size
	seg, err := segment.Map(f, path, segment.Mode(mode), offset, offset+nbytes, describeFile[T](path, h.Shape))
	if err != nil {
		return nil, fileError("open", path, err)
	}
	return of(segment.Cast[T](seg.Bytes()), h.Shape, seg, false), nil
}

// readHeader reads the header of f, whose elements must be T, and where they
// begin. It makes sure that a regular file is long enough for them.
func readHeader[T Elem](f *os.File) (h npy.Header, offset int, err error) {
	want := typeOf[T]()
	h, offset, err = npy.Read(f)
	switch {
	case errors.Is(err, npy.ErrDType):
		return h, 0, fmt.Errorf("%w: wanted %v", err, want)
	case err != nil:
		return h, 0, err
	case h.Type != want:
		return h, 0, errorf(ErrDType, "the elements are %v: wanted %v", h.Type, want)
	}
	nbytes := h.Count() * h.Type.Size
	if nbytes > math.MaxInt-offset {
		return h, 0, errorf(ErrShape, "shape %v: more than %d bytes", h.Shape, math.MaxInt)
	}
	info, err := f.Stat()
	if err != nil {
		return h, 0, err
	}
	if info.Mode().IsRegular() && info.Size() < int64(offset+nbytes) {
		return h, 0, errorf(ErrFormat, "%d bytes long: a header and %v of shape %v take %d",
			info.Size(), h.Type, h.Shape, offset+nbytes)
	}
	return h, offset, nil
}

// mappable returns an error if the elements cannot be used where they lie.
func mappable(h npy.Header, offset int) error {
	align := min(h.Type.Size, 8)
	switch {
	case !h.Native():
		return errorf(ErrByteOrder, "%v in the byte order of another machine: Load swaps them", h.Type)
	case !h.RowMajor():
		return errorf(ErrFormat, "shape %v in Fortran order: Load reorders it", h.Shape)
	case offset%align != 0:
		return errorf(ErrMisaligned, "%v from byte %d on, which is not a multiple of %d: Load moves them", h.Type, offset, align)
	}
	return nil
}

// Load reads the array of a .npy file into memory of its own, as New makes it:
// of either byte order, in row-major or in Fortran order, wherever in the file
// it begins. A path that is not a regular file is read to the array's end.
//
// Load blocks for as long as reading takes; a regular file is read on all
// processors, elements in Fortran order on one.
//
// The errors are New's, ErrDType if the elements are not T, since nothing is
// converted, ErrFormat if it is not a .npy file or ends too soon, and the file
// system's.
func Load[T Elem](path string) (*Array[T], error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError("load", path, err)
	}
	defer f.Close()
	h, offset, err := readHeader[T](f)
	if err != nil {
		return nil, fileError("load", path, err)
	}
	a, err := New[T](h.Shape...)
	if err != nil {
		return nil, err
	}
	if err := readData(f, h, offset, segment.BytesOf(a.data)); err != nil {
		a.Close()
		return nil, fileError("load", path, err)
	}
	return a, nil
}

// readData reads the elements behind the header of f into dst, row-major and
// in this machine's byte order.
func readData(f *os.File, h npy.Header, offset int, dst []byte) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	switch {
	case !h.RowMajor():
		err = h.ReadFortran(dst, f)
	case info.Mode().IsRegular():
		err = segment.Spread(len(dst), func(lo, hi int) error {
			_, err := f.ReadAt(dst[lo:hi], int64(offset+lo))
			return err
		})
	default:
		_, err = io.ReadFull(f, dst)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errorf(ErrFormat, "the file ends before its data")
	}
	if err != nil || h.Native() {
		return err
	}
	return segment.Spread(len(dst), func(lo, hi int) error {
		h.Swap(dst[lo:hi])
		return nil
	})
}

// Sync returns when what was written to the array, or to that part of it which
// a view is, is on the disk. Without a file to write to, that is at once;
// otherwise it blocks for as long as writing takes, of the bytes that were
// changed since the last time.
//
// An error is final. The system may have given up what it could not write, so
// that another attempt would succeed and mean nothing: Sync returns the same
// error from then on. That the file was made shorter is one; that it was made
// shorter and longer again Sync cannot know. After Close it is ErrClosed.
func (a *Array[T]) Sync() error {
	if a.seg.Closed() {
		return ErrClosed
	}
	if err := a.seg.Sync(segment.BytesOf(a.data)); err != nil {
		return fileError("sync", a.Path(), err)
	}
	return nil
}

// Path returns the absolute path of the file that the elements are in, as it
// was when this process first opened that, or "" if the array is anonymous or
// CopyOnWrite.
func (a *Array[T]) Path() string {
	if a.seg == nil {
		return ""
	}
	return a.seg.Path()
}

// typeOf returns T as a .npy header has it.
func typeOf[T Elem]() npy.Type {
	t, _ := npy.TypeOf(*new(T)) // an Elem is one of the twelve
	return t
}

func describeFile[T Elem](path string, shape []int) string {
	return describe[T](shape) + " of " + path
}
