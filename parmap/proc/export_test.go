package proc

import (
	"io"
	"sync/atomic"
	"time"

	"github.com/parfor-go/parfor/chunk"
)

// SetStartTimeout sets how long a worker may take to say hello. There is no pool.
func SetStartTimeout(d time.Duration) (restore func()) {
	before := startTimeout
	startTimeout = d
	return func() { startTimeout = before }
}

// IsIdle reports whether the worker has left the run under way.
func (p *Pool) IsIdle(pid int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for slot, m := range p.members {
		if m != nil && m.pid == pid {
			return p.run != nil && p.board.load(p.board.slot(slot, slotState)) == stateOf(p.run.number, stateIdle)
		}
	}
	return false
}

// SetBarrenFor sets for how long a run goes on in which workers die at once.
func SetBarrenFor(d time.Duration) (restore func()) {
	before := barrenFor
	barrenFor = d
	return func() { barrenFor = before }
}

const (
	StateIdle    = stateIdle
	StateOffered = stateOffered
	StateBusy    = stateBusy
	StateRetired = stateRetired
)

// The wire.

const HeaderLen = headerLen

// SetTellEvery changes how often a run looks for what is to be recorded.
func SetTellEvery(d time.Duration) (restore func()) {
	old := tellEvery
	tellEvery = d
	return func() { tellEvery = old }
}

var (
	Types         = types
	GobUint       = gobUint
	AppendOutput  = appendOutput
	OutputBytes   = outputBytes
	ReadOutputs   = readOutputs
	ShareOf       = shareOf
	CellFree      = uint32(cellFree)
	CellDone      = uint32(cellDone)
	FirstOfWorker = uint32(firstIncarnation)
)

func AppendHeader(b []byte, k byte, n int) []byte { return appendHeader(b, kind(k), n) }

func AppendMessage(b []byte, k byte, v any) []byte { return appendMessage(b, kind(k), v) }

func DecodeMessage(b []byte, v any) error { return decode(b, v) }

func ReadMessage(r io.Reader, buf []byte) (k byte, content []byte, err error) {
	what, content, err := readMessage(r, buf)
	return byte(what), content, err
}

// A Codec is a codec.
type Codec struct{ c codec }

func NewCodec(plain bool) *Codec { return &Codec{codec{plain: plain}} }

func (c *Codec) Encode(v any) (preamble, value []byte, err error) { return c.c.encode(v) }

// A Decodec is a decodec.
type Decodec struct{ d decodec }

func NewDecodec(plain bool) *Decodec { return &Decodec{decodec{plain: plain}} }

func (d *Decodec) Decode(preamble, value []byte, v any) error { return d.d.decode(preamble, value, v) }

// A Blob is a blob.
type Blob struct{ Name, Outputs, Preamble, Value, Ends, Items []byte }

func (b Blob) blob() *blob {
	return &blob{name: b.Name, outputs: b.Outputs, preamble: b.Preamble, value: b.Value, ends: b.Ends, items: b.Items}
}

func (b Blob) Size() int         { return b.blob().size() }
func (b Blob) Write(mem []byte)  { b.blob().write(mem) }
func (b Blob) Cell(i int) []byte { return b.blob().cell(i) }

func ReadBlob(mem []byte) (Blob, error) {
	var b blob
	err := b.read(mem)
	return Blob{b.name, b.outputs, b.preamble, b.value, b.ends, b.items}, err
}

// A Board is a board between runs, without a pool.
type Board struct{ b *board }

func NewBoard(slots int) (Board, error) {
	b, err := newBoard(slots)
	return Board{b}, err
}

func (b Board) Close() error { return b.b.seg.Close() }

// Rewind lets the workers look at every cell again.
func (b Board) Rewind() { (&run{pool: &Pool{board: b.b}}).rewind() }

// Stop tells the workers that a run is to end.
func (b Board) Stop(run uint64) { b.b.store(atStop, run) }

// Lease notes a lease of the worker in a slot.
func (b Board) Lease(slot int, number uint64) { b.b.store(b.b.slot(slot, slotLeases), number) }

// Move moves the cursor of a block, as a worker does that dies before it claims.
func (b Board) Move(block int) { atomic.AddUint64(&b.b.words[b.b.cursor(block)], 1) }

// Words returns where the words are that different processes write: of each
// slot, and the cursors.
func (b Board) Words() (lines []int) {
	lines = append(lines, atWaiting, atStop)
	for i := range b.b.slots {
		lines = append(lines, b.b.slot(i, slotState), b.b.slot(i, slotFirst), b.b.slot(i, slotLeases), b.b.cursor(i))
	}
	return lines
}

func (b Board) Len() int { return len(b.b.words) }

// Claims are a worker's claims.
type Claims struct{ c claims }

// Claims returns what the worker in a slot claims with, as prepare makes it.
func (b Board) Claims(table []uint32, used, slot int, run uint64, me uint32) *Claims {
	c := claims{board: b.b, table: table, share: shareOf(len(table), used), run: run, me: me}
	c.left = c.share.Len()
	c.block = slot % max(1, c.left)
	return &Claims{c}
}

func (c *Claims) Next() (cell int, ok bool)     { return c.c.next() }
func (c *Claims) Claim(cell int) bool           { return c.c.claim(cell) }
func (c *Claims) Finish(cell int, state uint32) { c.c.finish(cell, state) }
func (c *Claims) Share() chunk.Grid             { return c.c.share }
