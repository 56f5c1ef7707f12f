package main

import (
	"image/color"
	"math"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
	"github.com/parfor-go/parfor/bench/work"
)

// overhead draws the time of an empty region of every rival.
func overhead(dir string, s *results.Set) error {
	var all []dot
	for _, way := range s.Ways("Empty", "", 2) {
		if !sequential(way) {
			all = append(all, dotOf(s, two("Empty", "", way), "ns/op", way))
		}
	}
	if len(all) == 0 {
		return nil
	}
	p := dots("A loop of two empty bodies on two workers", "ns, median and quartiles", false, all)
	return save(filepath.Join(dir, "overhead.png"), 17*vg.Centimeter, vg.Length(2+0.5*float64(len(all)))*vg.Centimeter, p)
}

// shown are the ways in the plots of loads: the best known of each kind.
var shown = []struct {
	way   string
	c     color.Color
	shape draw.GlyphDrawer
}{
	{"parmap-Auto", blue, draw.CircleGlyph{}},
	{"tbb-auto", orange, draw.TriangleGlyph{}},
	{"openmp-guided", orange, draw.SquareGlyph{}},
	{"openmp-static", orange, draw.CrossGlyph{}},
	{"goroutine-chunked", gray, draw.CrossGlyph{}},
	{"conc-iter", gray, draw.TriangleGlyph{}},
	{"errgroup", gray, draw.SquareGlyph{}},
	{"pond", gray, draw.PlusGlyph{}},
}

// balance draws how many times the ideal the loads took.
func balance(dir string, s *results.Set) error {
	var panels []*plot.Plot
	for _, total := range []string{"20ms", "1ms", "0.1ms"} {
		if p := loads(s, total); p != nil {
			panels = append(panels, p)
		}
	}
	if len(panels) == 0 {
		return nil
	}
	legend := plot.New()
	legend.HideAxes()
	legend.Legend.Top, legend.Legend.Left = true, true
	for _, w := range shown {
		legend.Legend.Add(w.way, points(w.c, w.shape))
	}
	return save(filepath.Join(dir, "balance.png"), 30*vg.Centimeter, 11*vg.Centimeter, append(panels, legend)...)
}

// loads is balance's panel for loads of one total, nil if there are none.
func loads(s *results.Set, total string) *plot.Plot {
	var names []string // from the bottom up
	for _, c := range s.Cases("Load") {
		if shape, rest, _ := strings.Cut(c, "/"); rest == total {
			names = append([]string{shape}, names...)
		}
	}
	if len(names) == 0 {
		return nil
	}
	p := newPlot("Loads of "+strings.Replace(total, "ms", " ms", 1), "time / ideal")
	most := 1.25
	for k, w := range shown {
		var xys plotter.XYs
		for at, shape := range names {
			x := s.Median(two("Load", shape+"/"+total, w.way), "of-ideal")
			if !math.IsNaN(x) {
				xys = append(xys, plotter.XY{X: max(x, 0.95), Y: float64(at) + 0.3 - 0.6*float64(k)/float64(len(shown)-1)})
				most = max(most, 1.2*x)
			}
		}
		if len(xys) == 0 {
			continue
		}
		p.Add(points(w.c, w.shape, xys...))
	}
	p.Add(line(color.Black, 0.7, plotter.XY{X: 1, Y: -0.5}, plotter.XY{X: 1, Y: float64(len(names)) - 0.5}))
	for at := range len(names) - 1 {
		y := float64(at) + 0.5
		p.Add(line(light, 0.5, plotter.XY{X: 0.94, Y: y}, plotter.XY{X: most, Y: y}))
	}
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks{}
	p.X.Min, p.X.Max = 0.94, most
	p.NominalY(names...)
	return p
}

// swept are the ways in the plot of memory bandwidth.
var swept = []struct{ way, where, name string }{
	{"sequential", "heap", "sequential"},
	{"parmap-Auto", "heap", "parmap, heap"},
	{"parmap-ForRange", "shmarray", "parmap, shared"},
	{"parmap-ForRange", "private", "parmap, private"},
	{"parmap-ForRange", "npy", "parmap, .npy"},
	{"goroutine-chunked", "heap", "goroutine-chunked"},
	{"openmp-static", "heap", "openmp-static"},
	{"tbb-static", "heap", "tbb-static"},
}

// bandwidth draws the memory bandwidth of loops that only move numbers.
func bandwidth(dir string, s *results.Set) error {
	var panels []*plot.Plot
	for _, sweep := range work.Sweeps {
		var all []dot
		for _, x := range swept {
			k := two("Sweep", x.where+"/"+sweep.Name, x.way)
			if len(s.Values(k, "MB/s")) > 0 {
				d := dotOf(s, k, "MB/s", x.name)
				all = append(all, dot{d.name, d.lo / 1e3, d.mid / 1e3, d.hi / 1e3})
			}
		}
		if len(all) > 0 {
			panels = append(panels, dots(sweep.Name, "GB/s", true, all))
		}
	}
	if len(panels) == 0 {
		return nil
	}
	return save(filepath.Join(dir, "bandwidth.png"), 38*vg.Centimeter, 7*vg.Centimeter, panels...)
}
