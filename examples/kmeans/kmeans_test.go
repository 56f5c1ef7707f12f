package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"hash/fnv"
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/parfor-go/parfor/examples/internal/programtest"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

// newPoints returns an array for n points, or skips the test where there are no
// arrays.
func newPoints(t *testing.T, n int) *shmarray.Array[float64] {
	t.Helper()
	points, err := shmarray.Zeros(n, 3)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { points.Close() })
	return points
}

func builtin(t *testing.T) []vec {
	t.Helper()
	airports, err := readAirports(table)
	require.NoError(t, err)
	return airports
}

func TestParallelIsSequentialBitByBit(t *testing.T) {
	points, airports := newPoints(t, 700), builtin(t)
	scatter(points, airports, 3, parmap.Serial)
	scattered := slices.Clone(points.Data())
	want := lloyd(points, 7, 100, 3, parmap.Serial)
	for schedule := parmap.Auto; schedule <= parmap.Serial; schedule++ {
		for _, workers := range []int{0, 1, 3} {
			opts := []parmap.Option{schedule, parmap.Workers(workers)}
			require.NoError(t, sameBits(lloyd(points, 7, 100, 3, opts...), want), "%v, %d workers", schedule, workers)
			scatter(points, airports, 3, opts...)
			require.True(t, slices.Equal(scattered, points.Data()), "%v, %d workers", schedule, workers)
		}
	}
	other := *want
	other.rounds++
	assert.ErrorContains(t, sameBits(&other, want), "rounds in parallel")
	other = *want
	other.labels = slices.Clone(want.labels)
	other.labels[11]++
	assert.ErrorContains(t, sameBits(&other, want), "point 11: ")
	other = *want
	other.centers = slices.Clone(want.centers)
	other.centers[2][1] = math.Nextafter(other.centers[2][1], 0)
	assert.ErrorContains(t, sameBits(&other, want), "center 2: ")
}

// The counts and the labels are the same on every processor, unless a point lies
// as near to two centers as rounding errors are large. The centers' last bits
// depend on GOARCH and GOAMD64, which may fuse multiplications and additions.
func TestGolden(t *testing.T) {
	points := newPoints(t, 2000)
	scatter(points, builtin(t), 1)
	c := lloyd(points, 5, 100, 1)
	assert.Equal(t, 39, c.rounds)
	assert.Equal(t, []int{381, 394, 449, 331, 445}, c.sizes)
	h := fnv.New64a()
	h.Write(c.labels)
	assert.Equal(t, uint64(0xbf94e4f1700fb958), h.Sum64())
	assert.InDelta(t, 534.311937290895, c.rms, 1e-9)
	assert.InDeltaSlice(t, []float64{0.1589972036340003, -0.7315206399939829, 0.66302144950172}, c.centers[0][:], 1e-13)
}

func TestThreeHeaps(t *testing.T) {
	heaps := []vec{onSphere(0, 0), onSphere(0, 90), onSphere(80, 0)}
	points := newPoints(t, 600)
	scatter(points, heaps, 5)
	c := lloyd(points, 3, 100, 5)
	assert.Equal(t, 0.0, c.moved, "converged")
	assert.Equal(t, 600, c.sizes[0]+c.sizes[1]+c.sizes[2])
	for i, l := range c.labels {
		own := nearest(heaps, points.Row(i))
		assert.Less(t, earthRadius*math.Sqrt(square(&heaps[own], c.centers[l][:])), 10.0, "km from the center of point %d to its heap", i)
	}
	assert.InDelta(t, 25*math.Sqrt2, c.rms, 2)
}

func TestACenterWithoutPointsStays(t *testing.T) {
	points := newPoints(t, 4)
	at := []vec{onSphere(0, 0), onSphere(0, 2), onSphere(2, 0), onSphere(2, 2)}
	copyPoints(points, at)
	c := &clustering{centers: []vec{onSphere(0, 0), onSphere(0, 180)}, labels: make([]uint8, 4), sizes: make([]int, 2)}
	c.update(points)
	assert.Equal(t, []int{4, 0}, c.sizes)
	assert.Equal(t, onSphere(0, 180), c.centers[1])
	lat, lon := c.centers[0].degrees()
	assert.InDelta(t, 1, lat, 1e-3)
	assert.InDelta(t, 1, lon, 1e-3)
	assert.InDelta(t, 157.2, c.moved, 0.1, "a degree and its like, 111.2 km each, at a right angle")
}

func TestRoundsAreLimited(t *testing.T) {
	points := newPoints(t, 500)
	scatter(points, builtin(t), 1)
	c := lloyd(points, 9, 2, 1)
	assert.Equal(t, 2, c.rounds)
	assert.Greater(t, c.moved, settled)
}

// Of three points at 0, 10 and 20 degrees, the next after the first is the third
// with a probability of 0.798: the square of its straight distance, in
// proportion.
func TestSeedsAreChosenBySquares(t *testing.T) {
	points := newPoints(t, 3)
	copyPoints(points, []vec{onSphere(0, 0), onSphere(0, 10), onSphere(0, 20)})
	near, far := math.Pow(math.Sin(5*degree), 2), math.Pow(math.Sin(10*degree), 2)
	var first [3]int
	third, twice := 0, 0
	const runs = 6000
	for seed := range uint64(runs) {
		chosen := seeds(points, 2, seed*10, parmap.Serial)
		if chosen[0] == chosen[1] {
			twice++
		}
		for i := range first {
			if vec(points.Row(i)) == chosen[0] {
				first[i]++
			}
		}
		if vec(points.Row(0)) == chosen[0] && vec(points.Row(2)) == chosen[1] {
			third++
		}
	}
	assert.Zero(t, twice)
	for i := range first {
		assert.InDelta(t, runs/3, first[i], 150, "four standard deviations")
	}
	assert.InDelta(t, far/(near+far), float64(third)/float64(first[0]), 0.036, "four standard deviations")
}

// Snyder's example, page 292: on the unit sphere 35 N 75 W lies at x = 0.2952720
// and y = 0.2416774 from 23 N 96 W.
func TestProjection(t *testing.T) {
	x0, y0 := albers(23, -96)
	x, y := albers(35, -75)
	assert.InDelta(t, 0.2952720, x-x0, 1e-7)
	assert.InDelta(t, 0.2416774, y-y0, 1e-7)
	px, py := project(35, -75)
	assert.Equal(t, []int{middleX + int(math.Round(x*perRadius)), middleY - int(math.Round(y*perRadius))}, []int{px, py})
	assert.Greater(t, px, middleX, "east is to the right")
	assert.Greater(t, py, middleY, "south is below")
}

func TestAirports(t *testing.T) {
	airports := builtin(t)
	require.Len(t, airports, 3061)
	for i, a := range airports {
		x, y := project(a.degrees())
		assert.True(t, image.Pt(x, y).In(frame.Inset(12)), "airport %d is not on the map", i)
	}
	for _, bad := range []string{"A", "A,1", "A,1,x", "A,,2"} {
		_, err := readAirports("iata,latitude,longitude\n" + bad + "\n")
		assert.ErrorContains(t, err, "airports.csv: \""+bad)
	}
}

// The table has what the file of the other example has of the contiguous states,
// rounded.
func TestAirportsAreThoseOfDistances(t *testing.T) {
	f, err := os.Open("../distances/airports.csv")
	require.NoError(t, err)
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	mine, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	require.NoError(t, err)
	k := 1
	for _, row := range all[1:] {
		if state := row[3]; row[4] != "USA" || slices.Contains([]string{"AK", "HI", "PR", "VI", "GU", "AS", "CQ", "NA", ""}, state) {
			continue
		}
		require.Equal(t, row[0], mine[k][0])
		for axis, field := range row[5:7] {
			want, err := strconv.ParseFloat(field, 64)
			require.NoError(t, err)
			got, err := strconv.ParseFloat(mine[k][1+axis], 64)
			require.NoError(t, err)
			assert.InDelta(t, want, got, 0.000051, row[0])
		}
		k++
	}
	assert.Len(t, mine, k)
}

func TestRunDraws(t *testing.T) {
	newPoints(t, 1) // skips
	dir := t.TempDir()
	for name, c := range map[string]struct {
		n     int
		first string
	}{"cloud": {3000, "points       3000\n"}, "airports": {0, "points       3061\n"}} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name+".png")
			var stdout bytes.Buffer
			require.NoError(t, run(config{n: c.n, k: 6, rounds: 100, seed: 1, check: true, out: path}, &stdout))
			assert.True(t, strings.HasPrefix(stdout.String(), c.first), "%s", &stdout)
			assert.Contains(t, stdout.String(), "\nconverged    in the last round no center moved by 0.1 km\n")
			assert.Contains(t, stdout.String(), ", the same bits\n")
			assert.Contains(t, stdout.String(), "\ncluster 5 ")
			img := programtest.Decode(t, path)
			require.Equal(t, image.Rect(0, 0, width, height), img.Rect)
			for label := range uint8(6) {
				assert.True(t, slices.Contains(img.Pix, bright+2*label), "the airports of cluster %d", label)
			}
			assert.Equal(t, c.n > 0, slices.Contains(img.Pix, dark))
		})
	}
}

// The picture in README.md is the one that the program draws: go run . in this folder.
// A point or two may lie on a pixel's border, or half-way between two centers.
func TestCommittedPicture(t *testing.T) {
	if testing.Short() || programtest.Raced {
		t.Skip("clusters all points")
	}
	points, airports := newPoints(t, 200_000), builtin(t)
	scatter(points, airports, 1)
	programtest.Same(t, draw(lloyd(points, 12, 300, 1), points, airports), programtest.Decode(t, "kmeans.png"), 100)
}

// Neighbours differ in lightness: of twelve airports in a row, any three.
func TestLevels(t *testing.T) {
	var row []vec
	for k := range 12 {
		row = append(row, onSphere(40, -100+float64(k)))
	}
	assert.Equal(t, []float64{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}, levels(row))
	assert.Empty(t, levels(nil))
}

func TestTheMapEndsAtItsFrame(t *testing.T) {
	points := newPoints(t, 2)
	copyPoints(points, []vec{onSphere(40, -127), onSphere(38, -96)})
	x, y := project(40, -127)
	require.True(t, image.Pt(x, y).In(image.Rect(0, 0, frame.Min.X-1, height)), "beside the frame, in the picture")
	img := draw(&clustering{centers: []vec{onSphere(45, -80)}, labels: []uint8{0, 0}}, points, nil)
	var inside, outside [dark + 3]int
	for y := range height {
		for x := range width {
			if image.Pt(x, y).In(frame) {
				inside[img.ColorIndexAt(x, y)]++
			} else {
				outside[img.ColorIndexAt(x, y)]++
			}
		}
	}
	assert.Equal(t, 1, inside[dark], "the other point is not on the map")
	assert.Positive(t, inside[mesh])
	assert.Positive(t, outside[pixels.Ink], "numbers")
	assert.Zero(t, outside[mesh]+outside[dark])
	assert.Equal(t, 2*(frame.Dx()+frame.Dy())+4, outside[pixels.Faint], "the frame")
}

func TestRunRefuses(t *testing.T) {
	for want, c := range map[string]config{
		"-n -1 -rounds 1 -workers 0: too small": {n: -1, rounds: 1, k: 1},
		"-n 1 -rounds 0 -workers 0: too small":  {n: 1, k: 1},
		"-n 1 -rounds 1 -workers -2: too small": {n: 1, rounds: 1, workers: -2, k: 1},
		"-k 0: want 1 to 5":                     {n: 5, rounds: 1},
		"-k 6: want 1 to 5":                     {n: 5, rounds: 1, k: 6},
		"-k 101: want 1 to 100":                 {n: 500, rounds: 1, k: 101},
	} {
		var stdout bytes.Buffer
		assert.EqualError(t, run(c, &stdout), want)
		assert.Empty(t, stdout.String())
	}
}

func TestAFailureIsOneLineAndStatus1(t *testing.T) {
	assert.Equal(t, "kmeans: -k 0: want 1 to 100", programtest.Failure(t, "-k", "0"))
}
