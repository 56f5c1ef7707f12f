package main

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/examples/internal/programtest"
	"github.com/parfor-go/parfor/parmap"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

func TestMeansAreThoseOfALoop(t *testing.T) {
	delays := []int16{-5, 0, 0, 3, 8, 120, -1}
	want := make([]float64, 500)
	for i := range want {
		want[i] = resample(delays, parmap.Rand(7, i))
	}
	for schedule := parmap.Auto; schedule <= parmap.Serial; schedule++ {
		for _, workers := range []int{0, 1, 3} {
			got := means(delays, len(want), 7, schedule, parmap.Workers(workers))
			require.NoError(t, sameBits(got, want), "%v, %d workers", schedule, workers)
		}
	}
	want[9] = math.Nextafter(want[9], 0)
	assert.ErrorContains(t, sameBits(means(delays, len(want), 7), want), "resample 9: ")
	assert.NotEqual(t, means(delays, 500, 8), means(delays, 500, 7), "another seed, other means")
}

// The bits are the same on every system and processor: Rand is fixed by its
// documentation, the sums are of integers, and a division is rounded correctly.
func TestGoldenMeans(t *testing.T) {
	delays, err := readDelays(table)
	require.NoError(t, err)
	assert.Equal(t, []float64{7.6433, 7.67592, 7.63168, 7.76626, 7.59466}, means(delays, 5, 1))
}

func TestPercentile(t *testing.T) {
	means := make([]float64, 999)
	for i := range means {
		means[i] = float64(i + 1)
	}
	lo, hi := percentile(means, 0.025)
	assert.Equal(t, []float64{25, 975}, []float64{lo, hi}, "25 = 0.025 * 1000")
	lo, hi = percentile(means[:998], 0.025)
	assert.Equal(t, []float64{24, 975}, []float64{lo, hi}, "24 <= 0.025 * 999")
	lo, hi = percentile(means[:3], 0.025)
	assert.Equal(t, []float64{1, 3}, []float64{lo, hi}, "too few: all of them")
}

func TestDelays(t *testing.T) {
	delays, err := readDelays(table)
	require.NoError(t, err)
	assert.Len(t, delays, 50_000)
	assert.EqualValues(t, -67, slices.Min(delays))
	assert.EqualValues(t, 955, slices.Max(delays))
	s := summarize(delays, []float64{7})
	assert.InDelta(t, 7.52382, s.mean, 1e-12)
	assert.InDelta(t, 31.741888783714554/math.Sqrt(50_000), s.stderr, 1e-12, "computed by another program")

	for _, bad := range []string{"5", "5,x", "x,5", "40000,1", "1,2,3"} {
		_, err := readDelays("minutes,flights\n" + bad + "\n")
		assert.ErrorContains(t, err, fmt.Sprintf("delays.csv: %q", bad+"\n"))
	}
}

func TestRunTellsTheSameIntervalTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	var stdout bytes.Buffer
	require.NoError(t, run(config{resamples: 30, seed: 1, workers: 3, check: true, out: path}, &stdout))
	intervals := regexp.MustCompile(`(?m)^(one worker|3 workers) +95 % from (\S+) to (\S+) minutes, in`).FindAllStringSubmatch(stdout.String(), -1)
	require.Len(t, intervals, 2, "%s", &stdout)
	assert.Equal(t, intervals[0][2:], intervals[1][2:])
	assert.Contains(t, stdout.String(), "equal        all 30 means, bit by bit\n")
	assert.Contains(t, stdout.String(), "check        the same bits as a plain loop\n")
	assert.Contains(t, stdout.String(), "normal       95 % from 7.24559 to 7.80205 minutes")
	assert.Equal(t, image.Rect(0, 0, width, height), programtest.Decode(t, path).Bounds())
}

func TestPictureShowsTheInterval(t *testing.T) {
	means := make([]float64, 1001)
	for i := range means {
		means[i] = 5 + float64(i-500)/500 // evenly from 4 to 6
	}
	s := summary{sorted: means, lo: 4.5, hi: 5.5, mean: 5, stderr: 0.2}
	img := draw(s)
	bars := (width - left - right) / bar
	shown := map[uint8]int{}
	for b := 1; b < bars-1; b++ {
		middle := 3.98 + 2.04*(float64(b)+0.5)/float64(bars) // a little more than the means
		c := img.ColorIndexAt(left+b*bar+2, height-bottom-5)
		shown[c]++
		assert.NotEqual(t, pixels.Background, c, "bar %d: no mean is cut off", b)
		if c == inside || c == outside {
			assert.Equal(t, middle > 4.5 && middle < 5.5, c == inside, "bar %d", b)
		}
	}
	assert.Greater(t, shown[inside], bars*2/5)
	assert.Greater(t, shown[outside], bars*2/5)
	// The scale reaches a mean that is far away on one side.
	for far, from := range map[float64]int{2: 0, 8: bars - 10} {
		far := summary{sorted: slices.Sorted(slices.Values([]float64{5, far})), lo: 1, hi: 9, mean: 5, stderr: 0.1}
		shown := 0
		for b := from; b < from+10; b++ {
			if draw(far).ColorIndexAt(left+b*bar+2, height-bottom-9) == inside {
				shown++
			}
		}
		assert.Equal(t, 1, shown, "bars near the edge, of %v", far.sorted)
	}
}

// The picture in README.md is the one that the program draws: go run . in this folder.
// The bars are the same everywhere; the curve's last bits are package math's.
func TestCommittedPicture(t *testing.T) {
	if testing.Short() || programtest.Raced {
		t.Skip("draws all resamples")
	}
	delays, err := readDelays(table)
	require.NoError(t, err)
	programtest.Same(t, draw(summarize(delays, means(delays, 10_000, 1))), programtest.Decode(t, "bootstrap.png"), 100)
}

func TestRunRefuses(t *testing.T) {
	for want, c := range map[string]config{
		"-resamples 0: want 1 or more": {},
		"-workers -1: negative":        {resamples: 1, workers: -1},
	} {
		var stdout bytes.Buffer
		assert.EqualError(t, run(c, &stdout), want)
		assert.Empty(t, stdout.String())
	}
	none := filepath.Join(t.TempDir(), "none", "a.png")
	assert.ErrorIs(t, run(config{resamples: 1, out: none}, new(bytes.Buffer)), os.ErrNotExist)
}

func TestAFailureIsOneLineAndStatus1(t *testing.T) {
	assert.Equal(t, "bootstrap: -resamples -3: want 1 or more", programtest.Failure(t, "-resamples", "-3"))
}
