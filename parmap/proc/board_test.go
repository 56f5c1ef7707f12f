package proc_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/proc"
)

func newBoard(t testing.TB, slots int) proc.Board {
	t.Helper()
	b, err := proc.NewBoard(slots)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.Close()) })
	return b
}

// me is the incarnation of the worker in a slot.
func me(slot int) uint32 { return proc.FirstOfWorker + uint32(slot) }

// claimAll lets a goroutine for each slot claim what it finds, and returns how
// often each cell was claimed.
func claimAll(b proc.Board, table []uint32, slots, used int) []int32 {
	claimed := make([]int32, len(table))
	var workers sync.WaitGroup
	for slot := range slots {
		workers.Go(func() {
			c := b.Claims(table, used, slot, 1, me(slot))
			for {
				cell, ok := c.Next()
				if !ok {
					return
				}
				if atomic.LoadUint32(&table[cell]) != me(slot) {
					panic("a claim without a mark")
				}
				atomic.AddInt32(&claimed[cell], 1)
				c.Finish(cell, proc.CellDone)
			}
		})
	}
	workers.Wait()
	return claimed
}

// TestEachCellIsClaimedOnce holds that for any number of cells and workers, also
// for more workers than cells.
func TestEachCellIsClaimedOnce(t *testing.T) {
	for _, slots := range []int{1, 2, 3, 8, 64} {
		b := newBoard(t, slots)
		for _, cells := range []int{0, 1, 2, 3, 7, 63, 64, 65, 1000, 20_000} {
			for _, used := range []int{1, slots/2 + 1, slots} {
				b.Rewind()
				table := make([]uint32, cells)
				claimed := claimAll(b, table, used, used)
				if !slices.Equal(slices.Repeat([]int32{1}, cells), claimed) {
					t.Fatalf("%d cells, %d of %d workers: claimed %v", cells, used, slots, claimed)
				}
				if slices.ContainsFunc(table, func(v uint32) bool { return v != proc.CellDone }) {
					t.Fatalf("%d cells, %d of %d workers: not all done", cells, used, slots)
				}
				// Nothing is left, also for who looks again.
				_, ok := b.Claims(table, used, 0, 1, me(0)).Next()
				assert.False(t, ok)
				b.Rewind()
				_, ok = b.Claims(table, used, 0, 1, me(0)).Next()
				assert.False(t, ok, "after a rewind")
			}
		}
	}
}

// TestOneWorkerTakesItsBlockFirst holds the order of claims: one's own block in
// ascending order, then the next.
func TestOneWorkerTakesItsBlockFirst(t *testing.T) {
	const cells, used = 10, 3 // blocks [0,4), [4,7), [7,10)
	b := newBoard(t, used)
	for slot, want := range [][]int{
		{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
		{4, 5, 6, 7, 8, 9, 0, 1, 2, 3},
		{7, 8, 9, 0, 1, 2, 3, 4, 5, 6},
	} {
		b.Rewind()
		c := b.Claims(make([]uint32, cells), used, slot, 1, me(slot))
		var got []int
		for cell, ok := c.Next(); ok; cell, ok = c.Next() {
			got = append(got, cell)
		}
		assert.Equal(t, want, got)
	}
}

// TestStopEndsClaiming holds that nobody claims once a run is to end, and that
// the end of another run is nobody's.
func TestStopEndsClaiming(t *testing.T) {
	const cells, used = 100, 3
	b := newBoard(t, used)
	table := make([]uint32, cells)
	b.Stop(6) // the run before
	var all []*proc.Claims
	for slot := range used {
		c := b.Claims(table, used, slot, 7, me(slot))
		_, ok := c.Next()
		assert.True(t, ok)
		all = append(all, c)
	}
	b.Stop(7)
	for _, c := range all {
		_, ok := c.Next()
		assert.False(t, ok)
	}
	free := 0
	for _, v := range table {
		if v == proc.CellFree {
			free++
		}
	}
	assert.Equal(t, cells-used, free)
	b.Rewind()
	_, ok := b.Claims(table, used, 0, 7, me(0)).Next()
	assert.False(t, ok, "still")
	b.Stop(0)
	_, ok = b.Claims(table, used, 0, 7, me(0)).Next()
	assert.True(t, ok)
}

// TestStopInTheMiddle holds that workers end soon, and that what they claimed is
// claimed.
func TestStopInTheMiddle(t *testing.T) {
	const cells, used = 50_000, 4
	b := newBoard(t, used)
	table := make([]uint32, cells)
	var total atomic.Int64
	var workers sync.WaitGroup
	for slot := range used {
		workers.Go(func() {
			c := b.Claims(table, used, slot, 3, me(slot))
			for _, ok := c.Next(); ok; _, ok = c.Next() {
				if total.Add(1) == 100 {
					b.Stop(3)
				}
			}
		})
	}
	workers.Wait()
	claimed := 0
	for _, v := range table {
		if v != proc.CellFree {
			claimed++
		}
	}
	assert.EqualValues(t, total.Load(), claimed)
	assert.GreaterOrEqual(t, claimed, 100)
	assert.Less(t, claimed, cells, "nobody looked at the stop")
}

// TestMovedAndNotClaimed holds that a cell whose cursor was moved by a worker
// that then died is passed over, and found again after a rewind.
func TestMovedAndNotClaimed(t *testing.T) {
	for _, lost := range [][]int{{0}, {1}, {2}, {0, 0, 0}, {0, 1, 2}, {2, 2, 2, 2, 2, 2}} {
		const cells, used = 10, 3
		b := newBoard(t, used)
		table := make([]uint32, cells)
		moved := map[int]int{}
		for _, block := range lost {
			b.Move(block)
			moved[block]++
		}
		missing := 0
		for block, r := range proc.ShareOf(cells, used).All() {
			missing += min(moved[block], r.Len())
		}
		claimed := claimAll(b, table, used, used)
		sum := 0
		for _, c := range claimed {
			sum += int(c)
		}
		assert.Equal(t, cells-missing, sum, "lost %v", lost)
		b.Rewind()
		again := claimAll(b, table, used, used)
		for cell := range table {
			assert.EqualValues(t, 1, claimed[cell]+again[cell], "lost %v: cell %d", lost, cell)
		}
	}
}

// TestClaimIsOnce holds that of several who want one cell one gets it, and
// nobody one that is done. All go for the same cells, one after the other.
func TestClaimIsOnce(t *testing.T) {
	const slots = 4
	b := newBoard(t, slots)
	table := make([]uint32, 1<<18)
	won := make([]int32, len(table))
	begin := make(chan struct{})
	var workers sync.WaitGroup
	for slot := range slots {
		workers.Go(func() {
			c := b.Claims(table, slots, slot, 1, me(slot))
			<-begin
			for cell := range table {
				if c.Claim(cell) {
					atomic.AddInt32(&won[cell], 1)
				}
			}
		})
	}
	close(begin)
	workers.Wait()
	for cell, n := range won {
		if n != 1 {
			t.Fatalf("cell %d has %d owners", cell, n)
		}
	}
	c := b.Claims(table, slots, 0, 1, me(0))
	c.Finish(7, proc.CellDone)
	assert.False(t, c.Claim(7))
}

// TestBoardLines holds that no two of the words that different processes write
// lie within 128 bytes, and all on the board.
func TestBoardLines(t *testing.T) {
	for _, slots := range []int{1, 2, 65} {
		b := newBoard(t, slots)
		words := b.Words()
		slices.Sort(words)
		for i, w := range words {
			assert.Less(t, w, b.Len())
			if i > 0 {
				assert.GreaterOrEqual(t, w-words[i-1], 16)
			}
		}
		assert.LessOrEqual(t, words[len(words)-1]+16, b.Len(), "the last has its line to itself")
	}
}
