package batch

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// again computes so many chunks, drawn at random, once more, and returns how many, and
// those whose rows are others in the file. A body whose result at i depends on more than i and the
// arguments is found so.
func (s *spool) again(ctx context.Context, prog program, most int) (wrong []*rowsError, count int, err error) {
	rows, err := s.open()
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	drawn := s.draw(most)
	err = s.confirmed(ctx, prog, func(ctx context.Context, c *kernel.Call) error {
		args, out := c.In(0, c.N), c.Outputs[0]
		var mu sync.Mutex
		return parmap.ForErr(ctx, len(drawn), func(ctx context.Context, i int) error {
			task := drawn[i].task
			r := s.rowsOf(task, drawn[i].chunk)
			have, err := rows.sum(r, task)
			if err != nil {
				return err
			}
			mine, err := computed(ctx, c.Entry, args, out, r)
			if err != nil {
				return err
			}
			if mine != have {
				mu.Lock()
				defer mu.Unlock()
				wrong = append(wrong, &rowsError{task, r, otherwise})
			}
			return nil
		}, parmap.Workers(c.Workers), parmap.Grain(1))
	})
	slices.SortFunc(wrong, func(a, b *rowsError) int { return cmp.Compare(a.rows.Lo, b.rows.Lo) })
	return wrong, len(drawn), err
}

// A place is a chunk of a task.
type place struct{ task, chunk int }

// draw returns so many different chunks, or all if there are no more.
func (s *spool) draw(count int) (drawn []place) {
	all := 0
	for task := range s.tasks().Len() {
		all += s.chunks(task).Len()
	}
	seen := make(map[place]bool)
	for len(drawn) < min(count, all) {
		task := rand.IntN(s.tasks().Len())
		p := place{task, rand.IntN(s.chunks(task).Len())}
		if !seen[p] {
			seen[p] = true
			drawn = append(drawn, p)
		}
	}
	return drawn
}

// computed returns the sum of the rows of a chunk, which it computes.
func computed(ctx context.Context, e *kernel.Entry, args any, out kernel.Output, r chunk.Range) (sum uint32, err error) {
	out.Clear(r.Lo, r.Hi)
	if err := e.Body(ctx, r.Lo, r.Hi, args); err != nil {
		return 0, err
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx) // it may have given up, whatever it says
	}
	return journal.Sum(0, out.Bytes[r.Lo*out.Row:r.Hi*out.Row]), nil
}
