//go:build unix

package shmarray_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/shmarray"
)

// explained runs f, which must fault, and returns what package parmap makes of
// that.
func explained(t *testing.T, f func()) (fault *segment.Fault) {
	t.Helper()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		t.Helper()
		v := segment.Explain(recover())
		require.IsType(t, fault, v)
		fault = v.(*segment.Fault)
	}()
	f()
	return nil
}

func TestFaultNamesTheArray(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	check := func(f func(), text string, isClosed bool) {
		t.Helper()
		fault := explained(t, f)
		assert.EqualError(t, fault, text)
		assert.Equal(t, isClosed, errors.Is(fault, shmarray.ErrClosed))
		assert.Equal(t, isClosed, errors.Is(fmt.Errorf("in a run: %w", fault), shmarray.ErrClosed))
		var re runtime.Error
		assert.ErrorAs(t, fault, &re)
	}

	a := closing[float64](t)(shmarray.Zeros(2, 3))
	data := a.Data()
	require.NoError(t, a.Close())
	check(func() { data[4] = 1 }, "array unmapped: byte 32 of float64 array [2 3]", true)

	p := closing[complex64](t)(shmarray.Private[complex64](7))
	complexes := p.Slice(2, 7).Data()
	require.NoError(t, p.Close())
	check(func() { complexes[1] = 1 }, "array unmapped: byte 24 of complex64 array [7]", true)

	f := closing[int32](t)(shmarray.Create[int32](path("closed.npy"), 5))
	ints := f.Data()
	require.NoError(t, f.Close())
	check(func() { ints[3]++ }, "array unmapped: byte 12 of int32 array [5] of "+path("closed.npy"), true)

	r := closing[int32](t)(shmarray.Open[int32](path("closed.npy"), shmarray.ReadOnly))
	check(func() { r.Data()[4] = 1 }, "write to a read-only array: byte 16 of int32 array [5] of "+path("closed.npy"), false)
	readOnly := r.Data()
	require.NoError(t, r.Close())
	check(func() { readOnly[4] = 1 }, "array unmapped: byte 16 of int32 array [5] of "+path("closed.npy"), true)

	cut := closing[uint8](t)(shmarray.Create[uint8](path("cut.npy"), 3, 4096))
	cut.Row(0)[0] = 1
	require.NoError(t, os.Truncate(path("cut.npy"), 4096+4096+10))
	assert.Zero(t, cut.At(1, 10), "the rest of the last page reads as zeros")
	check(func() { cut.Row(2)[7] = 1 }, "file truncated under its mapping: byte 8199 of uint8 array [3 4096] of "+path("cut.npy"), false)
	check(func() { readSink += cut.At(2, 0) }, "file truncated under its mapping: byte 8192 of uint8 array [3 4096] of "+path("cut.npy"), false)

	// By way of a name in the working directory, which may change.
	t.Chdir(dir)
	rel := closing[uint8](t)(shmarray.Create[uint8]("rel.npy", 1))
	stale := rel.Data()
	require.NoError(t, rel.Close())
	assert.Contains(t, explained(t, func() { stale[0] = 1 }).Error(), "rel.npy")

	// What is no array's stays as it is.
	assert.Equal(t, "boom", segment.Explain("boom"))
	assert.Nil(t, segment.Explain(nil))
}

var readSink uint8
