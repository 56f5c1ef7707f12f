package main

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parfor-go/parfor/examples/internal/programtest"
	"github.com/parfor-go/parfor/parmap"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

// octant holds places whose distances are parts of a great circle.
const octant = `iata,name,city,state,country,latitude,longitude
N,North Pole,,P,,90,0
O,Null Island,,E,,0,0
E,East,,E,,0,90
W,West,,E,,0,-90
A,Antipode,,E,,0,180
`

func TestDistancesAreArcs(t *testing.T) {
	airports, err := readAirports("octant", strings.NewReader(octant))
	require.NoError(t, err)
	d := mat.NewDense(5, 5, nil)
	sequential(d, pointsOf(airports))
	const quarter = math.Pi / 2 * earthRadius
	want := mat.NewDense(5, 5, []float64{
		0, 1, 1, 1, 1,
		1, 0, 1, 1, 2,
		1, 1, 0, 2, 1,
		1, 1, 2, 0, 1,
		1, 2, 1, 1, 0,
	})
	want.Scale(quarter, want)
	assert.True(t, mat.EqualApprox(d, want, 1e-9), "%v", mat.Formatted(d))
}

func TestFarthestAndLoneliest(t *testing.T) {
	d := mat.NewDense(4, 4, []float64{
		0, 9, 9, 4,
		9, 0, 3, 2,
		9, 3, 0, 5,
		4, 2, 5, 0,
	})
	assert.Equal(t, pair{0, 1, 9}, farthest(d), "the first of equals")
	assert.Equal(t, pair{0, 3, 4}, loneliest(d))
}

func TestDistanceOfAntipodesIsANumber(t *testing.T) {
	for lat := -89.75; lat < 90; lat += 0.25 {
		at := pointsOf([]airport{{lat: lat, lon: -90}, {lat: -lat, lon: 90}})
		assert.InDelta(t, math.Pi*earthRadius, distance(at[0], at[1]), 1e-3, "latitude %v", lat)
	}
}

// Paris to New York on a sphere of this radius, computed from the chord between
// the two unit vectors, which shares nothing with the haversine formula.
func TestDistanceAgreesWithChord(t *testing.T) {
	p := airport{lat: 49.009722, lon: 2.547778}
	q := airport{lat: 40.639722, lon: -73.778889}
	chord := onSphere(p.lat, p.lon).minus(onSphere(q.lat, q.lon)).norm()
	at := pointsOf([]airport{p, q})
	assert.InDelta(t, 2*earthRadius*math.Asin(chord/2), distance(at[0], at[1]), 1e-8)
	assert.InDelta(t, 5833, distance(at[0], at[1]), 5)
}

func TestParallelIsSequentialBitByBit(t *testing.T) {
	airports, err := load("")
	require.NoError(t, err)
	places := pointsOf(airports[:101])
	want := mat.NewDense(101, 101, nil)
	sequential(want, places)
	for schedule := parmap.Auto; schedule <= parmap.Serial; schedule++ {
		for _, workers := range []int{0, 1, 3} {
			got := mat.NewDense(101, 101, nil)
			parallel(got, places, schedule, parmap.Workers(workers))
			require.NoError(t, sameBits(got, want), "%v, %d workers", schedule, workers)
			assert.Equal(t, farthest(want, parmap.Serial), farthest(got, schedule, parmap.Workers(workers)))
			assert.Equal(t, loneliest(want, parmap.Serial), loneliest(got, schedule, parmap.Workers(workers)))
		}
	}
	want.Set(7, 9, math.Nextafter(want.At(7, 9), 0))
	got := mat.NewDense(101, 101, nil)
	parallel(got, places)
	assert.ErrorContains(t, sameBits(got, want), "row 7, column 9")
}

func TestBuiltInAirports(t *testing.T) {
	airports, err := load("")
	require.NoError(t, err)
	assert.Len(t, airports, 3376)
	assert.Equal(t, 8, correct(airports))
	assert.Zero(t, correct(airports))
	for _, a := range airports {
		switch a.state {
		case "GU", "CQ":
			assert.Positive(t, a.lon, a)
		case "AS":
			assert.Negative(t, a.lat, a)
		}
	}
}

func TestBadRows(t *testing.T) {
	const header = "iata,name,state,latitude,longitude\n"
	const good = "A,Alpha,X,1,2\n"
	for _, c := range []struct{ csv, want string }{
		{"", "f.csv: no header: the file is empty"},
		{"iata,name,state,latitude\n", `f.csv: line 1: no column "longitude" in the header`},
		{header + good, "f.csv: a distance needs two airports, found 1"},
		{header + good + "B,Beta,X,91,2\n", `f.csv: line 3, column 10: latitude "91" is not within 90 degrees of zero`},
		{header + good + "B,\"Be\nta\",X,1,-180.5\n", `f.csv: line 4, column 9: longitude "-180.5" is not within 180 degrees of zero`},
		{header + good + "B,Beta,X,NaN,2\n", `f.csv: line 3, column 10: latitude "NaN" is not within 90 degrees of zero`},
		{header + good + "B,Beta,X,1,\n", `f.csv: line 3, column 12: longitude "" is not a number`},
		{header + good + "B,Beta,X,north,2\n", `f.csv: line 3, column 10: latitude "north" is not a number`},
		{header + good + "B,Beta,X,1\n", "f.csv: record on line 3: wrong number of fields"},
		{header + good + "B,Be\"ta,X,1,2\n", "f.csv: parse error on line 3, column 5: "},
	} {
		_, err := readAirports("f.csv", strings.NewReader(c.csv))
		require.Error(t, err)
		assert.Truef(t, strings.HasPrefix(err.Error(), c.want), "got  %v\nwant %v", err, c.want)
	}
}

func TestTourIsAFixedOrderOfAllAirports(t *testing.T) {
	airports, err := load("")
	require.NoError(t, err)
	groups := tour(airports)
	var order []int
	for _, g := range groups {
		for _, i := range g.members {
			assert.Equal(t, g.name, airports[i].state)
		}
		order = append(order, g.members...)
	}
	assert.Equal(t, groups, tour(airports))
	slices.Sort(order)
	for k, i := range order {
		require.Equal(t, k, i)
	}
	require.Len(t, order, len(airports))
}

// States along the equator come in the order of their longitudes, from the end
// with the longer way to the others, and the strays last.
func TestTourFollowsTheEquator(t *testing.T) {
	var airports []airport
	for _, lon := range []float64{30, 10, 60, 0, 20} {
		for _, east := range []float64{1, 0, 2} {
			airports = append(airports, airport{state: fmt.Sprint(lon), lon: lon + east})
		}
	}
	airports = append(airports, airport{state: "NA", lon: 11})
	var names []string
	var order []int
	for _, g := range tour(airports) {
		names = append(names, g.name)
		order = append(order, g.members...)
	}
	assert.Equal(t, []string{"60", "30", "20", "10", "0", "NA"}, names)
	assert.Equal(t, []int{8, 6, 7, 2, 0, 1, 14, 12, 13, 5, 3, 4, 11, 9, 10, 15}, order)
}

func TestImproveUndoesADetour(t *testing.T) {
	var r route
	for _, lon := range []float64{0, 40, 30, 20, 10, 50} {
		r = append(r, group{name: fmt.Sprint(lon), center: onSphere(0, lon)})
	}
	r.improve()
	var names []string
	for _, g := range r {
		names = append(names, g.name)
	}
	assert.Equal(t, []string{"0", "10", "20", "30", "40", "50"}, names)
}

func TestNamesDoNotOverlap(t *testing.T) {
	names := []name{{at: 0}, {at: 1}, {at: 2}, {at: 50}, {at: 99}, {at: 100}}
	spread(names, 10)
	for k := range names[1:] {
		assert.GreaterOrEqual(t, names[k+1].placed-names[k].placed, 10)
	}
	assert.Equal(t, 50, names[3].placed)
}

func TestPaletteGetsLighter(t *testing.T) {
	p := palette()
	require.Len(t, p, shades+3)
	before := -1.0
	for _, c := range p[:shades] {
		r, g, b, _ := c.RGBA()
		luminance := 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
		assert.Greater(t, luminance, before)
		before = luminance
	}
}

func TestShadesSpanTheDistances(t *testing.T) {
	p := &picture{far: 9000, mean: 1000}
	assert.EqualValues(t, 0, p.shade(0))
	assert.EqualValues(t, 71, p.shade(1000), "(shades-1) * 1000/2000 * 10000/9000")
	assert.EqualValues(t, shades-1, p.shade(9000))
	assert.EqualValues(t, 0, (&picture{}).shade(0), "all at one place")
}

func linear(v uint32) float64 { return math.Pow(float64(v)/0xffff, 2.2) }

func TestRunDrawsTheSamePictureEveryTime(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.csv")
	require.NoError(t, os.WriteFile(in, []byte(octant), 0o666))
	var first []byte
	for k, flags := range [][]string{{}, {"-workers", "3", "-schedule", "Dynamic"}, {"-schedule=serial"}} {
		out := filepath.Join(dir, fmt.Sprint(k, ".png"))
		var stdout bytes.Buffer
		require.NoError(t, run(append(flags, "-in", in, "-o", out), &stdout))
		assert.Contains(t, stdout.String(), "airports     5, that is 25 distances\n")
		assert.Contains(t, stdout.String(), "farthest     Null Island (O) and Antipode (A), 20015 km\n")
		assert.Contains(t, stdout.String(), " 10008 km from ")
		drawn, err := os.ReadFile(out)
		require.NoError(t, err)
		img, err := png.Decode(bytes.NewReader(drawn))
		require.NoError(t, err)
		assert.Equal(t, left+sideMax+right, img.Bounds().Dx())
		if k == 0 {
			first = drawn
		}
		assert.Equal(t, first, drawn)
	}
}

func TestFlagsBecomeOptions(t *testing.T) {
	c, err := parseFlags([]string{"-workers", "2", "-schedule", "guided"}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, config{out: "distances.png", opts: []parmap.Option{parmap.Workers(2), parmap.Guided}}, c)
}

// badFile returns the path of a table whose last line has an impossible longitude.
func badFile(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "in.csv")
	require.NoError(t, os.WriteFile(path, []byte(octant+"B,Bad,,E,,1,999\n"), 0o666))
	return path
}

func TestRunRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"stray"}, `unexpected argument "stray"`},
		{[]string{"-in", filepath.Join(dir, "none.csv")}, "none.csv"},
		{[]string{"-in", badFile(t)}, "line 7, column 13"},
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
	in := badFile(t)
	assert.Equal(t, "distances: "+in+`: line 7, column 13: longitude "999" is not within 180 degrees of zero`, programtest.Failure(t, "-in", in))
}
