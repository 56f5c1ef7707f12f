//go:build linux

package proc_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
)

// picky values of 1 cannot be decoded, and those of 2 panic.
type picky struct{ V int }

func (p picky) GobEncode() ([]byte, error) { return []byte{byte(p.V)}, nil }

func (p *picky) GobDecode(b []byte) error {
	switch b[0] {
	case 1:
		return errors.New("nobody decodes a 1")
	case 2:
		panic("nor a 2")
	}
	p.V = int(b[0])
	return nil
}

var pick = parmap.NewFunc("pick", func(_ context.Context, i int) (picky, error) { return picky{i}, nil })

// TestResultsThatCannotBeDecoded holds that a result that is lost on the way
// back is an error, and not a zero.
func TestResultsThatCannotBeDecoded(t *testing.T) {
	p := quiet(t, 2)
	in := []int{0, 1, 3, 2, 4, 1}
	out, err := pick.Map(t.Context(), in, parmap.On(p), parmap.CollectErrors)
	assert.Equal(t, []picky{{0}, {}, {3}, {}, {4}, {}}, out)
	for _, want := range []string{
		"parmap: index 1: parmap/proc: results: nobody decodes a 1",
		"parmap: index 3: parmap/proc: results: panic: nor a 2",
		"parmap: index 5: parmap/proc: results: nobody decodes a 1",
	} {
		assert.ErrorContains(t, err, want)
	}
	var chunk *parmap.ChunkError
	out, err = pick.Map(t.Context(), in, parmap.On(p))
	assert.Nil(t, out)
	require.ErrorAs(t, err, &chunk)
	assert.Contains(t, []int{1, 3, 5}, chunk.Lo)
	out, err = pick.Map(t.Context(), []int{5, 6}, parmap.On(p))
	require.NoError(t, err, "the run after")
	assert.Equal(t, []picky{{5}, {6}}, out)
}

type fitted struct{ A, B float64 }

// maybe returns nothing for odd numbers, and an error too for a seven.
func maybe(_ context.Context, in *int) (*fitted, error) {
	switch {
	case in == nil:
		return &fitted{-1, -1}, nil
	case *in == 7:
		return nil, errors.New("singular")
	case *in%2 == 1:
		return nil, nil
	}
	return &fitted{float64(*in), 1}, nil
}

var maybeFunc = parmap.NewFunc("maybe", maybe)

// TestNilPointers holds that items and results that are nil travel as others do,
// and do no harm to those beside them.
func TestNilPointers(t *testing.T) {
	p := quiet(t, 2)
	in := make([]*int, 20)
	for i := range in {
		if i%5 != 0 {
			in[i] = &i
		}
	}
	want, wantErr := maybeFunc.Map(t.Context(), in, parmap.CollectErrors)
	for _, grain := range []int{0, 1, 3, 20} {
		t.Run(fmt.Sprint("grain ", grain), func(t *testing.T) {
			out, err := maybeFunc.Map(t.Context(), in, parmap.On(p), parmap.CollectErrors, parmap.Grain(grain))
			assert.Equal(t, want, out)
			assert.EqualError(t, err, wantErr.Error())
		})
	}
}

var scribble = parmap.NewKernel("scribble", func(_ context.Context, lo, hi int, a scaleArgs) error {
	if a.By > 0 {
		a.In.Set(a.By, lo)
	}
	a.In.Data()[lo] = a.By
	return nil
})

// TestForgottenOutput holds that who writes to an array that is only an argument
// reads how to mend that.
func TestForgottenOutput(t *testing.T) {
	p := quiet(t, 1)
	for _, by := range []float64{0, 1} {
		a := scaleArgs{zeros(t, 10), zeros(t, 10), by}
		err := scribble.Run(t.Context(), 1, a, parmap.On(p))
		assert.ErrorContains(t, err, "write to an array that is not an Output of the run")
		assert.Zero(t, a.In.Data()[0])
	}
}
