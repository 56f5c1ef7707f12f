package proc

import (
	"sync/atomic"

	"github.com/parfor-go/parfor/chunk"
	"github.com/parfor-go/parfor/internal/segment"
)

// A board is the memory that the parent and its workers share for as long as
// the pool lives: a record of the run, a slot for each worker, a cursor for
// each. All are words, read and written atomically.
//
// The parent owns the record and the cursors while no worker is busy, and a slot
// when its worker is dead. While a worker is busy, the record does not change.
type board struct {
	seg   *segment.Segment
	words []uint64
	slots int
}

// The record. Each line of 16 words keeps what different processes write apart.
const (
	atWaiting = 0  // 1: the parent sleeps, who leaves a run pokes it; set by the parent, taken by a worker
	atStop    = 16 // the number of the run that is to end; set by the parent, or by a worker in it
	atN       = 33
	atGrain   = 34
	atCells   = 35
	atCollect = 36
	atTable   = 37 // and two more: the identity of the claim table
	atBlob    = 40 // where in the table the blob begins, and behind that its length
	atUsed    = 42 // how many workers take part, and blocks there are
	atSums    = 43 // how many words behind the claims are for the sums of the cells' rows
	atTimes   = 44 // where in the table the cells' times begin; 0: nobody wants them
	headWords = 48

	slotWords   = 48
	cursorWords = 16
)

// The words of a slot, on lines of their own for who writes them.
const (
	slotState   = 0 // a number of a run and a state, see below
	slotBlocked = 1 // 1: the worker sleeps, or is about to; set by it, taken by the parent

	slotFirst = 16 // a cell + 1 to begin with, or 0; the parent's, before it offers
	slotNeed  = 17 // how many loans the worker must have seen; the parent's, likewise
	slotSince = 18 // nanoseconds since the run began, if times are wanted; the parent's, as it offers

	slotLeases = 32 // cells that the worker has claimed, ever
	slotSent   = 33 // failures and results that it sent in this run
)

// The state of a worker: see README.md.
const (
	stateIdle    = iota // the worker waits, or is dead
	stateOffered        // the parent wants it in a run; it may still take that back
	stateBusy           // the worker is in the run
	stateRetired        // the worker has left for good, with nothing claimed
	stateBits    = 2
)

// What is written of a cell in the claim table. Any other word is the
// incarnation that has claimed it.
const (
	cellFree         = 0
	cellDone         = 1
	cellFailed       = 2 // its body came to its end, and failed: nobody runs it again
	cellHeld         = 3 // its worker died, and a fresh one is to run it
	cellCut          = 4 // its body gave up, or its worker died: nobody runs it again
	firstIncarnation = 16
)

func boardBytes(slots int) int {
	return 8 * (headWords + slots*(slotWords+cursorWords))
}

func newBoard(slots int) (*board, error) {
	seg, err := segment.New(boardBytes(slots), "board of a pool")
	if err != nil {
		return nil, err
	}
	return boardOf(seg, slots), nil
}

func boardOf(seg *segment.Segment, slots int) *board {
	return &board{seg: seg, words: segment.Cast[uint64](seg.Bytes()), slots: slots}
}

func (b *board) load(i int) uint64     { return atomic.LoadUint64(&b.words[i]) }
func (b *board) store(i int, v uint64) { atomic.StoreUint64(&b.words[i], v) }
func (b *board) swap(i int, from, to uint64) bool {
	return atomic.CompareAndSwapUint64(&b.words[i], from, to)
}

// slot returns where a word of a slot is.
func (b *board) slot(i, word int) int { return headWords + i*slotWords + word }

func (b *board) cursor(i int) int { return headWords + b.slots*slotWords + i*cursorWords }

func stateOf(run uint64, state uint64) uint64 { return run<<stateBits | state }

// stateIn is the state in a slot's word, whatever the run.
func stateIn(word uint64) uint64 { return word & (1<<stateBits - 1) }

// claims is one run's claim table, as one process sees it: a word for each
// cell. The cells are cut into a block for each worker, which takes them in
// order; who is through with its own block helps with the next.
//
// A cell is claimed by changing its word from free to one's incarnation, and by
// nothing else: the cursors only say where to look. Whoever dies between moving
// a cursor and claiming has claimed nothing, and the cell is found free when
// all have left. A claim is taken back by the parent, when the worker has been
// reaped.
type claims struct {
	board *board
	table []uint32
	grid  chunk.Grid // of indices
	share chunk.Grid // of cells
	run   uint64
	me    uint32
	block int // the block where to look
	left  int // blocks not looked at yet
}

// next claims a cell. It returns false when it finds none, or the run is to end.
func (c *claims) next() (cell int, ok bool) {
	b := c.board
	for c.left > 0 && b.load(atStop) != c.run {
		r := c.share.At(c.block)
		cursor := b.cursor(c.block)
		for b.load(cursor) < uint64(r.Len()) {
			k := atomic.AddUint64(&b.words[cursor], 1) - 1
			if k >= uint64(r.Len()) {
				break
			}
			if cell := r.Lo + int(k); c.claim(cell) {
				return cell, true
			}
		}
		c.left--
		if c.block++; c.block == c.share.Len() {
			c.block = 0
		}
	}
	return 0, false
}

func (c *claims) claim(cell int) bool {
	return atomic.CompareAndSwapUint32(&c.table[cell], cellFree, c.me)
}

func (c *claims) finish(cell int, state uint32) {
	atomic.StoreUint32(&c.table[cell], state)
}

// shareOf cuts the cells of a run into blocks, one for each worker.
func shareOf(cells, used int) chunk.Grid { return chunk.ByCount(cells, used) }
