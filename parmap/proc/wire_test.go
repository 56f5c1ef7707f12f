package proc_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/proc"
)

// TestBlob holds that a blob comes back as it was, within exactly its size.
func TestBlob(t *testing.T) {
	long := bytes.Repeat([]byte("long"), 10_000)
	ends := binary.LittleEndian.AppendUint64(nil, 0)
	ends = binary.LittleEndian.AppendUint64(ends, 3)
	ends = binary.LittleEndian.AppendUint64(ends, 3)
	ends = binary.LittleEndian.AppendUint64(ends, 5)
	for _, b := range []proc.Blob{
		{}, {Name: []byte("n")}, {Items: long}, {Value: long, Name: long[:1]},
		{[]byte("name"), []byte("outputs"), []byte("preamble"), []byte("value"), ends, []byte("items")},
	} {
		mem := bytes.Repeat([]byte{0xee}, b.Size()+100)
		b.Write(mem[50 : 50+b.Size()])
		assert.Equal(t, bytes.Repeat([]byte{0xee}, 50), mem[:50])
		assert.Equal(t, bytes.Repeat([]byte{0xee}, 50), mem[50+b.Size():])
		got, err := proc.ReadBlob(mem[50 : 50+b.Size()])
		require.NoError(t, err)
		assertBlob(t, b, got)
		got, err = proc.ReadBlob(mem[50:])
		require.NoError(t, err, "what follows is another's")
		assertBlob(t, b, got)
		for n := range min(b.Size(), 200) {
			_, err := proc.ReadBlob(mem[50 : 50+n])
			assert.Error(t, err, "%d bytes", n)
		}
	}
	b := proc.Blob{Ends: ends, Items: []byte("items")}
	for i, want := range []string{"", "ite", "", "ms"} {
		assert.Equal(t, want, string(b.Cell(i)))
	}
}

func parts(b proc.Blob) [][]byte {
	return [][]byte{b.Name, b.Outputs, b.Preamble, b.Value, b.Ends, b.Items}
}

func assertBlob(t *testing.T, want, got proc.Blob) {
	t.Helper()
	for i, p := range parts(got) {
		assert.True(t, bytes.Equal(parts(want)[i], p), "part %d", i)
		assert.Equal(t, len(p), cap(p), "nobody appends into the next part")
	}
}

func FuzzBlob(f *testing.F) {
	b := proc.Blob{Name: []byte("name"), Value: []byte("value"), Items: []byte("items")}
	mem := make([]byte, b.Size())
	b.Write(mem)
	f.Add(mem)
	f.Add(mem[:len(mem)-1])
	f.Add(bytes.Repeat([]byte{0xff}, 64))
	f.Add(append([]byte{0, 0, 0, 0, 0, 0, 0, 0x80}, mem...))
	f.Fuzz(func(t *testing.T, mem []byte) {
		b, err := proc.ReadBlob(mem[:len(mem):len(mem)])
		if err != nil {
			return
		}
		// What was read is what writing it makes, and nothing else.
		again := make([]byte, b.Size())
		b.Write(again)
		if len(again) > len(mem) || !bytes.Equal(again, mem[:len(again)]) {
			t.Errorf("%x was read as %x", mem, again)
		}
	})
}

func TestMessages(t *testing.T) {
	var stream []byte
	contents := [][]byte{[]byte("hello"), nil, bytes.Repeat([]byte("long"), 1<<19), []byte("x"), bytes.Repeat([]byte("y"), 64)}
	for i, c := range contents {
		stream = append(proc.AppendHeader(stream, byte('a'+i), len(c)), c...)
	}
	stream = proc.AppendMessage(stream, 'z', &point{1, 2})
	for _, r := range []io.Reader{
		bytes.NewReader(stream), iotest.HalfReader(bytes.NewReader(stream)),
		iotest.DataErrReader(bytes.NewReader(stream)),
	} {
		buf := make([]byte, 0, 64)
		for i, want := range contents {
			k, content, err := proc.ReadMessage(r, buf)
			require.NoError(t, err)
			assert.Equal(t, byte('a'+i), k)
			assert.True(t, bytes.Equal(want, content), "message %d", i)
			if len(want) > 0 && len(want) <= cap(buf) {
				assert.Same(t, &buf[:1][0], &content[0], "the buffer is used where it does")
			}
		}
		k, content, err := proc.ReadMessage(r, nil)
		require.NoError(t, err)
		assert.Equal(t, byte('z'), k)
		var p point
		require.NoError(t, proc.DecodeMessage(content, &p))
		assert.Equal(t, point{1, 2}, p)
		_, _, err = proc.ReadMessage(r, buf)
		assert.Equal(t, io.EOF, err)
	}
}

func TestTruncatedMessages(t *testing.T) {
	whole := append(proc.AppendHeader(nil, 'm', 20), make([]byte, 20)...)
	for n := range whole {
		_, _, err := proc.ReadMessage(bytes.NewReader(whole[:n]), nil)
		assert.Error(t, err, "%d bytes", n)
	}
	errBroken := errors.New("broken")
	_, _, err := proc.ReadMessage(io.MultiReader(bytes.NewReader(whole[:15]), iotest.ErrReader(errBroken)), nil)
	assert.ErrorIs(t, err, errBroken)
}

// TestHostileLengths holds that memory is taken for what comes, not for what is
// announced.
func TestHostileLengths(t *testing.T) {
	for _, n := range []uint64{1 << 28, math.MaxInt32, 1 << 31, 1 << 47, 1 << 62, math.MaxInt64, 1 << 63, math.MaxUint64} {
		if n > 1<<28 && n < 1<<48 && bitsOfInt == 64 {
			continue // would be had
		}
		b := append(binary.LittleEndian.AppendUint64([]byte{'m'}, n), "ten bytes."...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		assert.NotPanics(t, func() {
			_, _, err := proc.ReadMessage(bytes.NewReader(b), make([]byte, 0, 64))
			assert.Error(t, err)
		}, "%d bytes", n)
		runtime.ReadMemStats(&after)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20), "%d bytes", n)
	}
}

const bitsOfInt = 32 << (^uint(0) >> 63)

func TestOutputs(t *testing.T) {
	a, err := segment.New(1000, "a")
	require.NoError(t, err)
	defer a.Close()
	b, err := segment.New(64, "b")
	require.NoError(t, err)
	id := func(s *segment.Segment) segment.ID {
		id, _, ok := s.Locate(s.Bytes())
		require.True(t, ok)
		return id
	}
	wire := proc.AppendOutput(nil, id(a), 8, 80, 16)
	wire = proc.AppendOutput(wire, id(b), 0, 64, 1)
	wire = proc.AppendOutput(wire, id(a), 1000, 0, 4)
	assert.Len(t, wire, 3*proc.OutputBytes)
	got, err := proc.ReadOutputs(wire)
	require.NoError(t, err)
	require.Len(t, got, 3)
	assert.Same(t, &a.Bytes()[8], &got[0].Bytes[0])
	assert.Len(t, got[0].Bytes, 80)
	assert.Same(t, &b.Bytes()[0], &got[1].Bytes[0])
	assert.Len(t, got[1].Bytes, 64)
	assert.Empty(t, got[2].Bytes)
	for i, row := range []int{16, 1, 4} {
		assert.Equal(t, row, got[i].Row)
	}
	none, err := proc.ReadOutputs(nil)
	assert.NoError(t, err)
	assert.Empty(t, none)

	for what, bad := range map[string][]byte{
		"unknown":       proc.AppendOutput(nil, segment.ID{Device: 1, Inode: 2, Generation: 3}, 0, 8, 8),
		"none":          proc.AppendOutput(nil, segment.ID{}, 0, 8, 8),
		"too long":      proc.AppendOutput(nil, id(a), 0, 1001, 8),
		"behind":        proc.AppendOutput(nil, id(a), 996, 8, 8),
		"negative":      proc.AppendOutput(nil, id(a), -8, 16, 8),
		"negative size": proc.AppendOutput(nil, id(a), 16, -8, 8),
		"overflow":      proc.AppendOutput(nil, id(a), math.MaxInt, math.MaxInt, 8),
		"overflow to 0": proc.AppendOutput(nil, id(a), math.MaxInt, math.MinInt+1, 8),
	} {
		_, err := proc.ReadOutputs(bad)
		assert.Error(t, err, what)
	}
	require.NoError(t, b.Close())
	_, err = proc.ReadOutputs(wire)
	assert.EqualError(t, err, "parmap/proc: worker without an output")
}
