package main

import (
	"bytes"
	"image"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/examples/internal/programtest"
	"github.com/parfor-go/parfor/parmap"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

func TestParallelIsSequentialBitByBit(t *testing.T) {
	points := scatter(101, 2, parmap.Serial)
	want := sequential(points, 0.2)
	for schedule := parmap.Auto; schedule <= parmap.Serial; schedule++ {
		for _, workers := range []int{0, 1, 3} {
			for _, edge := range []int{0, 1, 7, 500} {
				opts := []parmap.Option{schedule, parmap.Workers(workers), parmap.Grain(edge)}
				require.Equal(t, points, scatter(101, 2, opts...))
				require.NoError(t, sameBits(gram(points, 0.2, opts...), want), "%v, %d workers, edge %d", schedule, workers, edge)
			}
		}
	}
	want.SetSym(30, 70, math.Nextafter(want.At(30, 70), 0))
	assert.ErrorContains(t, sameBits(gram(points, 0.2), want), "row 30, column 70: ")
	assert.NotEqual(t, points, scatter(101, 3))
}

func TestMatrixIsThatOfTheKernel(t *testing.T) {
	points := []point{{0, 0}, {0.3, 0.4}, {0, 1}}
	m := gram(points, 0.5)
	assert.InDeltaSlice(t, []float64{1, math.Exp(-0.5), math.Exp(-2)}, mat.Row(nil, 0, m), 1e-15)
	assert.InDeltaSlice(t, []float64{math.Exp(-0.5), 1, math.Exp(-0.9)}, mat.Row(nil, 1, m), 1e-15)
}

// The coordinates are exact on every processor: Rand is fixed by its
// documentation. Math.Exp has other last bits on another GOARCH, and on an amd64
// processor without FMA; the eigenvalues follow.
func TestGolden(t *testing.T) {
	points := scatter(6, 1)
	assert.Equal(t, point{0.1339515391555537, 0.3442484508404696}, points[0])
	assert.Equal(t, point{0.6283678216591201, 0.27533270514172303}, points[5])
	m := gram(points, 0.3)
	all, err := spectra([]*mat.SymDense{m})
	require.NoError(t, err)
	assert.InDelta(t, 0x1.90de0629ed1dep-04, m.At(0, 1), 1e-15)
	assert.InDeltaSlice(t, []float64{2.903161323542695, 1.43388292190314, 0.9797858153593584,
		0.5885992969871612, 0.06015105583509308, 0.034419586372551554}, all[0], 1e-13)
}

func TestSpectraOfTwoPointsAndOfNone(t *testing.T) {
	alike := mat.NewSymDense(2, []float64{1, 0.25, 0, 1})
	same := mat.NewSymDense(3, []float64{1, 1, 1, 0, 1, 1, 0, 0, 1})
	all, err := spectra([]*mat.SymDense{alike, same})
	require.NoError(t, err)
	assert.InDeltaSlice(t, []float64{1.25, 0.75}, all[0], 1e-15)
	assert.InDeltaSlice(t, []float64{3, 0, 0}, all[1], 1e-14)
}

func TestTraceCheck(t *testing.T) {
	off, err := traceCheck([]float64{2, 1, 0.25, 0.75})
	require.NoError(t, err)
	assert.Zero(t, off)
	_, err = traceCheck([]float64{2, 1, 0.25, 0.75 + 8*epsilon})
	require.NoError(t, err)
	_, err = traceCheck([]float64{2, 1, 0.25, 0.75 + 32*epsilon})
	assert.EqualError(t, err, "the eigenvalues' sum is off by 7.105427357601002e-15, more than 3.552713678800501e-15")
	_, err = traceCheck([]float64{1, math.NaN()})
	assert.Error(t, err)
}

func TestEnough(t *testing.T) {
	assert.Equal(t, 2, enough([]float64{5, 3, 1, 1}, 0.8))
	assert.Equal(t, 3, enough([]float64{5, 3, 1, 1}, 0.81))
	assert.Equal(t, 4, enough([]float64{5, 3, 1, 1}, 1))
}

func TestPictureShowsEveryEigenvalue(t *testing.T) {
	img := draw([][]float64{{2, 1, 1e-3, 0}, {0.5, 1e-9, 1e-17, -1e-16}, {4, 1e-6, 1e-12, 1e-15}})
	count := make([]int, len(img.Palette))
	for y := top; y <= height-bottom; y++ {
		for x := left; x < width; x++ {
			count[img.ColorIndexAt(x, y)]++
		}
	}
	assert.Equal(t, 3*16, count[first], "three squares: a zero has no logarithm")
	assert.Equal(t, 4*16-4, count[first+1], "four, of which one is hollow")
	assert.Equal(t, 4*16, count[first+2])
	assert.Positive(t, count[rounding])
}

func TestRunDraws(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	var stdout bytes.Buffer
	require.NoError(t, run(config{n: 50, seed: 1, workers: 2, check: true, out: path}, &stdout))
	assert.Contains(t, stdout.String(), "points       50\nmatrices     3 of 50 x 50, filled in ")
	assert.Contains(t, stdout.String(), "\ncheck        the same bits as a plain loop, in ")
	assert.Regexp(t, `(?m)^width 0\.03   their sum is 50 but for \S+, the first \d+ make up 99 % of it$`, stdout.String())
	assert.Equal(t, image.Rect(0, 0, width, height), programtest.Decode(t, path).Rect)
}

// The picture in README.md is the one that the program draws: go run . in this folder.
// Below the size of rounding errors each processor has its own.
func TestCommittedPicture(t *testing.T) {
	if testing.Short() || programtest.Raced {
		t.Skip("computes all eigenvalues")
	}
	const n = 800
	points := scatter(n, 1)
	var matrices []*mat.SymDense
	for _, width := range widths {
		matrices = append(matrices, gram(points, width))
	}
	all, err := spectra(matrices)
	require.NoError(t, err)
	want, got := draw(all), programtest.Decode(t, "gram.png")
	noise := newPlot(want, n).Rect.Inset(-4)
	noise.Min.Y = newPlot(want, n).Y(math.Log10(n*epsilon)) - 4
	pixels.Fill(want, noise, pixels.Background)
	pixels.Fill(got, noise, pixels.Background)
	programtest.Same(t, want, got, 500)
}

func TestRunRefuses(t *testing.T) {
	for want, c := range map[string]config{
		"-n 1 -workers 0: too small":  {n: 1},
		"-n 2 -workers -1: too small": {n: 2, workers: -1},
	} {
		var stdout bytes.Buffer
		assert.EqualError(t, run(c, &stdout), want)
		assert.Empty(t, stdout.String())
	}
}

func TestAFailureIsOneLineAndStatus1(t *testing.T) {
	assert.Equal(t, "gram: -n 1 -workers 0: too small", programtest.Failure(t, "-n", "1"))
}
