package batch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// A rowsError says that rows are not what a record says.
type rowsError struct {
	task int
	rows chunk.Range
	why  string
}

func (e *rowsError) Error() string {
	return fmt.Sprintf("task %d, rows [%d,%d): %s", e.task, e.rows.Lo, e.rows.Hi, e.why)
}

// What a rowsError can say.
const (
	differs    = "this attempt computed others than the one that was recorded: the body depends on more than the index"
	differ     = "two attempts have recorded others: the body depends on more than the index, or a machine computes wrong; to begin the task anew remove %s and %s"
	otherwise  = "computed again they are others: the body depends on more than the index, or this is not the program that was planned"
	changed    = "not those that were recorded"
	unrecorded = "there, without a record"
	absent     = "not computed"
)

// rowsOf returns the indices of a chunk of a task.
func (s *spool) rowsOf(task, k int) chunk.Range {
	first, r := s.tasks().At(task).Lo, s.chunks(task).At(k)
	return chunk.Range{Lo: first + r.Lo, Hi: first + r.Hi}
}

// verify compares the rows of every task with its record, and returns what is wrong, in
// the order of the rows, chunks that follow each other together. missing is the tasks
// that have to be done, or done again.
func (s *spool) verify(ctx context.Context) (wrong []*rowsError, missing []int, err error) {
	rows, err := s.open()
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	return s.verifyRows(ctx, rows)
}

// verifyRows is verify of a file.
func (s *spool) verifyRows(ctx context.Context, rows rowFile) (wrong []*rowsError, missing []int, err error) {
	n := s.tasks().Len()
	found := make([][]*rowsError, n)
	var mu sync.Mutex
	err = parmap.ForErr(ctx, n, func(_ context.Context, task int) error {
		bad, err := s.verifyTask(rows, task)
		mu.Lock()
		defer mu.Unlock()
		found[task] = bad
		return err
	}, parmap.Grain(1))
	for task, bad := range found {
		if len(bad) > 0 {
			missing = append(missing, task)
		}
		wrong = append(wrong, bad...)
	}
	return wrong, missing, err
}

// verifyTask is verify of one task.
func (s *spool) verifyTask(rows rowFile, task int) (wrong []*rowsError, err error) {
	chunks := s.chunks(task)
	records, err := s.records(task)
	if err != nil {
		return nil, err
	}
	if c := s.conflict(task, records); c != nil {
		return []*rowsError{c}, nil
	}
	j, err := s.loadDone(task) // with errIncomplete there is one, too
	if err != nil && !errors.Is(err, os.ErrNotExist) && !isDamage(err) {
		return nil, err
	}
	for k := range chunks.Len() {
		r := s.rowsOf(task, k)
		why, err := verifyChunk(rows, j, task, k, r)
		if err != nil {
			return nil, err
		}
		if why == "" {
			continue
		}
		if last := len(wrong) - 1; last >= 0 && wrong[last].why == why && wrong[last].rows.Hi == r.Lo {
			wrong[last].rows.Hi = r.Hi
			continue
		}
		wrong = append(wrong, &rowsError{task, r, why})
	}
	return wrong, nil
}

// verifyChunk returns what is wrong with the rows of a chunk. j, which can be nil, is its
// task's record.
func verifyChunk(rows rowFile, j *journal.Journal, task, k int, r chunk.Range) (why string, err error) {
	if j != nil {
		if sum, ok := j.Recorded(k); ok {
			have, err := rows.sum(r, task)
			if err == nil && have != sum {
				why = changed
			}
			return why, err
		}
	}
	zero, err := rows.isZero(r, task)
	if zero {
		return absent, err
	}
	return unrecorded, err
}
