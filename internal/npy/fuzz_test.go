package npy_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/npy"
)

// FuzzRead: no file makes Read panic, take much memory or read on where it
// should stop; what it accepts is a header that Encode accepts too. The file
// is given by its parts: lie is what its length field says beyond the length
// of text. More arguments also mean less memory: for each worker, Go's fuzzer
// takes some 200 MB divided by their number.
func FuzzRead(f *testing.F) {
	seed := func(file []byte) {
		// Mutating longer ones takes much time and finds little.
		if major, minor, lie, text, data, ok := parts(file); ok && len(file) < 8<<10 {
			f.Add(major, minor, lie, text, data)
		}
	}
	for _, g := range good {
		seed([]byte(g.file + "data"))
	}
	for _, h := range hostile {
		seed([]byte(h.file))
	}
	paths, err := filepath.Glob("testdata/*.npy")
	require.NoError(f, err)
	for _, path := range paths {
		file, err := os.ReadFile(path)
		require.NoError(f, err)
		seed(file)
	}
	f.Fuzz(func(t *testing.T, major, minor byte, lie int32, text, data []byte) {
		file := join(major, minor, lie, text, data)
		var m *meter
		var h npy.Header
		var offset int
		var err error
		const limit = 128 * 1024
		nbytes := allocated(limit, func() {
			m = &meter{r: bytes.NewReader(file)}
			h, offset, err = npy.Read(m)
		})
		assert.LessOrEqual(t, nbytes, limit)
		assert.LessOrEqual(t, m.largest, 1<<16)

		again, at, errAgain := npy.Read(iotest.OneByteReader(bytes.NewReader(file)))
		assert.Equal(t, err, errAgain)
		assert.Equal(t, h, again)
		assert.Equal(t, offset, at)

		if err != nil {
			assert.Zero(t, h)
			assert.Zero(t, offset)
			assert.Error(t, sentinel(err), "%v", err)
			assert.Empty(t, unfit(err))
			return
		}
		assert.Equal(t, offset, m.read)
		assert.NotNil(t, h.Shape)
		assert.True(t, fits(h.Type, h.Shape))
		encoded, err := h.Encode()
		require.NoError(t, err)
		back, _, err := npy.Read(bytes.NewReader(encoded))
		require.NoError(t, err)
		assert.Equal(t, h, back)
	})
}

// join returns the file with these parts.
func join(major, minor byte, lie int32, text, data []byte) []byte {
	file := append([]byte("\x93NUMPY"), major, minor)
	length := uint32(len(text)) + uint32(lie)
	if major == 1 {
		file = binary.LittleEndian.AppendUint16(file, uint16(length))
	} else {
		file = binary.LittleEndian.AppendUint32(file, length)
	}
	return slices.Concat(file, text, data)
}

// parts is the inverse of join. Not every file has these parts.
func parts(file []byte) (major, minor byte, lie int32, text, data []byte, ok bool) {
	if len(file) < 12 {
		return 0, 0, 0, nil, nil, false
	}
	major, minor = file[6], file[7]
	length, rest := binary.LittleEndian.Uint32(file[8:]), file[12:]
	if major == 1 {
		length, rest = length&0xffff, file[10:]
	}
	end := int(min(length, uint32(len(rest))))
	text, data = rest[:end], rest[end:]
	lie = int32(length - uint32(end))
	return major, minor, lie, text, data, bytes.Equal(join(major, minor, lie, text, data), file)
}

// FuzzEncode: Encode accepts what the types and shapes of the format allow and
// nothing else, and Read returns what was encoded. Each byte of shape is an
// axis: its length is a power of 2, plus or minus 1, or its negative.
func FuzzEncode(f *testing.F) {
	f.Add(byte('f'), 8, true, false, uint8(3), uint64(0x020100))
	f.Add(byte('c'), 16, false, true, uint8(2), uint64(59*4<<8+4))
	f.Add(byte('i'), 1, true, true, uint8(64), uint64(0x0404040404040404))
	f.Add(byte('u'), 2, true, true, uint8(65), uint64(0x0404040404040404))
	f.Add(byte('u'), 4, false, false, uint8(1), uint64(62*4))
	f.Add(byte('i'), 1, false, false, uint8(1), uint64(63*4+2))
	f.Add(byte('f'), 2, false, false, uint8(0), uint64(0))
	// Numbers only: the fuzzer would make a slice up to 20 MB long.
	f.Fuzz(func(t *testing.T, kind byte, size int, bigEndian, fortran bool, axes uint8, lengths uint64) {
		h := npy.Header{Type: npy.Type{Kind: kind, Size: size}, BigEndian: bigEndian && size > 1, Fortran: fortran, Shape: []int{}}
		for axis := range int(axes) {
			b := byte(lengths >> (axis % 8 * 8))
			n := 1 << (b / 4) // also MinInt and 0
			h.Shape = append(h.Shape, []int{n, n + 1, n - 1, -n}[b%4])
		}
		encoded, err := h.Encode()
		switch {
		case !slices.Contains(types, h.Type):
			assert.Equal(t, npy.ErrDType, sentinel(err), "%v", err)
			return
		case !fits(h.Type, h.Shape):
			assert.Equal(t, npy.ErrShape, sentinel(err), "%v", err)
			return
		}
		require.NoError(t, err)
		assert.Len(t, encoded, npy.HeaderSize)
		assert.Equal(t, byte('\n'), encoded[npy.HeaderSize-1])
		back, offset, err := npy.Read(bytes.NewReader(encoded))
		require.NoError(t, err)
		assert.Equal(t, h, back)
		assert.Equal(t, npy.HeaderSize, offset)
	})
}

// fits reports whether a shape is possible, by arithmetic without overflow.
func fits(typ npy.Type, shape []int) bool {
	nbytes := big.NewInt(int64(typ.Size))
	for _, n := range shape {
		if n < 0 {
			return false
		}
		nbytes.Mul(nbytes, big.NewInt(int64(max(n, 1))))
	}
	return len(shape) <= 64 && nbytes.Cmp(big.NewInt(math.MaxInt)) <= 0
}
