package batch

import (
	"context"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/internal/npy"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/shmarray"
)

// Do does what Main would.
func Do[T shmarray.Elem, A any](ctx context.Context, p Program[T, A], before []string, out, err io.Writer, args ...string) (status int) {
	return command{p, before, out, err}.run(ctx, args)
}

// SetBeatEvery changes how often attempts show that they live.
func SetBeatEvery(d time.Duration) (restore func()) {
	old := beatEvery
	beatEvery = d
	return func() { beatEvery = old }
}

// FailSyncs has every sync of rows fail but the first ones.
func FailSyncs(first int64, err error) {
	var count atomic.Int64
	syncFile = func(f *os.File) error {
		if count.Add(1) > first {
			return err
		}
		return f.Sync()
	}
}

// SetPage changes what two machines must not share of a file.
func SetPage(nbytes int) (restore func()) {
	old := page
	page = nbytes
	return func() { page = old }
}

// Pack copies the array of a spool to its name, without a look at the rows before.
func Pack(ctx context.Context, dir string, t npy.Type) error {
	s, err := openSpool(dir)
	if err != nil {
		return err
	}
	rows, err := s.open()
	if err != nil {
		return err
	}
	defer rows.Close()
	return s.pack(ctx, t, rows, segment.NewDraft)
}

// Cut returns how a run over n rows of so many bytes is cut.
func Cut(n, row, grain, tasks int) (perTask, chunk int, stride int64, dense bool) {
	p := plan{Shape: []int{n}, Row: row, Grain: grain}
	p.cut(tasks)
	return p.PerTask, p.Grain, p.Stride, p.isDense()
}

// LastRow returns how many tasks there are in a plan, and where the last row begins.
func LastRow(b []byte) (tasks int, at int64, ok bool) {
	p, err := parsePlan(b)
	if err != nil {
		return 0, 0, false
	}
	s := &spool{plan: p}
	tasks = p.tasks().Len()
	r := s.rowsOf(tasks-1, p.chunks(tasks-1).Len()-1)
	return tasks, rowFile{spool: s}.at(r.Hi-1, tasks-1), true
}

// An Array is one submission.
type Array struct {
	Offset, First, Last int
	Indices             string
}

// ArraysOf packs tasks into submissions.
func ArraysOf(tasks []int, most int) (all []Array) {
	for _, a := range arraysOf(tasks, most) {
		all = append(all, Array{a.offset, a.first, a.last, a.indices})
	}
	return all
}

var (
	Quote     = quote
	IndexFrom = indexFrom
	NumbersIn = numbersIn
	ProcessOf = processOf
)

// SetAside has an attempt set the record at path aside, which it has read as info's file.
func SetAside(dir string, task int, path string, info os.FileInfo) error {
	s, err := openSpool(dir)
	if err != nil {
		return err
	}
	a, err := s.begin(task)
	if err != nil {
		return err
	}
	return a.setAside(record{path: path, info: info})
}
