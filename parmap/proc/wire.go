package proc

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// A message on the socket between the parent and a worker is a kind, the length
// of what follows, and that.
const headerLen = 9

// trustedLen is up to which length memory is taken before the bytes are there.
const trustedLen = 64 << 20

type kind byte

const (
	// From the parent.
	welcome kind = 'w' // a setup; with the board's descriptor
	give    kind = 'g' // a loan; with its descriptor
	drop    kind = 'd' // a segment.ID
	wake    kind = 'k' // look at the slot
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
	if int(n) > cap(buf) {
		if n > trustedLen {
			var b bytes.Buffer // which grows as the bytes come
			_, err := io.CopyN(&b, r, int64(n))
			return kind(header[0]), b.Bytes(), err
		}
		buf = make([]byte, n)
	}
	_, err = io.ReadFull(r, buf[:n])
	return kind(header[0]), buf[:n], err
}

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

// A codec encodes values of one entry one after the other, for receivers who
// may not have seen the first: what describes the types is kept apart.
//
// gob describes a type before the first value of it, in messages of their own,
// but inside the value if an interface holds it. So this is for entries without
// interfaces (Plain); for the others every value has an encoder of its own,
// which takes 16 us more.
type codec struct {
	plain    bool
	enc      *gob.Encoder
	buf      bytes.Buffer
	preamble []byte
}

// encode returns what describes the types and what is the value. Both are good
// until the next call.
func (c *codec) encode(v any) (preamble, value []byte, err error) {
	c.buf.Reset()
	enc := c.enc
	if c.enc = nil; enc == nil || !c.plain {
		enc, c.preamble = gob.NewEncoder(&c.buf), nil
	}
	if err := enc.Encode(v); err != nil {
		return nil, nil, err
	}
	c.enc = enc // not after an error or a panic: half a value is written
	b := c.buf.Bytes()
	if !c.plain {
		return nil, b, nil
	}
	if c.preamble == nil {
		n := types(b)
		c.preamble = append([]byte{}, b[:n]...)
		b = b[n:]
	}
	return c.preamble, b, nil
}

// types returns how long the messages at the beginning of b are that describe
// types: their first number is negative, which gob writes with the lowest bit
// set.
func types(b []byte) (n int) {
	for {
		length, k := gobUint(b[n:])
		if k == 0 {
			return n
		}
		if id, i := gobUint(b[n+k:]); i == 0 || id&1 == 0 {
			return n
		}
		n += k + int(length)
	}
}

// gobUint reads an unsigned number of gob: below 128 a byte, otherwise the
// negated count of bytes and they, most significant first.
func gobUint(b []byte) (v uint64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] < 128 {
		return uint64(b[0]), 1
	}
	n = 256 - int(b[0])
	if n > 8 || len(b) <= n {
		return 0, 0
	}
	for _, c := range b[1 : n+1] {
		v = v<<8 | uint64(c)
	}
	return v, n + 1
}

// A decodec decodes what a codec encoded.
type decodec struct {
	plain bool
	dec   *gob.Decoder
	feed  bytes.Buffer
}

func (d *decodec) decode(preamble, value []byte, v any) error {
	if d.dec == nil || !d.plain {
		d.feed.Reset()
		d.feed.Write(preamble)
		d.dec = gob.NewDecoder(&d.feed)
	}
	d.feed.Write(value)
	err := d.dec.Decode(v)
	if err == nil && d.feed.Len() > 0 {
		err = fmt.Errorf("%d bytes more than a value", d.feed.Len())
	}
	if err != nil {
		d.dec = nil
	}
	return err
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
