//go:build race && linux && !s390x

package segment_test

import (
	"bytes"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/segment"
)

const homeBytes = 300 << 10

// churn collects garbage and fills the heap with what is as large as a home of
// homeBytes, until memory at addr was allocated again, which it reports. Memory
// that is not the heap's again would fault, or change the file that is mapped
// there.
func churn(addr uintptr) (reused bool) {
	nbytes := homeBytes + os.Getpagesize()
	pattern := bytes.Repeat([]byte{0xee}, nbytes)
	for range 4 {
		runtime.GC()
		var keep [][]byte
		for range 50 {
			b := make([]byte, nbytes)
			if bytes.Count(b, []byte{0}) != nbytes {
				panic("fresh memory is not zero")
			}
			copy(b, pattern)
			if address(b) <= addr && addr < address(b)+uintptr(nbytes) {
				return true
			}
			keep = append(keep, b)
		}
		runtime.KeepAlive(keep)
	}
	return false
}

func TestTheHeapHasItsMemoryBack(t *testing.T) {
	defer segment.SetQuarantine(0, 0)()
	path := written(t, homeBytes)
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, create := range map[string]func() (*segment.Segment, error){
		"shared":        func() (*segment.Segment, error) { return segment.New(homeBytes, "test") },
		"private":       func() (*segment.Segment, error) { return segment.NewPrivate(homeBytes, "test") },
		"a file":        func() (*segment.Segment, error) { return open(path, segment.ReadWrite, 0) },
		"a copied file": func() (*segment.Segment, error) { return open(path, segment.CopyOnWrite, 0) },
		"a read file":   func() (*segment.Segment, error) { return open(path, segment.ReadOnly, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			reused := false
			for range 10 {
				runtime.GC() // the heap uses the lowest free address first
				s, err := create()
				require.NoError(t, err)
				lo := address(s.Bytes())
				if s.Mode() != segment.ReadOnly && s.Path() == "" {
					for i := range s.Bytes() {
						s.Bytes()[i] = 0xdd
					}
				}
				runtime.GC()
				assert.Equal(t, lo, address(s.Bytes()), "it does not move")
				require.NoError(t, s.Close())
				s = nil
				if reused = churn(lo); reused {
					break
				}
			}
			assert.True(t, reused, "nothing was allocated there: the test shows nothing")
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(want, got), "nobody wrote to the file")
		})
	}
}

func TestTheHeapDoesNotUseTheQuarantine(t *testing.T) {
	runtime.GC()
	s, err := segment.New(homeBytes, "test")
	require.NoError(t, err)
	lo := address(s.Bytes())
	require.NoError(t, s.Close())
	s = nil
	assert.False(t, churn(lo))
	// What the heap cannot have back, it does not use either.
	defer segment.SetQuarantine(0, 0)()
	s, err = segment.New(homeBytes, "test")
	require.NoError(t, err)
	lo = address(s.Bytes())
	restore := segment.Inject("mmap", &segment.Call{First: 2, Last: 2, Err: unix.ENOMEM})
	require.NoError(t, s.Close())
	restore()
	s = nil
	assert.False(t, churn(lo))
	assert.Contains(t, mappingOf(t, lo), "---p")
}
