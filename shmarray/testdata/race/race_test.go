// Package race has programs for the race detector. Package shmarray's
// TestRaceDetector builds and runs them; the wildcard ./... does not find them.
package race

import (
	"math"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

const rows, cols = 64, 50

// kinds are arrays in memory of every kind.
var kinds = map[string]func(t testing.TB) *shmarray.Array[float64]{
	"New":     func(t testing.TB) *shmarray.Array[float64] { return closing(t)(shmarray.Zeros(rows, cols)) },
	"Private": func(t testing.TB) *shmarray.Array[float64] { return closing(t)(shmarray.Private[float64](rows, cols)) },
	"Create": func(t testing.TB) *shmarray.Array[float64] {
		return closing(t)(shmarray.Create[float64](filepath.Join(t.TempDir(), "a.npy"), rows, cols))
	},
	"Open":        func(t testing.TB) *shmarray.Array[float64] { return opened(t, shmarray.ReadWrite) },
	"CopyOnWrite": func(t testing.TB) *shmarray.Array[float64] { return opened(t, shmarray.CopyOnWrite) },
}

func closing(t testing.TB) func(*shmarray.Array[float64], error) *shmarray.Array[float64] {
	return func(a *shmarray.Array[float64], err error) *shmarray.Array[float64] {
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, a.Close()) })
		return a
	}
}

func opened(t testing.TB, mode shmarray.Mode) *shmarray.Array[float64] {
	path := filepath.Join(t.TempDir(), "a.npy")
	require.NoError(t, closing(t)(shmarray.Create[float64](path, rows, cols)).Close())
	return closing(t)(shmarray.Open[float64](path, mode))
}

// TestSlice has two goroutines write one element of each kind's array.
func TestSlice(t *testing.T) {
	for kind, create := range kinds {
		t.Run(kind, func(t *testing.T) {
			a := create(t)
			var wg sync.WaitGroup
			wg.Go(func() {
				a.Data()[rows*cols-1] = 1 // race: Slice
			})
			wg.Go(func() {
				a.Row(rows - 1)[cols-1] = 2 // race: Slice
			})
			wg.Wait()
		})
	}
}

// TestLoop reads in a body what another writes.
func TestLoop(t *testing.T) {
	for kind, create := range kinds {
		t.Run(kind, func(t *testing.T) {
			a := create(t)
			var both sync.WaitGroup // so that two goroutines take part
			both.Add(2)
			parmap.For(2, func(i int) {
				both.Done()
				both.Wait()
				for range 10_000 * i { // of two accesses at one instant the detector can miss both
				}
				row, next := a.Row(i), a.Row(1)
				row[0] = 1 + next[0] // race: Loop
			}, parmap.Workers(2), parmap.Grain(1))
		})
	}
}

// TestAfterReuse races on an array whose memory had others before.
func TestAfterReuse(t *testing.T) {
	for kind, create := range kinds {
		t.Run(kind, func(t *testing.T) {
			for range 20 {
				b := create(t)
				b.Data()[7] = 1
				require.NoError(t, b.Close())
			}
			a := create(t)
			var wg sync.WaitGroup
			wg.Go(func() {
				a.Data()[7] = 2 // race: AfterReuse
			})
			wg.Go(func() {
				a.Data()[7] = 2 // race: AfterReuse
			})
			wg.Wait()
		})
	}
}

// TestFill writes an element of an array that another goroutine fills.
func TestFill(t *testing.T) {
	for kind, create := range kinds {
		t.Run(kind, func(t *testing.T) {
			a := create(t)
			var wg sync.WaitGroup
			wg.Go(func() {
				a.Slice(1, rows).Fill(1) // race: Fill
			})
			wg.Go(func() {
				a.Row(rows - 1)[cols-1] = 2 // race: Fill
			})
			wg.Wait()
		})
	}
}

// From here on all is as it should be.

// TestDisjoint has goroutines and loops write rows of their own, and read the
// whole afterwards.
func TestDisjoint(t *testing.T) {
	for kind, create := range kinds {
		t.Run(kind, func(t *testing.T) {
			a := create(t)
			var wg sync.WaitGroup
			for g := range 2 {
				wg.Go(func() {
					for i := g * rows / 2; i < (g+1)*rows/2; i++ {
						for j := range a.Row(i) {
							a.Set(1, i, j)
						}
					}
				})
			}
			wg.Wait()
			parmap.For(rows, func(i int) {
				for j, v := range a.Row(i) {
					a.Row(i)[j] = v + float64(i)
				}
			}, parmap.Workers(4))
			parmap.ForRows(shmarray.Dense(a), func(i int, row []float64) {
				for j := range row {
					row[j] += float64(j)
				}
			}, parmap.Workers(4))
			for i := range rows {
				for j, v := range a.Row(i) {
					if v != float64(1+i+j) {
						t.Fatal(i, j, v)
					}
				}
			}
		})
	}
}

// TestReuse has goroutines that do not know of each other use memory that was
// the others': more arrays are closed than the quarantine keeps, and garbage
// of the heap's own comes between.
func TestReuse(t *testing.T) {
	const each = 1000
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Go(func() {
			for i := range each {
				a, err := shmarray.Zeros(rows, cols)
				if i%2 == 1 {
					a, err = again(a, err)
				}
				if err != nil {
					t.Error(err)
					return
				}
				data := a.Data()
				for j := 0; j < len(data); j += 7 {
					if data[j] != 0 {
						t.Errorf("element %d of array %d of goroutine %d is %v at first", j, i, g, data[j])
						return
					}
					data[j] = math.Pi
				}
				heap := make([]float64, rows*cols)
				for j := 0; j < len(heap); j += 7 {
					heap[j]++
				}
				if heap[0] != 1 {
					t.Error("the heap's memory was not zeroed")
				}
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// again replaces a by a private array.
func again(a *shmarray.Array[float64], err error) (*shmarray.Array[float64], error) {
	if err != nil {
		return nil, err
	}
	if err := a.Close(); err != nil {
		return nil, err
	}
	return shmarray.Private[float64](rows, cols)
}

// TestHandedOver passes an array on over a channel, and closes it elsewhere.
func TestHandedOver(t *testing.T) {
	for kind, create := range kinds {
		t.Run(kind, func(t *testing.T) {
			a := create(t)
			ready, done, closed := make(chan int), make(chan int), make(chan int)
			go func() {
				<-ready
				a.Data()[0]++
				close(done)
			}()
			a.Data()[0]++
			close(ready)
			<-done
			if a.Data()[0] != 2 {
				t.Error(a.Data()[0])
			}
			go func() {
				defer close(closed)
				assert.NoError(t, a.Close())
			}()
			<-closed
		})
	}
}
