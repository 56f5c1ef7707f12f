package proc

import (
	"bytes"
	"encoding/gob"
	"fmt"
)

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
		if length > uint64(len(b)-n-k) {
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

// decode returns a panic of v's as an error: a worker that died of it would be
// followed by another, and another, and the parent would end.
func (d *decodec) decode(preamble, value []byte, v any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
		if err != nil {
			d.dec = nil
		}
	}()
	if d.dec == nil || !d.plain {
		d.feed.Reset()
		d.feed.Write(preamble)
		d.dec = gob.NewDecoder(&d.feed)
	}
	d.feed.Write(value)
	err = d.dec.Decode(v)
	if err == nil && d.feed.Len() > 0 {
		err = fmt.Errorf("%d bytes more than a value", d.feed.Len())
	}
	return err
}
