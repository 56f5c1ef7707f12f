package bench_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

// A form is rows with the other shapes that their loop can be written in.
type form struct {
	work.Rows
	// rows fills the rows [lo, hi): a loop without closures.
	rows func(m []float64, lo, hi int)
	// element returns the body for each element, in row-major order.
	element func(m []float64) func(k int)
}

// forms are a square of exponentials and sines and one of numbers stored. With
// 320 rows each fits the second cache.
func forms(size int) []form {
	expSin := work.ExpSin(size)
	return []form{
		{
			expSin,
			expSin.Range,
			func(m []float64) func(k int) {
				return func(k int) {
					y := float64(k/size) / float64(size)
					x := float64(k%size) / float64(size)
					m[k] = math.Exp(-x*y) * math.Sin(x+10*y)
				}
			},
		},
		{
			work.Rows{Name: "store", N: size, Cols: size, Fill: func(i int, row []float64) {
				first := i * size // by hand: the compiler would multiply for each j
				for j := range row {
					row[j] = float64(first + j)
				}
			}},
			func(m []float64, lo, hi int) { work.Ramp(m, lo*size, hi*size) },
			func(m []float64) func(k int) {
				return func(k int) { m[k] = float64(k) }
			},
		},
	}
}

// ways returns the ways to fill m in parallel.
func (f form) ways(m []float64) []way {
	row := func(i int) { f.Fill(i, f.Row(m, i)) }
	rows := func(lo, hi int) { f.rows(m, lo, hi) }
	element := f.element(m)
	dense := mat.NewDense(f.N, f.Cols, m)
	return []way{
		{name: "parmap-ForRange", call: func() { parmap.ForRange(f.N, rows) }},
		{name: "parmap-For-row", call: func() { parmap.For(f.N, row) }},
		{name: "parmap-For-index", call: func() { parmap.For(len(m), element) }},
		{name: "parmap-ForRows", call: func() { parmap.ForRows(dense, f.Fill) }},
	}
}

// BenchmarkForm is one loop in the forms that a program can give it: by hand
// over a range of rows, and as a closure for a row or for an element.
func BenchmarkForm(b *testing.B) {
	for _, f := range forms(320) {
		m := f.New()
		sequential := func() { f.rows(m, 0, f.N) }
		alone(b, f.Name+"/", 0, way{name: "sequential", call: sequential})
		inTurn(b, f.Name+"/", clock.Pair{Sequential: sequential, Hot: true}, f.ways(m)...)
	}
}

func TestEveryFormHasTheBitsOfTheSequentialLoop(t *testing.T) {
	for _, f := range forms(37) {
		want, got := f.New(), f.New()
		f.rows(want, 0, f.N)
		for _, w := range f.ways(got) {
			work.Fill(got, math.NaN(), 0, len(got))
			w.call()
			assert.Equal(t, want, got, "%s %s", f.Name, w.name)
		}
	}
}
