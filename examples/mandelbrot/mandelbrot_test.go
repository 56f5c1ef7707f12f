package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parfor-go/parfor/examples/internal/programtest"
	"github.com/parfor-go/parfor/parmap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

// tiny is the view of the program in few cells.
func tiny() view {
	v := small
	v.rows, v.cols, v.limit = 40, 60, 500
	return v
}

func TestEscapeOfKnownNumbers(t *testing.T) {
	for _, c := range []struct {
		c     complex128
		steps int
		abs2  float64
	}{
		{0, 0, 0},
		{-1, 0, 0}, // 0, -1, 0, -1, ...
		{-2, 0, 0}, // -2, 2, 2, ...
		{1i, 0, 0}, // i, -1+i, -i, -1+i, ...
		{1, 5, 677 * 677},
		{-3, 4, 1086 * 1086},     // -3, 6, 33, 1086
		{2i, 4, 52*52 + 334*334}, // 2i, -4+2i, 12-14i, -52-334i
		{1000, 1, 1e6},
	} {
		steps, abs2 := escape(c.c, 1000)
		assert.Equal(t, c.steps, steps, c.c)
		assert.Equal(t, c.abs2, abs2, c.c)
	}
	steps, _ := escape(1, 4)
	assert.Zero(t, steps, "4 steps are not enough")
	steps, _ = escape(1, 5)
	assert.Equal(t, 5, steps)
}

// One step more squares the distance, and so leaves the time as it is.
func TestTimesHaveNoJumps(t *testing.T) {
	assert.InDelta(t, smooth(7, far*far), smooth(8, far*far*far*far), 1e-12)
	assert.InDelta(t, 1, smooth(0, math.Exp(2)), 1e-14, "ln |z| is 1")
	jumps := 0
	for k := range 10000 {
		a, b := complex(0.5+1e-4*float64(k), 1), complex(0.5+1e-4*float64(k+1), 1)
		n, na := escape(a, 1000)
		m, mb := escape(b, 1000)
		require.Positive(t, n)
		require.Positive(t, m)
		if m != n {
			jumps++
		}
		require.InDelta(t, smooth(n, na), smooth(m, mb), 0.01, "from %v to %v", a, b)
	}
	assert.Positive(t, jumps, "the numbers of steps along the way are all the same")
}

func TestPictureIsUprightAndItsCellsSquare(t *testing.T) {
	v := view{re: 1, im: 2, span: 4, rows: 2, cols: 4}
	assert.Equal(t, -0.5+2.5i, v.at(0, 0))
	assert.Equal(t, 2.5+1.5i, v.at(1, 3))
	v = view{re: -0.65, span: 3.3, rows: 8, cols: 12, limit: 100}
	assert.Zero(t, v.time(4, 8), "in the set")
	assert.Positive(t, v.time(4, 11), "right of it")
}

// The numbers of the iteration are the same bits on every processor, as none of
// their roundings is left to the compiler. The logarithm of a time is not: its last
// bit is the business of package math. A color is one of 256, so that the last
// bit of a time does not show.
func TestGoldenBits(t *testing.T) {
	v := tiny()
	numbers, colors := fnv.New64a(), fnv.New64a()
	for i := range v.rows {
		for j := range v.cols {
			steps, abs2 := escape(v.at(i, j), v.limit)
			require.NoError(t, binary.Write(numbers, binary.LittleEndian, int64(steps)))
			require.NoError(t, binary.Write(numbers, binary.LittleEndian, abs2))
			_, err := colors.Write([]byte{shade(v.time(i, j))})
			require.NoError(t, err)
		}
	}
	assert.Equal(t, uint64(0x62ae88844e14b0fd), numbers.Sum64(), "%#x", numbers.Sum64())
	assert.Equal(t, uint64(0xfe88a357c493e973), colors.Sum64(), "%#x", colors.Sum64())
	assert.InEpsilon(t, 10.759762840286683, v.time(0, 0), 1e-14)
	assert.InEpsilon(t, 18.855372517052615, v.time(20, 20), 1e-14)
}

func TestParallelIsSequentialBitByBit(t *testing.T) {
	v := tiny()
	for schedule := parmap.Auto; schedule <= parmap.Serial; schedule++ {
		for _, workers := range []int{0, 1, 3} {
			got := mat.NewDense(v.rows, v.cols, nil)
			parallel(got, v, schedule, parmap.Workers(workers))
			_, err := check(got, v)
			require.NoError(t, err, "%v, %d workers", schedule, workers)
		}
	}
}

func TestRunFindsAWrongBit(t *testing.T) {
	wrong := func(times *mat.Dense, v view, opts ...parmap.Option) {
		parallel(times, v, opts...)
		times.Set(7, 9, math.Nextafter(times.At(7, 9), 0))
	}
	out := filepath.Join(t.TempDir(), "out.png")
	err := config{view: tiny(), check: true, out: out}.run(wrong, io.Discard)
	assert.ErrorContains(t, err, "row 7, column 9: parallel loop ")
	assert.NoFileExists(t, out)
	assert.NoError(t, config{view: tiny(), out: out}.run(wrong, io.Discard))
}

// The lesson of the program: a fair share of the rows is no fair share of the steps.
func TestRowsAreUneven(t *testing.T) {
	v := tiny()
	v.limit = small.limit
	cheap, dear := math.MaxInt, 0
	for i := range v.rows {
		sum := 0
		for j := range v.cols {
			steps, _ := escape(v.at(i, j), v.limit)
			if steps == 0 {
				steps = v.limit
			}
			sum += steps
		}
		cheap, dear = min(cheap, sum), max(dear, sum)
	}
	t.Logf("steps of a row: %d to %d", cheap, dear)
	assert.Greater(t, dear, 10*cheap)
}

func TestShades(t *testing.T) {
	assert.Len(t, palette(), 1+shades)
	assert.EqualValues(t, 0, shade(0), "in the set")
	assert.EqualValues(t, 1, shade(1))
	assert.EqualValues(t, 1, shade(10), "around the circle")
	assert.EqualValues(t, 255, shade(math.Nextafter(10, 0)))
	assert.EqualValues(t, 1, shade(0.5), "times are as good as never below 1")
	assert.Equal(t, palette()[1], palette()[shades], "the circle is closed")
}

func TestRunDrawsTheSamePictureEveryTime(t *testing.T) {
	dir := t.TempDir()
	size := []string{"-rows", "40", "-cols", "60", "-limit", "500"}
	var first []byte
	for k, flags := range [][]string{{}, {"-workers", "3", "-schedule", "Dynamic"}, {"-schedule=serial"}, {"-check=false"}} {
		out := filepath.Join(dir, fmt.Sprint(k, ".png"))
		var stdout bytes.Buffer
		require.NoError(t, run(append(append(flags, size...), "-o", out), &stdout))
		assert.Contains(t, stdout.String(), "cells        40 rows of 60\n")
		if k < 3 {
			assert.Contains(t, stdout.String(), ", the same bits\nspeed-up     ")
		} else {
			assert.NotContains(t, stdout.String(), "sequential")
		}
		drawn, err := os.ReadFile(out)
		require.NoError(t, err)
		if k == 0 {
			first = drawn
			img := programtest.Decode(t, out)
			require.Equal(t, image.Rect(0, 0, 60, 40), img.Rect)
			assert.EqualValues(t, 0, img.ColorIndexAt(33, 21), "in the copy of the set")
			v := tiny()
			assert.Equal(t, shade(v.time(3, 5)), img.ColorIndexAt(5, 3))
		}
		assert.Equal(t, first, drawn)
	}
}

// The picture in README.md is the one that the program draws: go run . in this folder.
func TestCommittedPicture(t *testing.T) {
	if testing.Short() {
		t.Skip("computes the whole picture")
	}
	info, err := os.Stat("mandelbrot.png")
	require.NoError(t, err)
	assert.Less(t, info.Size(), int64(150_000))
	times := mat.NewDense(small.rows, small.cols, nil)
	parallel(times, small)
	programtest.Same(t, draw(times), programtest.Decode(t, "mandelbrot.png"), 0)
}

func TestTimelines(t *testing.T) {
	old := svg
	defer func() { svg = old }()
	prefix := filepath.Join(t.TempDir(), "rows")
	flags := []string{"-rows", "40", "-cols", "60", "-o", prefix + ".png", "-timeline", prefix}
	c, err := parseFlags(flags, io.Discard)
	require.NoError(t, err)

	var stats []*parmap.Stats
	svg = func(w io.Writer, s *parmap.Stats) error {
		stats = append(stats, s)
		_, err := fmt.Fprintf(w, "<svg>%d</svg>", len(stats))
		return err
	}
	var runs [][]parmap.Option
	var stdout bytes.Buffer
	require.NoError(t, c.run(func(times *mat.Dense, v view, opts ...parmap.Option) {
		parallel(times, v, opts...)
		runs = append(runs, opts)
	}, &stdout))
	require.Len(t, stats, 2)
	assert.NotSame(t, stats[0], stats[1])
	assert.Equal(t, [][]parmap.Option{
		c.opts,
		{parmap.Workers(0), parmap.Auto, parmap.Static, parmap.Record(stats[0])},
		{parmap.Workers(0), parmap.Auto, parmap.Auto, parmap.Record(stats[1])},
	}, runs)
	for k, path := range []string{prefix + "-static.svg", prefix + "-auto.svg"} {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("<svg>%d</svg>", k+1), string(text))
		assert.Contains(t, stdout.String(), "timeline     "+path+": ")
	}

	svg = func(io.Writer, *parmap.Stats) error { return io.ErrShortWrite }
	assert.ErrorIs(t, c.run(parallel, io.Discard), io.ErrShortWrite)
}

func TestFlagsBecomeOptions(t *testing.T) {
	c, err := parseFlags(strings.Fields("-workers 2 -schedule guided -re 1 -im 2 -span 3 -rows 4 -cols 5 -limit 6 -o p"), io.Discard)
	require.NoError(t, err)
	want := config{view{1, 2, 3, 4, 5, 6}, []parmap.Option{parmap.Workers(2), parmap.Guided}, true, "p", ""}
	assert.Equal(t, want, c)
}

func TestRunRefuses(t *testing.T) {
	t.Chdir(t.TempDir()) // in case it does not, and draws
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-rows", "0"}, "-rows 0, -cols 720: want 1 or more"},
		{[]string{"-cols", "-1"}, "-rows 480, -cols -1: want 1 or more"},
		{[]string{"-limit", "0"}, "-limit 0: want 1 or more"},
		{[]string{"-span", "NaN"}, "-span NaN: want more than 0"},
		{[]string{"stray"}, `unexpected argument "stray"`},
	} {
		var stdout bytes.Buffer
		assert.ErrorContains(t, run(c.args, &stdout), c.want)
		assert.Empty(t, stdout.String())
	}
	var stdout bytes.Buffer
	require.NoError(t, run([]string{"-h"}, &stdout))
	assert.Contains(t, stdout.String(), "-schedule rule")
}

func TestAFailureIsOneLineAndStatus1(t *testing.T) {
	assert.Regexp(t, "^mandelbrot: open none/out.png: ", programtest.Failure(t, "-rows", "4", "-cols", "6", "-o", filepath.Join("none", "out.png")))
}
