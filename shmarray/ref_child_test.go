//go:build unix

package shmarray_test

import (
	"bytes"
	"encoding/gob"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/shmarray"
)

// These tests start this test binary again, as a worker process would be.

const refEnv = "SHMARRAY_TEST_REF"

type refCall struct {
	Ref    []byte
	Args   refArgs
	Mode   shmarray.Mode
	Nbytes int
}

// inChild runs a role of TestReferenceChild with a call, in a directory of its
// own, and looks for want in what it prints.
func inChild(t *testing.T, role string, call refCall, files []*os.File, want string) {
	t.Helper()
	var wire bytes.Buffer
	require.NoError(t, gob.NewEncoder(&wire).Encode(&call))
	cmd := exec.Command(os.Args[0], "-test.run=^TestReferenceChild$", "-test.v", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), refEnv+"="+role, "GORACE=atexit_sleep_ms=0")
	cmd.Stdin, cmd.ExtraFiles, cmd.Dir = &wire, files, t.TempDir()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "--- PASS")
	assert.Contains(t, string(out), want)
}

func TestReferenceChild(t *testing.T) {
	role := os.Getenv(refEnv)
	if role == "" {
		t.Skip("for children")
	}
	require.Empty(t, segment.Live())
	if role == "anonymous" {
		// What a worker does with a descriptor that it is given.
		seg, err := segment.Map(os.NewFile(3, "memfd"), "", segment.ReadWrite, 0, 24*8, "float64 array [4 6]")
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, seg.Close()) })
	}
	var call refCall
	require.NoError(t, gob.NewDecoder(os.Stdin).Decode(&call))
	switch role {
	case "not there":
		a := new(shmarray.Array[float64])
		err := a.GobDecode(call.Ref)
		require.Error(t, err)
		said := err.Error()
		for what, kind := range map[string]error{"closed": shmarray.ErrClosed, "not exist": fs.ErrNotExist} {
			if errors.Is(err, kind) {
				said += "; " + what
			}
		}
		t.Log(said)
		assert.Empty(t, segment.Live())
	case "anonymous":
		in, out := call.Args.In, call.Args.Out
		assert.Equal(t, []int{4, 6}, in.Shape())
		assert.Equal(t, numbers[float64](24), in.Data())
		assert.Equal(t, []int{2, 3}, out.Shape())
		assert.Same(t, &in.Data()[18], &out.Data()[0], "one mapping")
		out.Set(-1, 1, 2)
		assert.Equal(t, -1.0, in.At(3, 5))
		in.Set(-2, 0, 0)
		assert.Empty(t, in.Path())
		require.NoError(t, in.Close())
		assert.Equal(t, -2.0, in.At(0, 0), "a view")
		assert.ErrorIs(t, new(shmarray.Array[float64]).GobDecode(call.Ref), shmarray.ErrClosed, "was not given")
	case "file":
		in, out := call.Args.In, call.Args.Out
		defer func() { assert.NoError(t, out.Close()) }()
		assert.Equal(t, []int{4, 6}, in.Shape())
		assert.Equal(t, numbers[float64](24), in.Data())
		assert.Equal(t, []int{2, 6}, out.Shape())
		assert.Same(t, &in.Data()[6], &out.Data()[0], "one mapping")
		assert.Len(t, segment.Live(), 1)
		if call.Mode == shmarray.ReadOnly {
			assert.PanicsWithValue(t, "shmarray: write to a read-only array", func() { in.Set(1, 0, 0) })
			assert.True(t, faulted(func() { out.Data()[0] = 1 }))
		} else {
			out.Set(-1, 0, 0)
			assert.Equal(t, -1.0, in.At(1, 0))
			require.NoError(t, out.Sync())
		}
		require.NoError(t, out.Close(), "a view: the first to be decoded is the owner")
		require.NoError(t, in.Close())
		assert.Empty(t, segment.Live())
		assert.PanicsWithValue(t, "shmarray: array is closed", func() { out.Data() })
	}
}

func TestReferenceToMemoryThatAWorkerWasGiven(t *testing.T) {
	a := closing[float64](t)(shmarray.FromSlice(numbers[float64](24), 4, 6))
	other := closing[float64](t)(shmarray.Zeros(4, 6))
	last, err := a.Sub(3).Reshape(2, 3)
	require.NoError(t, err)
	inChild(t, "anonymous", refCall{Ref: encoded(t, other), Args: refArgs{In: a, Out: last}},
		[]*os.File{shmarray.File(a)}, "")
	assert.Equal(t, -1.0, a.At(3, 5))
	assert.Equal(t, -2.0, a.At(0, 0))
	assert.Equal(t, 1.0, a.At(0, 1))
}

func TestReferenceToAFileInAWorker(t *testing.T) {
	for _, mode := range []shmarray.Mode{shmarray.ReadOnly, shmarray.ReadWrite} {
		t.Run(mode.String(), func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir) // the reference's path is good elsewhere
			created := closing[float64](t)(shmarray.Create[float64]("a.npy", 4, 6))
			copy(created.Data(), numbers[float64](24))
			require.NoError(t, created.Close())
			a := closing[float64](t)(shmarray.Open[float64]("a.npy", mode))
			inChild(t, "file", refCall{Args: refArgs{In: a, Out: a.Slice(1, 3)}, Mode: mode}, nil, "")
			want := numbers[float64](24)
			if mode == shmarray.ReadWrite {
				want[6] = -1
			}
			assert.Equal(t, want, a.Data())
		})
	}
}
