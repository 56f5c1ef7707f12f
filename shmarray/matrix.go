package shmarray

import (
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/internal/bulk"
	"github.com/parfor-go/parfor/internal/segment"
)

// FromMatrix returns a 2-d array with a copy of m. Its errors are New's. It
// panics as Copy does, and if m panics.
//
// A *mat.Dense, whatever else has a RawMatrix method and the transposes of these
// are copied on all processors; so is a *mat.VecDense without gaps. Other matrices
// are copied on one, as a *mat.Dense copies them: element by element through At,
// unless they show it their memory.
func FromMatrix(m mat.Matrix) (*Array[float64], error) {
	a, err := Zeros(m.Dims())
	if err != nil {
		return nil, err
	}
	a.begin(func() {
		if s, ok := sourceOf(m); ok {
			s.copyTo(a)
		} else {
			Dense(a).Copy(m)
		}
	})
	return a, nil
}

// A source is the memory of a matrix. Its element (i, j) is data[i*stride+j], or
// data[j*stride+i] if it is transposed.
type source struct {
	data       []float64
	stride     int
	transposed bool
}

// sourceOf returns the memory of m, if that is where (*mat.Dense).Copy would
// read it.
func sourceOf(m mat.Matrix) (s source, ok bool) {
	if t, is := m.(mat.Untransposer); is {
		m, s.transposed = t.Untranspose(), true
	}
	switch m := m.(type) {
	case *mat.VecDense:
		v := m.RawVector()
		s.data, s.stride = v.Data, 1
		return s, v.Inc == 1
	case mat.RawSymBander, mat.RawTriBander, mat.RawBander, mat.RawTriangular, mat.RawSymmetricer:
		return s, false // gonum prefers these to RawMatrix
	case mat.RawMatrixer:
		raw := m.RawMatrix()
		s.data, s.stride = raw.Data, raw.Stride
		return s, s.stride > 0
	}
	return s, false
}

// copyTo copies the matrix to an array that has its shape.
func (s source) copyTo(a *Array[float64]) {
	r, c := a.shape[0], a.shape[1]
	switch {
	case s.transposed && (r > 1 || s.stride > 1):
		spreadRows(a, func(lo, hi int) { s.transpose(a.data, c, lo, hi) })
	case !s.transposed && r > 1 && s.stride != c:
		spreadRows(a, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				at := i * s.stride
				bulk.Copy(segment.BytesOf(a.Row(i)), segment.BytesOf(s.data[at:at+c]), 8*len(a.data))
			}
		})
	default:
		a.copy(s.data[:r*c])
	}
}

// tile is how many columns of the array transpose writes at a time: a cache line,
// so that what it reads of as many lines of the matrix is still in the first cache
// for the next row, also if these are a power of two apart.
const tile = 8

// transpose writes the rows lo to hi, of c elements, of dst.
func (s source) transpose(dst []float64, c, lo, hi int) {
	for first := 0; first < c; first += tile {
		last := min(first+tile, c)
		for i := lo; i < hi; i++ {
			row := dst[i*c+first : i*c+last]
			for j := range row {
				row[j] = s.data[(first+j)*s.stride+i]
			}
		}
	}
}

// spreadRows calls part for ranges of rows, on all processors: for those that
// begin in one of spread's ranges.
func spreadRows(a *Array[float64], part func(lo, hi int)) {
	row := 8 * a.shape[1]
	a.spread(func(lo, hi int) { part((lo+row-1)/row, (hi+row-1)/row) })
}
