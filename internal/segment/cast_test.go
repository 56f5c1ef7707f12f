package segment_test

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/internal/segment"
)

func TestCastSharesMemory(t *testing.T) {
	words := make([]uint64, 4)
	b := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 32)
	f := segment.Cast[float64](b)
	assert.Len(t, f, 4)
	assert.Equal(t, 4, cap(f))
	f[3] = 1
	assert.Equal(t, uint64(0x3ff0_0000_0000_0000), words[3])
	assert.Len(t, segment.Cast[complex128](b), 2)
	assert.NotNil(t, segment.Cast[float64](nil))
	assert.Empty(t, segment.Cast[float64](nil))
}

func TestCastRefusesWhatDoesNotFit(t *testing.T) {
	words := make([]uint64, 4)
	b := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 32)
	assert.PanicsWithValue(t, "segment: cast of a part of an element", func() { segment.Cast[float64](b[:31]) })
	assert.PanicsWithValue(t, "segment: cast of misaligned bytes", func() { segment.Cast[uint32](b[1:29]) })
}

func TestSizeof(t *testing.T) {
	assert.Equal(t, 1, segment.Sizeof[int8]())
	assert.Equal(t, 16, segment.Sizeof[complex128]())
}

func TestWithin(t *testing.T) {
	all := make([]int16, 10)
	outer := all[2:8]
	assert.True(t, segment.Within(outer, outer))
	assert.True(t, segment.Within(outer, outer[:1]))
	assert.True(t, segment.Within(outer, outer[5:]))
	assert.False(t, segment.Within(outer, outer[:0]), "empty")
	assert.False(t, segment.Within(outer, all[1:3]), "begins before")
	assert.False(t, segment.Within(outer, all[7:9]), "ends after")
	assert.False(t, segment.Within(outer, all[8:]), "after")
	assert.False(t, segment.Within(outer, all), "larger")
	assert.False(t, segment.Within(outer, make([]int16, 3)), "elsewhere")
	assert.False(t, segment.Within(nil, outer))
}
