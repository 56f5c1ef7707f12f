package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"image/gif"
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

// theMap returns the map as a plate, or skips the test where there are no arrays.
func theMap(t *testing.T) *mat.Dense {
	t.Helper()
	start, err := mapPlate()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	require.NoError(t, err)
	return start
}

func TestOneStepByHand(t *testing.T) {
	p := newPlate(mat.NewDense(2, 3, []float64{
		80, 0, 0,
		0, 0, 16,
	}), 0.25)
	sequential(p, 1)
	assert.Equal(t, []float64{
		40, 20, 4, // of 80 two quarters stay: nothing crosses two borders
		20, 4, 8,
	}, p.now.RawMatrix().Data)
}

// wave is a pattern that the scheme multiplies by a number in each step: a whole
// number of half waves between the borders, along both axes.
func wave(rows, cols, alongRows, alongCols int) *mat.Dense {
	m := mat.NewDense(rows, cols, nil)
	for i := range rows {
		for j := range cols {
			m.Set(i, j, math.Cos(math.Pi*float64(alongRows)*(float64(i)+0.5)/float64(rows))*
				math.Cos(math.Pi*float64(alongCols)*(float64(j)+0.5)/float64(cols)))
		}
	}
	return m
}

func TestWavesDecayAsTheSchemeDemands(t *testing.T) {
	const rows, cols, r, steps = 12, 20, 0.2, 50
	for _, k := range [][2]int{{0, 0}, {1, 0}, {0, 1}, {2, 3}, {11, 19}} {
		start := wave(rows, cols, k[0], k[1])
		p := newPlate(start, r)
		sequential(p, steps)
		si := math.Sin(math.Pi * float64(k[0]) / (2 * rows))
		sj := math.Sin(math.Pi * float64(k[1]) / (2 * cols))
		start.Scale(math.Pow(1-4*r*(si*si+sj*sj), steps), start)
		assert.True(t, mat.EqualApprox(p.now, start, 1e-12), "half waves %v", k)
	}
}

// A long wave decays as the heat equation demands, in seconds and meters.
func TestWavesDecayAsThePhysicsDemands(t *testing.T) {
	const n, r, steps = 50, 0.2, 1300
	p := newPlate(wave(n, n, 1, 2), r)
	sequential(p, steps)
	seconds := steps * stepTime(r)
	perMeter := math.Pi / (n * edge)
	want := math.Exp(-diffusivity * (1 + 4) * perMeter * perMeter * seconds)
	assert.Less(t, want, 0.1)
	assert.InEpsilon(t, want, p.now.At(0, 0)/wave(n, n, 1, 2).At(0, 0), 0.01)
	assert.InDelta(t, 1.144e-4, diffusivity, 1e-7, "m2/s")
}

func TestHeatIsKeptAndExtremesAreNotPassed(t *testing.T) {
	for _, r := range []float64{0.05, 0.2, 0.25} {
		p := newPlate(madePlate(33), r)
		before := p.summary()
		assert.InEpsilon(t, mat.Sum(p.now)*density*heatCapacity*edge*edge*thickness, before.heat, 1e-12)
		assert.Equal(t, []float64{0, hot}, []float64{before.low, before.high})
		sequential(p, 3000)
		after := p.summary()
		assert.InEpsilon(t, before.heat, after.heat, 1e-12)
		assert.NoError(t, after.lawful(before))
		assert.Greater(t, after.low, 1.0)
		assert.Less(t, after.high, 90.0)
	}
}

func TestUnlawful(t *testing.T) {
	before := summary{1000, 0, 100}
	for _, c := range []struct {
		s    summary
		want string
	}{
		{summary{1000.1, 1, 99}, "heat was made or lost"},
		{summary{999.9, 1, 99}, "heat was made or lost"},
		{summary{math.NaN(), 1, 99}, "heat was made or lost"},
		{summary{1000, -0.1, 99}, "a cell is hotter or colder than all were"},
		{summary{1000, 1, 100.1}, "a cell is hotter or colder than all were"},
	} {
		assert.EqualError(t, c.s.lawful(before), c.want, c.s)
	}
	assert.NoError(t, summary{1000, 0, 100}.lawful(before))
}

// Above a quarter the shortest waves grow, until they are all there is.
func TestUnstableAboveAQuarter(t *testing.T) {
	start := madePlate(32)
	for r, stable := range map[float64]bool{0.25: true, 0.26: false} {
		p := newPlate(start, r)
		before := p.summary()
		sequential(p, 1000)
		assert.Equal(t, stable, p.summary().lawful(before) == nil, "r = %v: %v", r, p.summary())
	}
}

func TestParallelIsSequentialBitByBit(t *testing.T) {
	const steps = 31
	start := madePlate(45)
	want := newPlate(start, 0.2)
	sequential(want, steps)
	for schedule := parmap.Auto; schedule <= parmap.Serial; schedule++ {
		for _, workers := range []int{0, 1, 3} {
			p := newPlate(start, 0.2)
			parallel(p, steps, schedule, parmap.Workers(workers))
			require.NoError(t, sameBits(p.now, want.now), "%v, %d workers", schedule, workers)
			assert.Equal(t, want.summary(parmap.Serial), p.summary(schedule, parmap.Workers(workers)))
		}
	}
}

func TestRunFindsAWrongBit(t *testing.T) {
	c := config{plate: 16, steps: 16, frames: 5, r: 0.2, check: true, out: filepath.Join(t.TempDir(), "out.gif")}
	wrong := func(p *plate, steps int, opts ...parmap.Option) {
		parallel(p, steps, opts...)
		if steps == 3 {
			p.now.Set(7, 9, math.Nextafter(p.now.At(7, 9), 200))
		}
	}
	assert.ErrorContains(t, c.run(wrong, io.Discard), "step 4: row 7, column 9: parallel loop ")
	assert.NoFileExists(t, c.out)
	c.check = false
	assert.NoError(t, c.run(wrong, io.Discard), "the laws do not see one bit")
	lossy := func(p *plate, steps int, opts ...parmap.Option) {
		parallel(p, steps, opts...)
		p.now.Set(7, 9, p.now.At(7, 9)-0.001)
	}
	assert.EqualError(t, c.run(lossy, io.Discard), "heat was made or lost")
}

// The steps cost no memory: two buffers are all there is.
func TestStepsDoNotAllocate(t *testing.T) {
	if programtest.Raced {
		t.Skip("sync.Pool allocates")
	}
	p := newPlate(madePlate(16), 0.2)
	parallel(p, 10)
	assert.Less(t, testing.AllocsPerRun(5, func() { parallel(p, 100) }), 50.0)
}

// The numbers are the same bits on every processor: they are sums, differences,
// products and quotients, and no rounding is left to the compiler.
func TestGoldenBits(t *testing.T) {
	for _, golden := range []struct {
		start func(t *testing.T) *mat.Dense
		steps int
		hash  uint64
	}{
		{theMap, 0, 0x2dcc5a8972c780c9},
		{theMap, 25, 0xb577d423455356dc},
		{func(*testing.T) *mat.Dense { return madePlate(40) }, 100, 0x1fc53ba3cc3b855a},
	} {
		p := newPlate(golden.start(t), 0.2)
		parallel(p, golden.steps)
		h := fnv.New64a()
		require.NoError(t, binary.Write(h, binary.LittleEndian, p.now.RawMatrix().Data))
		assert.Equal(t, golden.hash, h.Sum64(), "%#x after %d steps", h.Sum64(), golden.steps)
	}
}

func TestMapIsTheFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	start := theMap(t)
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
	rows, cols := start.Dims()
	require.Equal(t, []int{168, 360}, []int{rows, cols})
	numbers := precipitation[len(precipitation)-4*rows*cols:]
	cut := 0
	for i := range rows {
		for j, u := range start.RawRowView(i) {
			bits := binary.LittleEndian.Uint32(numbers[4*(i*cols+j):])
			p := float64(math.Float32frombits(bits))
			require.Equal(t, min(p/40, 100), u)
			if p > 4000 {
				cut++
			}
		}
	}
	assert.Less(t, float64(cut)/float64(rows*cols), 0.01, "parts that are hotter than the scale")
}

func TestFramesAreAtSquares(t *testing.T) {
	c := config{steps: 160, frames: 5}
	var due []int
	for frame := range c.frames {
		due = append(due, c.due(frame))
	}
	assert.Equal(t, []int{0, 10, 40, 90, 160}, due)
	c = config{steps: 1e9, frames: 1000}
	assert.Equal(t, c.steps, c.due(999))
}

func TestShades(t *testing.T) {
	assert.Len(t, palette(), 64)
	for celsius, want := range map[float64]int{-1: 0, 0: 0, 25: 31, 99.9: 61, 100: 61, 101: 61} {
		assert.EqualValues(t, want, shade(celsius), celsius)
	}
}

func TestRunDrawsTheSameFilmEveryTime(t *testing.T) {
	dir := t.TempDir()
	size := []string{"-plate", "24", "-steps", "64", "-frames", "5"}
	var first []byte
	for k, flags := range [][]string{{}, {"-workers", "3", "-schedule", "Dynamic"}, {"-schedule=serial"}, {"-check=false"}} {
		out := filepath.Join(dir, fmt.Sprint(k, ".gif"))
		var stdout bytes.Buffer
		require.NoError(t, run(append(append(flags, size...), "-o", out), &stdout))
		assert.Contains(t, stdout.String(), "plate        24 x 24 cells of 1 cm, copper of 1 mm\nsteps        64, each 0.175 s, r = 0.2\n")
		if k < 3 {
			assert.Contains(t, stdout.String(), ", the same bits\nspeed-up     ")
		} else {
			assert.NotContains(t, stdout.String(), "sequential")
		}
		drawn, err := os.ReadFile(out)
		require.NoError(t, err)
		if k == 0 {
			first = drawn
			film := decode(t, out)
			require.Len(t, film.Image, 5)
			assert.Equal(t, []int{100, 10, 10, 10, 100}, film.Delay)
			p := newPlate(madePlate(24), 0.2)
			assert.Equal(t, draw(p.now, 0).Pix, film.Image[0].Pix)
			parallel(p, 64)
			assert.Equal(t, draw(p.now, 64*stepTime(0.2)).Pix, film.Image[4].Pix)
			assert.NotEqual(t, film.Image[0].Pix, film.Image[4].Pix)
		}
		assert.Equal(t, first, drawn)
	}
}

func decode(t *testing.T, path string) *gif.GIF {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	film, err := gif.DecodeAll(f)
	require.NoError(t, err)
	return film
}

// The film in README.md is the one that the program makes: go run . in this folder.
func TestCommittedFilm(t *testing.T) {
	if testing.Short() || programtest.Raced {
		t.Skip("makes all steps")
	}
	info, err := os.Stat("heat.gif")
	require.NoError(t, err)
	assert.Less(t, info.Size(), int64(400_000))
	theMap(t)
	out := filepath.Join(t.TempDir(), "heat.gif")
	require.NoError(t, run([]string{"-check=false", "-o", out}, io.Discard))
	want, got := decode(t, out), decode(t, "heat.gif")
	require.Len(t, got.Image, len(want.Image))
	for k := range want.Image {
		programtest.Same(t, want.Image[k], got.Image[k], 0)
	}
}

func TestFlagsBecomeOptions(t *testing.T) {
	c, err := parseFlags(strings.Fields("-workers 2 -schedule guided -plate 9 -steps 8 -frames 7 -r 0.1 -check=false -o p"), io.Discard)
	require.NoError(t, err)
	assert.Equal(t, config{9, 8, 7, 0.1, []parmap.Option{parmap.Workers(2), parmap.Guided}, false, "p"}, c)
}

func TestRunRefuses(t *testing.T) {
	t.Chdir(t.TempDir()) // in case it does not, and draws
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-plate", "7"}, "-plate 7: want 8 or more, or 0 for the map"},
		{[]string{"-plate", "-9"}, "-plate -9: want 8 or more, or 0 for the map"},
		{[]string{"-steps", "0"}, "-steps 0: want 1 to 1000000000"},
		{[]string{"-frames", "1"}, "-frames 1: want 2 to 1000"},
		{[]string{"-r", "0.2501"}, "-r 0.2501: want above 0, and up to 0.25"},
		{[]string{"-r", "NaN"}, "-r NaN: want above 0"},
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
	assert.Regexp(t, "^heat: open none/out.gif: ", programtest.Failure(t, "-plate", "8", "-steps", "4", "-frames", "2", "-o", filepath.Join("none", "out.gif")))
}
