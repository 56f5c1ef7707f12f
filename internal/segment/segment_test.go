//go:build unix

package segment_test

import (
	"fmt"
	"os"
	"runtime/debug"
	"sync"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/internal/segment"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// newSegment returns a segment that is closed at the end of the test.
func newSegment(t *testing.T, nbytes int) *segment.Segment {
	t.Helper()
	s, err := segment.New(nbytes, "test")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// faultAddr runs f and returns the address at which it faulted, if it did.
func faultAddr(f func()) (addr uintptr, faulted bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if e, ok := recover().(interface{ Addr() uintptr }); ok {
			addr, faulted = e.Addr(), true
		}
	}()
	f()
	return 0, false
}

var sink byte // keeps the compiler from dropping a read

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

func TestBytesAreZeroAlignedAndWritable(t *testing.T) {
	for _, nbytes := range []int{1, 7, 4096, 4097, 5<<20 + 3} {
		s := newSegment(t, nbytes)
		b := s.Bytes()
		require.Len(t, b, nbytes)
		assert.Equal(t, nbytes, cap(b))
		assert.Zero(t, address(b)%uintptr(os.Getpagesize()))
		nonZero := 0
		for i := range b {
			if b[i] != 0 {
				nonZero++
			}
			b[i] = 0xff
		}
		assert.Zero(t, nonZero)
	}
}

func TestNoBytesNeedNothing(t *testing.T) {
	s, err := segment.New(0, "test")
	require.NoError(t, err)
	assert.Empty(t, s.Bytes())
	assert.False(t, s.Closed())
	assert.NoError(t, s.Close())
	assert.True(t, s.Closed())
}

func TestNegativeSizePanics(t *testing.T) {
	assert.PanicsWithValue(t, "segment: negative size", func() { segment.New(-1, "test") })
}

func TestCloseIsIdempotent(t *testing.T) {
	s := newSegment(t, 1)
	assert.False(t, s.Closed())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { assert.NoError(t, s.Close()) })
	}
	wg.Wait()
	assert.NoError(t, s.Close())
	assert.True(t, s.Closed())
	assert.True(t, (*segment.Segment)(nil).Closed())
}

func TestStaleAccessFaults(t *testing.T) {
	s := newSegment(t, 3*4096)
	b := s.Bytes()
	require.NoError(t, s.Close())

	addr, faulted := faultAddr(func() { sink = b[5000] })
	assert.True(t, faulted, "read")
	assert.Equal(t, address(b)+5000, addr)
	addr, faulted = faultAddr(func() { b[2] = 1 })
	assert.True(t, faulted, "write")
	assert.Equal(t, address(b)+2, addr)
}

func TestClosedAddressesAreNotUsedAgain(t *testing.T) {
	const nbytes = 1 << 16
	s := newSegment(t, nbytes)
	stale := s.Bytes()
	require.NoError(t, s.Close())
	for range 50 {
		next := newSegment(t, nbytes).Bytes()
		next[0] = 1
		assert.False(t, address(next) < address(stale)+nbytes && address(stale) < address(next)+nbytes)
	}
	_, faulted := faultAddr(func() { sink = stale[0] })
	assert.True(t, faulted)
}

func TestQuarantineIsBoundedByCount(t *testing.T) {
	defer segment.SetQuarantine(3, 1<<30)()
	for range 10 {
		require.NoError(t, newSegment(t, 4096).Close())
	}
	ranges, nbytes := segment.Quarantined()
	assert.Equal(t, 3, ranges)
	assert.Equal(t, 3*4096, nbytes)
}

func TestQuarantineIsBoundedByBytes(t *testing.T) {
	defer segment.SetQuarantine(1000, 10*4096)()
	for _, pages := range []int{4, 1, 3, 2, 4} {
		require.NoError(t, newSegment(t, pages*4096).Close())
	}
	ranges, nbytes := segment.Quarantined()
	assert.Equal(t, 4, ranges, "the oldest made room")
	assert.Equal(t, 10*4096, nbytes)

	require.NoError(t, newSegment(t, 11*4096).Close())
	ranges, nbytes = segment.Quarantined()
	assert.Zero(t, ranges, "larger than the whole quarantine")
	assert.Zero(t, nbytes)
}

func TestQuarantineHoldsItsDefault(t *testing.T) {
	for range segment.QuarantineRanges + 5 {
		s, err := segment.New(1, "test")
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}
	ranges, _ := segment.Quarantined()
	assert.Equal(t, segment.QuarantineRanges, ranges)
}

func TestSegmentsFromManyGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				s, err := segment.New(1+g*4096, "test")
				if !assert.NoError(t, err) {
					return
				}
				s.Bytes()[g] = byte(i)
				assert.NoError(t, s.Close())
			}
		})
	}
	wg.Wait()
}

func BenchmarkNew(b *testing.B) {
	for _, nbytes := range []int{4 << 10, 1 << 20, 16 << 20} {
		b.Run(fmt.Sprintf("%dKiB", nbytes>>10), func(b *testing.B) {
			b.SetBytes(int64(nbytes))
			for b.Loop() {
				s, err := segment.New(nbytes, "test")
				if err != nil {
					b.Fatal(err)
				}
				s.Close()
			}
		})
	}
}
