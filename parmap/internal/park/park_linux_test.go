package park_test

import (
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/parmap/internal/park"
)

// descriptors returns how many files the process has open.
func descriptors(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(entries)
}

// withoutDescriptors runs f while the process cannot open any more files.
func withoutDescriptors(t *testing.T, f func()) {
	var before unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
	none := before
	none.Cur = 0
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &none))
	defer func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before)) }()
	f()
}

func TestWithoutDescriptors(t *testing.T) {
	withoutDescriptors(t, func() {
		t.Run("Wake", TestWake)
		t.Run("WaitEnds", TestWaitEnds)
	})
}

// TestDescriptorsComeAndGo holds that a sleeper that got no eventfd at first has
// one later, and gives it back.
func TestDescriptorsComeAndGo(t *testing.T) {
	var w park.Word
	before := descriptors(t)
	withoutDescriptors(t, func() { w.Wait(0, time.Millisecond) })
	assert.Equal(t, before, descriptors(t))
	for range 2 {
		w.Wait(0, time.Millisecond)
		w.Wait(0, time.Millisecond)
		assert.Equal(t, before+1, descriptors(t))
		w.Close()
		w.Close()
		assert.Equal(t, before, descriptors(t))
	}
}

// TestASleeperIsNotInASystemCall holds what the eventfd is for.
func TestASleeperIsNotInASystemCall(t *testing.T) {
	var w park.Word
	done := make(chan struct{})
	go func() {
		defer close(done)
		for w.Load() == 0 {
			w.Wait(0, time.Hour)
		}
		w.Close()
	}()
	state := func() string {
		buf := make([]byte, 1<<20)
		for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "park.(*Word).Wait") {
				return g[strings.Index(g, "[")+1 : strings.Index(g, "]")]
			}
		}
		return "elsewhere"
	}
	assert.Eventually(t, func() bool { return state() == "IO wait" }, 10*time.Second, time.Millisecond)
	w.Add(1)
	w.Wake()
	<-done
}

// TestALateWakeWritesNowhereElse wakes a sleeper that gives its eventfd back,
// whose number is then that of another file. There are more wakers than
// processors, so that some are interrupted in the middle.
func TestALateWakeWritesNowhereElse(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8))
	var w park.Word
	var end atomic.Bool
	var wakers sync.WaitGroup
	for range 8 {
		wakers.Go(func() {
			for !end.Load() {
				w.Wake()
			}
		})
	}
	for range 50 {
		w.Wait(0, time.Hour) // until a Wake; opens an eventfd
		w.Close()
		fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
		require.NoError(t, err)
		time.Sleep(5 * time.Millisecond) // wakers are interrupted, and go on
		_, err = unix.Read(fd, make([]byte, 8))
		require.Equal(t, unix.EAGAIN, err, "somebody else's file has been written to")
		require.NoError(t, unix.Close(fd))
	}
	end.Store(true)
	wakers.Wait()
}
