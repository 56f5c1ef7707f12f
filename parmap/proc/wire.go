package proc

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"io"
	"math"
	"slices"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// A message on the socket between the parent and a worker is a kind, the length
// of what follows, and that.
const headerLen = 9

type kind byte

const (
	// From the parent.
	welcome kind = 'w' // a setup; with the board's descriptor and the bell's
	give    kind = 'g' // a loan; with its descriptor
	drop    kind = 'd' // a segment.ID
	hold    kind = 'k' // with the descriptor of a lock
	letGo   kind = 'l' // of that lock
	cancel  kind = 'c' // the number of a run
	// From a worker.
	hello  kind = 'h' // the nonce
	poke   kind = 'i' // has left the run that the parent waits for
	failed kind = 'e' // a failure
	result kind = 'r' // a cell, and what a Func returned for it
)

func appendHeader(b []byte, k kind, n int) []byte {
	return binary.LittleEndian.AppendUint64(append(b, byte(k)), uint64(n))
}

// appendMessage appends a message whose content is v as gob encodes it alone.
func appendMessage(b []byte, k kind, v any) []byte {
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(v); err != nil {
		panic("parmap/proc: " + err.Error()) // types of this package
	}
	return append(appendHeader(b, k, buf.Len()), buf.Bytes()...)
}

// decode is the inverse of the content of appendMessage.
func decode(b []byte, v any) error {
	return gob.NewDecoder(bytes.NewReader(b)).Decode(v)
}

// readMessage reads one message. buf is used for its content if that fits.
func readMessage(r io.Reader, buf []byte) (k kind, content []byte, err error) {
	var header [headerLen]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, nil, err
	}
	n := binary.LittleEndian.Uint64(header[1:])
	if n > math.MaxInt {
		return 0, nil, errors.New("parmap/proc: broken message")
	}
	buf = buf[:0]
	for len(buf) < int(n) {
		// Memory for what comes, not for what is announced.
		step := min(int(n), max(cap(buf), 2*len(buf), firstRead)) - len(buf)
		buf = slices.Grow(buf, step)
		m, err := io.ReadFull(r, buf[len(buf):len(buf)+step])
		if buf = buf[:len(buf)+m]; err != nil {
			return 0, nil, err
		}
	}
	return kind(header[0]), buf, nil
}

// firstRead is how much of a message there is memory for before it comes.
const firstRead = 1 << 20

// A setup is what a worker learns when it has said hello.
type setup struct {
	Slot, Slots int
	Incarnation uint32
	Recycle     int
}

// A failure is the error of a body, which runs [Lo, Hi) of a cell.
type failure struct {
	Cell, Lo, Hi int
	Panic, Error bool // Error: the value of the panic was one
	Canceled     bool // errors.Is context.Canceled
	Deadline     bool // errors.Is context.DeadlineExceeded
	Text         string
	Stack        []byte
}

// A blob is what a run needs beside numbers: it lies in shared memory, behind
// the claim table. Its parts are written one after the other, each behind its
// length.
type blob struct {
	name            []byte
	outputs         []byte // of each: ID, offset, length and bytes of a row
	preamble, value []byte // the arguments; of a Func empty
	ends            []byte // of a Func: where in items each cell's end
	items           []byte // of a Func, behind the preamble
}

func (b *blob) parts() []*[]byte {
	return []*[]byte{&b.name, &b.outputs, &b.preamble, &b.value, &b.ends, &b.items}
}

func (b *blob) size() (n int) {
	for _, p := range b.parts() {
		n += 8 + len(*p)
	}
	return n
}

func (b *blob) write(mem []byte) {
	for _, p := range b.parts() {
		binary.LittleEndian.PutUint64(mem, uint64(len(*p)))
		mem = mem[8+copy(mem[8:], *p):]
	}
}

// read makes the parts slices of mem.
func (b *blob) read(mem []byte) error {
	for _, p := range b.parts() {
		if len(mem) < 8 {
			return errors.New("parmap/proc: broken announcement")
		}
		n := binary.LittleEndian.Uint64(mem)
		mem = mem[8:]
		if n > uint64(len(mem)) {
			return errors.New("parmap/proc: broken announcement")
		}
		*p, mem = mem[:n:n], mem[n:]
	}
	return nil
}

// cell returns the items of a cell of a Func.
func (b *blob) cell(i int) []byte {
	lo := uint64(0)
	if i > 0 {
		lo = binary.LittleEndian.Uint64(b.ends[8*(i-1):])
	}
	return b.items[lo:binary.LittleEndian.Uint64(b.ends[8*i:])]
}

// outputBytes is the length of an output in a blob.
const outputBytes = 6 * 8

func appendOutput(b []byte, id segment.ID, offset, nbytes, row int) []byte {
	for _, v := range []uint64{id.Device, id.Inode, id.Generation, uint64(offset), uint64(nbytes), uint64(row)} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

// readOutputs finds the outputs in this process.
func readOutputs(b []byte) (all []kernel.Output, err error) {
	for ; len(b) >= outputBytes; b = b[outputBytes:] {
		var v [6]uint64
		for i := range v {
			v[i] = binary.LittleEndian.Uint64(b[8*i:])
		}
		offset, nbytes := int(v[3]), int(v[4])
		seg := segment.Find(segment.ID{Device: v[0], Inode: v[1], Generation: v[2]}, offset, offset+nbytes)
		if seg == nil {
			return nil, errors.New("parmap/proc: worker without an output")
		}
		all = append(all, kernel.Output{Bytes: seg.Bytes(), Row: int(v[5])})
	}
	return all, nil
}
