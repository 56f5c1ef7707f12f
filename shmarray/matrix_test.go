//go:build unix

package shmarray_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/internal/bulk"
	"github.com/parfor-go/parfor/shmarray"
)

// sameMatrix requires that FromMatrix gives what gonum's Copy does.
func sameMatrix(t *testing.T, m mat.Matrix) {
	t.Helper()
	r, c := m.Dims()
	var want mat.Dense
	if r > 0 && c > 0 {
		want = *mat.NewDense(r, c, nil)
		want.Copy(m)
	}
	a := closing[float64](t)(shmarray.FromMatrix(m))
	require.Equal(t, []int{r, c}, a.Shape())
	got := a.Data()
	for i, v := range want.RawMatrix().Data {
		if got[i] != v {
			require.FailNow(t, "wrong", "element %d, %d of %d, %d", i/c, i%c, r, c)
		}
	}
	require.NoError(t, a.Close())
}

// TestFromMatrixIsGonumsCopy has matrices of one piece of Spread's and of some,
// of rows that are shorter and longer than a piece, with gaps and without.
func TestFromMatrixIsGonumsCopy(t *testing.T) {
	sizes := [][2]int{{1, 1}, {1, 7}, {7, 1}, {9, 8}, {8, 9}, {40, 17}, {1100, 1003}}
	if !raced {
		sizes = append(sizes, [][2]int{{2, 700_001}, {700_001, 2}, {1, 1_500_000}}...)
	}
	if !testing.Short() && !raced {
		sizes = append(sizes, [2]int{2100, bulk.Least/8/2000 + 1}) // large also as a slice
	}
	for _, size := range sizes {
		r, c := size[0], size[1]
		d := mat.NewDense(r, c, nil)
		for i := range d.RawMatrix().Data {
			d.RawMatrix().Data[i] = float64(i + 1)
		}
		ms := map[string]mat.Matrix{
			"whole":         d,
			"first column":  d.ColView(0),
			"last row":      d.RowView(r - 1),
			"only raw rows": onlyRaw{d},
			"only At":       struct{ mat.Matrix }{d},
		}
		if r > 1 && c > 1 {
			ms["slice"] = d.Slice(1, r, 1, c)
			ms["column"] = d.Slice(0, r, 1, 2)
			ms["row"] = d.Slice(1, 2, 0, c)
		}
		for name, m := range ms {
			t.Run(fmt.Sprintf("%dx%d/%s", r, c, name), func(t *testing.T) {
				sameMatrix(t, m)
				sameMatrix(t, m.T())
				if _, ok := m.(onlyRaw); !ok {
					sameMatrix(t, mat.Transpose{Matrix: mat.Transpose{Matrix: m}}) // read by At
				}
			})
		}
	}
}

// twoFaced shows gonum two memories; Copy prefers that of a symmetric matrix.
type twoFaced struct {
	onlyRaw
	*mat.SymDense
}

func (m twoFaced) Dims() (r, c int)    { return m.SymDense.Dims() }
func (m twoFaced) At(i, j int) float64 { return m.SymDense.At(i, j) }
func (m twoFaced) T() mat.Matrix       { return mat.Transpose{Matrix: m} }

// odd is a matrix type whose memory does not suit its size.
type odd struct {
	onlyRaw
	r, c int
}

func (m odd) Dims() (r, c int) { return m.r, m.c }
func (m odd) T() mat.Matrix    { return mat.Transpose{Matrix: m} }

func TestFromMatrixOfStrangers(t *testing.T) {
	sameMatrix(t, twoFaced{onlyRaw{mat.NewDense(2, 2, nil)}, mat.NewSymDense(2, []float64{1, 2, 2, 3})})
	sameMatrix(t, mat.NewSymDense(2, []float64{1, 2, 0, 3}))
	sameMatrix(t, mat.NewTriDense(2, mat.Lower, []float64{1, 0, 2, 3}))

	raw := func(rows, cols, stride int, n int) onlyRaw {
		var d mat.Dense
		d.SetRawMatrix(blas64.General{Rows: rows, Cols: cols, Stride: stride, Data: numbers[float64](n)})
		return onlyRaw{&d}
	}
	sameMatrix(t, odd{raw(5, 5, 5, 25), 2, 3})
	sameMatrix(t, odd{raw(5, 5, 5, 25), 2, 3}.T())
	sameMatrix(t, odd{raw(5, 5, 0, 25), 2, 3}) // each row is the first

	for name, m := range map[string]mat.Matrix{
		"too little":           odd{raw(2, 2, 2, 4), 3, 2},
		"too little and gaps":  odd{raw(2, 2, 3, 5), 3, 2},
		"too little, T":        odd{raw(2, 2, 2, 4), 3, 3}.T(),
		"no stride, T":         odd{raw(2, 2, 0, 4), 2, 2}.T(),
		"a stride to the left": odd{raw(2, 2, -2, 4), 2, 2},
	} {
		r, c := m.Dims()
		want := panicOf(func() { mat.NewDense(r, c, nil).Copy(m) })
		require.NotNil(t, want, name)
		got := panicOf(func() { shmarray.FromMatrix(m) })
		assert.IsType(t, want, got, name)
	}
	// TestMain finds the mappings that they leave behind.
}
