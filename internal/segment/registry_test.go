//go:build unix

package segment_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
)

// nameAt returns the name of the mapping at addr, or "".
func nameAt(addr uintptr) string {
	name, _ := segment.NameAt(addr)
	return name
}

func TestAMappingIsFoundByItsAddresses(t *testing.T) {
	for _, nbytes := range []int{1, 4096, 10_000} {
		name := fmt.Sprint("this", nbytes)
		s, err := segment.New(nbytes, name)
		require.NoError(t, err)
		begin := address(s.Bytes())
		for range 2 { // then closed, in quarantine
			assert.Equal(t, name, nameAt(begin))
			assert.Equal(t, name, nameAt(begin+uintptr(nbytes)-1))
			assert.NotEqual(t, name, nameAt(begin-1), "before it")
			assert.NotEqual(t, name, nameAt(begin+uintptr(nbytes)), "behind it")
			require.NoError(t, s.Close())
		}
	}
	assert.Empty(t, nameAt(0))
	assert.Empty(t, nameAt(1))
	assert.Empty(t, nameAt(^uintptr(0)), "the last address has no next one")
	b := make([]byte, 10)
	assert.Empty(t, nameAt(address(b)))
}

func TestEvictionForgets(t *testing.T) {
	defer segment.SetQuarantine(1, 1<<30)()
	first, err := segment.New(5000, "first")
	require.NoError(t, err)
	second, err := segment.New(5000, "second")
	require.NoError(t, err)
	require.NoError(t, first.Close())
	assert.Equal(t, "first", nameAt(address(first.Bytes())))
	require.NoError(t, second.Close())
	assert.Empty(t, nameAt(address(first.Bytes())))
	assert.Equal(t, "second", nameAt(address(second.Bytes())))
}

// TestRegistryAgainstAList opens and closes at random, and asks a list.
func TestRegistryAgainstAList(t *testing.T) {
	defer segment.SetQuarantine(20, 1<<30)()
	type entry struct {
		s      *segment.Segment
		name   string
		closed bool
	}
	r := rand.New(rand.NewPCG(1, 2))
	var open, closed []entry // closed: those in quarantine
	for i := range 1000 {
		switch {
		case len(open) < 50 && r.IntN(3) > 0 || len(open) == 0:
			create := segment.New
			if r.IntN(2) > 0 {
				create = segment.NewPrivate
			}
			name := fmt.Sprint("n", i)
			s, err := create(1+r.IntN(3*4096), name)
			require.NoError(t, err)
			open = append(open, entry{s: s, name: name})
		default:
			k := r.IntN(len(open))
			e := open[k]
			open = append(open[:k], open[k+1:]...)
			require.NoError(t, e.s.Close())
			e.closed = true
			if closed = append(closed, e); len(closed) > 20 {
				closed = closed[1:]
			}
		}
		if i%10 > 0 {
			continue
		}
		list := append(append([]entry{}, open...), closed...)
		for range 20 {
			e := list[r.IntN(len(list))]
			addr := address(e.s.Bytes()) + uintptr(r.IntN(4*4096)) - 4096
			want := ""
			for _, x := range list {
				if b := x.s.Bytes(); address(b) <= addr && addr-address(b) < uintptr(len(b)) {
					want = x.name
				}
			}
			require.Equal(t, want, nameAt(addr))
			release, ok := segment.Hold(e.s.Bytes()[len(e.s.Bytes())-1:])
			require.Equal(t, !e.closed, ok)
			if ok {
				release()
			}
		}
		live := segment.Live()
		require.Len(t, live, len(open))
		for _, e := range open {
			require.Contains(t, live, fmt.Sprintf("%#x %s", address(e.s.Bytes()), e.name))
		}
	}
	for _, e := range open {
		require.NoError(t, e.s.Close())
	}
	assert.Empty(t, segment.Live())
}

func TestWhatIsHeldStaysOpen(t *testing.T) {
	for name, create := range map[string]func(int, string) (*segment.Segment, error){"shared": segment.New, "private": segment.NewPrivate} {
		t.Run(name, func(t *testing.T) {
			s, err := create(10_000, "test")
			require.NoError(t, err)
			first, ok := segment.Hold(s.Bytes())
			require.True(t, ok)
			second, ok := segment.Hold(s.Bytes()[9_999:])
			require.True(t, ok)
			for _, release := range []func(){first, second} {
				assert.Equal(t, segment.ErrInUse, s.Close())
				assert.False(t, s.Closed())
				s.Bytes()[0]++
				release()
			}
			require.NoError(t, s.Close())
			assert.True(t, s.Closed())

			_, ok = segment.Hold(s.Bytes())
			assert.False(t, ok, "closed")
			_, ok = segment.Hold(nil)
			assert.False(t, ok, "nothing")
			_, ok = segment.Hold(make([]byte, 10))
			assert.False(t, ok, "not mapped")
		})
	}
}

func TestFind(t *testing.T) {
	s := newSegment(t, 10_000)
	for i := range s.Bytes() {
		s.Bytes()[i] = byte(i)
	}
	id, offset, ok := s.Locate(s.Bytes()[100:])
	require.True(t, ok)
	assert.Equal(t, 100, offset)
	for _, c := range []struct {
		lo, hi int
		found  bool
	}{
		{0, 10_000, true}, {100, 200, true}, {10_000, 10_000, true}, {5, 5, true},
		{0, 10_001, false}, {-1, 5, false}, {6, 5, false}, {10_001, 10_001, false},
	} {
		found := segment.Find(id, c.lo, c.hi)
		require.Equal(t, c.found, found != nil, c)
		if found == nil {
			continue
		}
		if c.hi > c.lo {
			assert.Equal(t, address(s.Bytes())+uintptr(c.lo), address(found.Bytes()))
		}
		assert.Len(t, found.Bytes(), c.hi-c.lo)
		assert.Equal(t, c.hi-c.lo, cap(found.Bytes()))
		assert.Equal(t, segment.ReadWrite, found.Mode())
		assert.Empty(t, found.Path())
	}
	assert.Nil(t, segment.Find(segment.ID{}, 0, 0))
	assert.Nil(t, segment.Find(segment.ID{Device: id.Device, Inode: id.Inode + 1<<40}, 0, 1))

	borrowed := segment.Find(id, 0, 10)
	require.NoError(t, borrowed.Close())
	assert.False(t, borrowed.Closed(), "owns nothing")
	assert.NotNil(t, borrowed.File())
	release, ok := segment.Hold(borrowed.Bytes())
	require.True(t, ok)
	assert.Equal(t, segment.ErrInUse, s.Close())
	release()
	require.NoError(t, s.Close())
	assert.True(t, borrowed.Closed())
	assert.Equal(t, segment.ErrClosed, borrowed.Sync(borrowed.Bytes()))
	assert.Nil(t, segment.Find(id, 0, 10))
}

func TestPrivateMemoryIsNotLocated(t *testing.T) {
	s, err := segment.NewPrivate(100, "test")
	require.NoError(t, err)
	defer s.Close()
	_, _, ok := s.Locate(s.Bytes())
	assert.False(t, ok)
	assert.Nil(t, s.File())
	nothing, err := segment.New(0, "test")
	require.NoError(t, err)
	_, _, ok = nothing.Locate(nothing.Bytes())
	assert.False(t, ok)
	assert.Nil(t, nothing.File())
	assert.Equal(t, segment.ReadWrite, nothing.Mode())
	assert.Empty(t, nothing.Path())
	assert.NoError(t, nothing.Sync(nothing.Bytes()))
	require.NoError(t, nothing.Close())
	assert.NoError(t, nothing.Close())
}

// Everything at the same time, on the same few files and segments.
func TestRegistryFromManyGoroutines(t *testing.T) {
	defer segment.SetQuarantine(3, 1<<20)()
	dir := t.TempDir()
	paths := []string{filepath.Join(dir, "a"), filepath.Join(dir, "b")}
	for i, path := range paths {
		require.NoError(t, os.WriteFile(path, []byte(strings.Repeat(string(rune('a'+i)), 5000)), 0o600))
	}
	shared := newSegment(t, 5000)
	shared.Bytes()[0] = 'z'
	id, _, _ := shared.Locate(shared.Bytes())
	var wg sync.WaitGroup
	for g := range 6 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(g)))
			for range 100 {
				k := r.IntN(2)
				mode := segment.ReadOnly
				if r.IntN(4) == 0 {
					mode = segment.CopyOnWrite
				}
				s, err := mapped(paths[k], mode)
				if !assert.NoError(t, err) {
					return
				}
				want := byte('a' + k)
				assert.Equal(t, want, s.Bytes()[4999])
				if found := segment.Find(id, 0, 1); assert.NotNil(t, found) {
					assert.Equal(t, byte('z'), found.Bytes()[0])
				}
				if release, ok := segment.Hold(s.Bytes()); assert.True(t, ok) {
					assert.Equal(t, segment.ErrInUse, s.Close())
					runtime.Gosched()
					assert.Equal(t, want, s.Bytes()[0])
					release()
				}
				nameAt(address(s.Bytes()))
				segment.Live()
				for s.Close() != nil { // another handle is held
					runtime.Gosched()
				}
			}
		})
	}
	wg.Wait()
	assert.Len(t, segment.Live(), 1)
	assert.Equal(t, 1, segment.Identities())
}

func mapped(path string, mode segment.Mode) (*segment.Segment, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return segment.Map(f, path, mode, 0, 5000, path)
}
