//go:build unix

package kernel_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap/internal/kernel"
)

// early is registered as kernels should be.
var early = entry()

var names atomic.Int64

// entry registers an entry under a name of its own.
func entry() *kernel.Entry {
	e := &kernel.Entry{Name: fmt.Sprint("test: ", names.Add(1))}
	kernel.Register(e)
	return e
}

func TestTable(t *testing.T) {
	e := entry()
	assert.Same(t, e, kernel.Lookup(e.Name))
	assert.Same(t, early, kernel.Lookup(early.Name))
	assert.Nil(t, kernel.Lookup("nobody"))
	assert.Nil(t, kernel.Lookup(""))
	other := &kernel.Entry{Name: e.Name}
	assert.PanicsWithValue(t, "parmap: two kernels of one name", func() { kernel.Register(other) })
	assert.PanicsWithValue(t, "parmap: two kernels of one name", func() { kernel.Register(e) })
	assert.Same(t, e, kernel.Lookup(e.Name), "the first stays")
}

// TestSeal also holds that who comes late is found by name all the same: on
// goroutines it runs.
func TestSeal(t *testing.T) {
	assert.False(t, kernel.Late(early))
	kernel.Seal()
	kernel.Seal()
	late := entry()
	assert.True(t, kernel.Late(late))
	assert.Same(t, late, kernel.Lookup(late.Name))
	assert.False(t, kernel.Late(early))
	twice := &kernel.Entry{Name: early.Name}
	assert.Panics(t, func() { kernel.Register(twice) })
	assert.False(t, kernel.Late(twice), "it was not registered")
	assert.False(t, kernel.Late(nil))
}

// TestRegisterAtOnce holds that of several of one name one gets it.
func TestRegisterAtOnce(t *testing.T) {
	name := fmt.Sprint("test: ", names.Add(1))
	var won atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			defer func() { _ = recover() }()
			e := &kernel.Entry{Name: name}
			kernel.Register(e)
			won.Add(1)
			kernel.Late(kernel.Lookup(name))
		})
	}
	all.Wait()
	assert.EqualValues(t, 1, won.Load())
}

func TestOutputClear(t *testing.T) {
	o := kernel.Output{Bytes: []byte{1, 2, 3, 4, 5, 6, 7, 8}, Row: 2}
	o.Clear(1, 3)
	assert.Equal(t, []byte{1, 2, 0, 0, 0, 0, 7, 8}, o.Bytes)
	o.Clear(4, 4)
	o.Clear(0, 0)
	assert.Equal(t, []byte{1, 2, 0, 0, 0, 0, 7, 8}, o.Bytes)
	kernel.Output{}.Clear(0, 0)
}
