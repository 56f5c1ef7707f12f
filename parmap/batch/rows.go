package batch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/internal/npy"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// A rowFile is the file that has the rows.
type rowFile struct {
	*os.File
	spool  *spool
	sealed bool // it is the array, and has no gaps
}

// openPartial opens the file that tasks write to.
func (s *spool) openPartial(flag int) (rowFile, error) {
	f, err := os.OpenFile(s.partial(), flag, 0)
	return rowFile{f, s, false}, err
}

// open opens what there is, for reading: the array if it is sealed.
func (s *spool) open() (rowFile, error) {
	f, err := s.openPartial(os.O_RDONLY)
	if !errors.Is(err, os.ErrNotExist) {
		return f, err
	}
	f, err = s.openArray(s.Output)
	if errors.Is(err, os.ErrNotExist) {
		err = s.gone()
	}
	return f, err
}

// gone is the error of a spool without rows.
func (s *spool) gone() error {
	return fmt.Errorf("the rows are gone: neither %s nor %s is there", s.partial(), s.Output)
}

// openArray opens a file that seal has made. The error is errOther if it is another.
func (s *spool) openArray(path string) (rowFile, error) {
	f, err := os.Open(path)
	if err != nil {
		return rowFile{}, err
	}
	h, offset, err := npy.Read(f)
	info, statErr := f.Stat()
	if err != nil || statErr != nil || offset != npy.HeaderSize || !h.Native() || h.Type.String() != s.Type || !slices.Equal(h.Shape, s.Shape) ||
		info.Size() < npy.HeaderSize+int64(s.Shape[0])*int64(s.Row) {
		f.Close()
		return rowFile{}, fmt.Errorf("%s %w", path, errOther)
	}
	return rowFile{f, s, true}, nil
}

var errOther = errors.New("is not the array of this run")

// syncFile returns when a file is on the disk. Tests change it.
var syncFile = segment.Fsync

func (f rowFile) Sync() error { return syncFile(f.File) }

// WriteAt writes rows at a place of the file.
func (f rowFile) WriteAt(b []byte, at int64) (int, error) { return segment.WriteAt(f.File, b, at) }

// isPartial reports whether the file has still its name in the spool, and not the array's.
func (f rowFile) isPartial() bool {
	info, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(f.spool.partial())
	return err == nil && os.SameFile(info, named)
}

// at returns where the row of an index of a task begins.
func (f rowFile) at(i, task int) int64 {
	if f.sealed {
		return npy.HeaderSize + int64(i)*int64(f.spool.Row)
	}
	return f.spool.place(task) + int64(i-f.spool.tasks().At(task).Lo)*int64(f.spool.Row)
}

// sum returns the sum of the rows of a chunk of a task.
func (f rowFile) sum(r chunk.Range, task int) (sum uint32, err error) {
	err = f.read(r, task, func(b []byte) bool {
		sum = journal.Sum(sum, b)
		return true
	})
	return sum, err
}

// isZero reports whether the rows of a chunk of a task are all zeros.
func (f rowFile) isZero(r chunk.Range, task int) (zero bool, err error) {
	zero = true
	err = f.read(r, task, func(b []byte) bool {
		zero = len(bytes.Trim(b, "\x00")) == 0
		return zero
	})
	return zero, err
}

// buffers are what chunks are read into, in parts.
var buffers = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// read calls f for the parts of the rows of a chunk of a task, until it returns false.
func (f rowFile) read(r chunk.Range, task int, part func(b []byte) bool) error {
	buf := buffers.Get().(*[256 << 10]byte)
	defer buffers.Put(buf)
	at, left := f.at(r.Lo, task), int64(r.Len())*int64(f.spool.Row)
	for left > 0 {
		b := buf[:min(left, int64(len(buf)))]
		n, err := f.ReadAt(b, at)
		if err == io.EOF {
			clear(b[n:]) // a file that was cut off: what an attempt writes makes it longer
		} else if err != nil {
			return err
		}
		if !part(b) {
			return nil
		}
		at, left = at+int64(len(b)), left-int64(len(b))
	}
	return nil
}
