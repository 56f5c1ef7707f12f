//go:build unix

package shmarray_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/internal/proctest"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/shmarray"
)

// lifetimes are the ways to get an array of 64x64 float64, of which each
// element is 1 (where it can be written).
var lifetimes = map[string]func(dir string) (*shmarray.Array[float64], error){
	"New":     func(string) (*shmarray.Array[float64], error) { return shmarray.Ones(64, 64) },
	"Private": func(string) (*shmarray.Array[float64], error) { return ones(shmarray.Private[float64](64, 64)) },
	"Create": func(dir string) (*shmarray.Array[float64], error) {
		return ones(shmarray.Create[float64](filepath.Join(dir, "a.npy"), 64, 64))
	},
	"ReadOnly":    func(dir string) (*shmarray.Array[float64], error) { return reopened(dir, shmarray.ReadOnly) },
	"ReadWrite":   func(dir string) (*shmarray.Array[float64], error) { return reopened(dir, shmarray.ReadWrite) },
	"CopyOnWrite": func(dir string) (*shmarray.Array[float64], error) { return reopened(dir, shmarray.CopyOnWrite) },
	"reference": func(dir string) (*shmarray.Array[float64], error) {
		a, err := reopened(dir, shmarray.ReadWrite)
		if err != nil {
			return nil, err
		}
		b, err := a.GobEncode()
		if err = errors.Join(err, a.Close()); err != nil {
			return nil, err
		}
		again := new(shmarray.Array[float64])
		return again, again.GobDecode(b)
	},
}

func ones(a *shmarray.Array[float64], err error) (*shmarray.Array[float64], error) {
	if err == nil {
		for i := range a.Data() {
			a.Data()[i] = 1
		}
	}
	return a, err
}

func reopened(dir string, mode shmarray.Mode) (*shmarray.Array[float64], error) {
	path := filepath.Join(dir, "a.npy")
	a, err := ones(shmarray.Create[float64](path, 64, 64))
	if err != nil {
		return nil, err
	}
	if err := a.Close(); err != nil {
		return nil, err
	}
	return shmarray.Open[float64](path, mode)
}

func everyLifetime(t *testing.T, test func(t *testing.T, a *shmarray.Array[float64])) {
	for kind, make := range lifetimes {
		t.Run(kind, func(t *testing.T) { test(t, closing[float64](t)(make(t.TempDir()))) })
	}
}

func TestCloseFromManyGoroutines(t *testing.T) {
	everyLifetime(t, func(t *testing.T, a *shmarray.Array[float64]) {
		live := len(segment.Live())
		data := a.Data()
		begin := make(chan struct{})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				<-begin
				assert.NoError(t, a.Close())
				// Each of them has waited until it is closed.
				assert.PanicsWithValue(t, "shmarray: array is closed", func() { a.Data() })
				var sum float64
				assert.True(t, faulted(func() { sum += data[4095] }))
				assert.Zero(t, sum)
			})
		}
		close(begin)
		wg.Wait()
		assert.NoError(t, a.Close(), "idempotent")
		assert.Len(t, segment.Live(), live-1)
	})
}

// However many goroutines close one handle, it counts once.
func TestCloseFromManyGoroutinesOfOneHandle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	other := closing[float64](t)(ones(shmarray.Create[float64](path, 64, 64)))
	// Keeps the registry busy, so that the closers meet there.
	var stop atomic.Bool
	var busy sync.WaitGroup
	defer busy.Wait()
	defer stop.Store(true)
	for range 2 {
		busy.Go(func() {
			for !stop.Load() {
				segment.Live()
				runtime.Gosched()
			}
		})
	}
	for range 1000 {
		a, err := shmarray.Open[float64](path, shmarray.ReadWrite)
		require.NoError(t, err)
		var done sync.WaitGroup
		for range 4 {
			done.Go(func() { assert.NoError(t, a.Close()) })
		}
		done.Wait()
		require.Len(t, liveOf(path), 1)
	}
	assert.Equal(t, 1.0, other.At(0, 0))
}

// The order of a close and a read by another goroutine does not matter to the
// other: it gets the array, a panic or ErrClosed.
func TestMethodsDuringClose(t *testing.T) {
	for range 50 {
		a := closing[float64](t)(shmarray.Ones(64, 64))
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for range 2 {
			wg.Go(func() {
				<-begin
				for {
					if _, err := a.GobEncode(); err != nil {
						assert.ErrorIs(t, err, shmarray.ErrClosed)
						return
					}
					if err := a.Sync(); err != nil {
						assert.ErrorIs(t, err, shmarray.ErrClosed)
						return
					}
				}
			})
		}
		close(begin)
		require.NoError(t, a.Close())
		wg.Wait()
	}
}

// A hold stands for a run that names the array.
func TestCloseOfAnArrayInUse(t *testing.T) {
	everyLifetime(t, func(t *testing.T, a *shmarray.Array[float64]) {
		live := segment.Live()
		data, view := a.Data(), a.Slice(3, 5)
		all, ok := segment.Hold(a.RowBytes(0, 64))
		require.True(t, ok)
		part, ok := segment.Hold(view.RowBytes(1, 2))
		require.True(t, ok)

		for range 2 {
			err := a.Close()
			assert.ErrorIs(t, err, shmarray.ErrInUse)
			assert.Equal(t, 1, strings.Count(err.Error(), "shmarray: "), err)
			assert.Contains(t, err.Error(), "in use")
			assert.NoError(t, view.Close())
			assert.Equal(t, live, segment.Live())
			assert.Equal(t, 1.0, a.At(63, 63))
			assert.Equal(t, 1.0, data[0]+view.At(0, 0)-a.Sub(1, 1).At())
			assert.NoError(t, a.Sync())
			all()
			all = func() {} // the second time a part of the array is still held
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { assert.ErrorIs(t, a.Close(), shmarray.ErrInUse) })
		}
		wg.Wait()
		part()
		assert.NoError(t, a.Close())
		assert.Len(t, segment.Live(), len(live)-1)
		assert.True(t, faulted(func() { data[0]++ }))
		_, ok = segment.Hold(segment.BytesOf(data))
		assert.False(t, ok, "a closed array cannot be used")
	})
}

func TestTwoHandlesOfAFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.npy")
	first := closing[float64](t)(ones(shmarray.Create[float64](path, 64, 64)))
	second := closing[float64](t)(shmarray.Open[float64](path, shmarray.ReadWrite))
	third := closing[float64](t)(shmarray.Open[float64](path, shmarray.ReadWrite))
	fourth := closing[float64](t)(shmarray.Open[float64](path, shmarray.CopyOnWrite))
	assert.Len(t, liveOf(path), 2)
	if runtime.GOOS == "linux" {
		descriptors := slices.DeleteFunc(proctest.Descriptors(t), func(s string) bool {
			return !strings.HasSuffix(s, path)
		})
		// The file that Create made without a name may not be known by its own.
		assert.LessOrEqual(t, len(descriptors), 2, "one for each mapping")
	}
	stale, ofSecond := first.Data(), second.Sub(1)

	release, ok := segment.Hold(second.RowBytes(0, 1))
	require.True(t, ok)
	for _, a := range []*shmarray.Array[float64]{first, second, third} {
		assert.ErrorIs(t, a.Close(), shmarray.ErrInUse, "it is one memory")
	}
	require.NoError(t, fourth.Close(), "that is another")
	release()

	require.NoError(t, first.Close())
	require.NoError(t, first.Close(), "counts once")
	require.NoError(t, third.Close())
	assert.PanicsWithValue(t, "shmarray: array is closed", func() { first.Data() })
	second.Set(3, 0, 0)
	ofSecond.Set(4, 0)
	assert.Equal(t, 3.0, stale[0], "reaches the file as long as that is open")
	require.NoError(t, second.Sync())
	b, err := second.GobEncode()
	require.NoError(t, err)
	assert.Equal(t, 4.0, decoded[float64](t, b).At(1, 0))

	require.NoError(t, second.Close())
	assert.True(t, faulted(func() { stale[0]++ }))
	assert.Empty(t, liveOf(path))
	again := closing[float64](t)(shmarray.Open[float64](path, shmarray.ReadOnly))
	assert.Equal(t, 3.0, again.At(0, 0))
	assert.True(t, faulted(func() { stale[0]++ }), "closed is closed")
}

func TestHandlesFromManyGoroutines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.npy")
	require.NoError(t, closing[float64](t)(ones(shmarray.Create[float64](path, 64, 64))).Close())
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				a, err := shmarray.Open[float64](path, shmarray.ReadWrite)
				if !assert.NoError(t, err) {
					return
				}
				a.Data()[g] = float64(i)
				assert.Equal(t, 1.0, a.At(63, 63))
				assert.NoError(t, a.Close())
			}
		})
	}
	wg.Wait()
	assert.Empty(t, liveOf(path))
	a := closing[float64](t)(shmarray.Load[float64](path))
	assert.Equal(t, []float64{49, 49, 49, 49, 49, 49, 49, 49, 1}, a.Data()[:9])
}

// Whatever is made of a closed array never shows another one.
func TestStaleAccessOfEveryKindFaults(t *testing.T) {
	everyLifetime(t, func(t *testing.T, a *shmarray.Array[float64]) {
		data, row, m, view := a.Data(), a.Row(63), shmarray.Dense(a), a.Slice(1, 2).Data()
		require.NoError(t, a.Close())
		dir := t.TempDir()
		for i := range 20 {
			closing[float64](t)(shmarray.Full(2.0, 64, 64))
			closing[float64](t)(shmarray.Private[float64](64, 64))
			closing[float64](t)(shmarray.Create[float64](filepath.Join(dir, fmt.Sprint(i)), 64, 64))
		}
		var sum float64
		assert.True(t, faulted(func() { sum += data[0] }))
		assert.True(t, faulted(func() { data[4095] = 1 }))
		assert.True(t, faulted(func() { row[63]++ }))
		assert.True(t, faulted(func() { view[0]++ }))
		assert.True(t, faulted(func() { sum += m.At(1, 1) }))
		assert.True(t, faulted(func() { m.Set(1, 1, 1) }))
		assert.True(t, faulted(func() { copy(data, make([]float64, 4096)) }))
		assert.Zero(t, sum)
	})
}

// A slice or a matrix may live longer than the Array. TestNothingIsUnmapped
// does in a process of its own what leaks.
func TestNothingIsUnmapped(t *testing.T) {
	const env = "SHMARRAY_TEST_DROP"
	if os.Getenv(env) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestNothingIsUnmapped$", "-test.v", "-test.timeout=60s")
		cmd.Env = append(os.Environ(), env+"=1", "GORACE=atexit_sleep_ms=0")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Contains(t, string(out), fmt.Sprintf("%d of %[1]d arrays collected, all can be read", len(lifetimes)))
		return
	}
	type kept struct {
		kind string
		data []float64
		m    *mat.Dense
	}
	var all []kept
	var collected atomic.Int32
	dir := t.TempDir()
	for kind, make := range lifetimes {
		sub := filepath.Join(dir, kind)
		require.NoError(t, os.Mkdir(sub, 0o700))
		a, err := make(sub)
		require.NoError(t, err)
		runtime.AddCleanup(a, func(int) { collected.Add(1) }, 0)
		all = append(all, kept{kind, a.Row(63), shmarray.Dense(a)})
	}
	live := segment.Live()
	for end := time.Now().Add(10 * time.Second); int(collected.Load()) < len(all) && time.Now().Before(end); {
		garbage = make([]byte, 1<<20)
		runtime.GC()
	}
	for range 5 { // what finalizers of finalizers would do
		garbage = make([]byte, 1<<20)
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	require.Equal(t, live, segment.Live())
	for _, k := range all {
		assert.Equal(t, 64.0, mat.Sum(k.m.RowView(63)), k.kind)
		assert.Equal(t, 1.0, k.data[63], k.kind)
		assert.Equal(t, 4096.0, mat.Sum(k.m), k.kind)
		if k.kind != "ReadOnly" {
			k.data[0] = 5
			assert.Equal(t, 5.0, k.m.At(63, 0))
		}
	}
	if t.Failed() {
		return
	}
	t.Logf("%d of %d arrays collected, all can be read", collected.Load(), len(all))
	fmt.Printf("%d of %d arrays collected, all can be read\n", collected.Load(), len(all))
	require.NoError(t, os.RemoveAll(dir))
	os.Exit(0) // before the leak check, which would be right
}

var garbage []byte
