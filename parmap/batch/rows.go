package batch

import (
	"bytes"
	"errors"
	"os"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/internal/npy"
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
	sealed, err := os.Open(s.Output)
	return rowFile{sealed, s, true}, err
}

// at returns where the row of an index of a task begins.
func (f rowFile) at(i, task int) int64 {
	if f.sealed {
		return npy.HeaderSize + int64(i)*int64(f.spool.Row)
	}
	return f.spool.place(task) + int64(i-f.spool.tasks().At(task).Lo)*int64(f.spool.Row)
}

// sum returns the sum of the rows of a chunk of a task, and whether all are zero.
func (f rowFile) sum(r chunk.Range, task int) (sum uint32, zero bool, err error) {
	at, left := f.at(r.Lo, task), int64(r.Len())*int64(f.spool.Row)
	buf, zeros := make([]byte, min(left, readBytes)), make([]byte, min(left, readBytes))
	for zero = true; left > 0; {
		b := buf[:min(left, int64(len(buf)))]
		if _, err := f.ReadAt(b, at); err != nil {
			return 0, false, err
		}
		sum = journal.Sum(sum, b)
		zero = zero && bytes.Equal(b, zeros[:len(b)])
		at, left = at+int64(len(b)), left-int64(len(b))
	}
	return sum, zero, nil
}

// readBytes is how much of a chunk is in memory at a time.
const readBytes = 1 << 20
