package main

import (
	"cmp"
	"image/color"
	"math"
	"os"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/parfor-go/parfor/bench/rivals/internal/results"
)

// The colours of three kinds of ways, told apart also without red or green.
var (
	blue   = color.RGBA{0, 90, 181, 255} // the project's
	gray   = color.RGBA{90, 90, 90, 255} // other Go
	orange = color.RGBA{217, 95, 2, 255} // beyond Go
	light  = color.Gray{225}             // lines behind
)

func colourOf(way string) color.Color {
	switch {
	case isOurs(way):
		return blue
	case !inGo(way):
		return orange
	}
	return gray
}

// A dot is a median with its quartiles.
type dot struct {
	name        string
	lo, mid, hi float64
}

func dotOf(s *results.Set, k results.Key, unit, name string) dot {
	v := s.Values(k, unit)
	return dot{name, results.Quantile(v, 0.25), results.Quantile(v, 0.5), results.Quantile(v, 0.75)}
}

// dots is a plot of one row for each dot, the best at the top: times along a
// logarithmic axis, or what is the better the more there is along one from zero.
func dots(title, axis string, more bool, all []dot) *plot.Plot {
	slices.SortFunc(all, func(a, b dot) int {
		if more {
			a, b = b, a
		}
		return cmp.Compare(b.mid, a.mid)
	})
	p := newPlot(title, axis)
	if !more {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, logTicks{}
	}
	var names []string
	for at, d := range all {
		names = append(names, d.name)
		y := float64(at)
		p.Add(line(light, 0.5, plotter.XY{X: d.mid * 1e-9, Y: y}, plotter.XY{X: d.mid, Y: y}))
		p.Add(line(colourOf(d.name), 2, plotter.XY{X: d.lo, Y: y}, plotter.XY{X: d.hi, Y: y}))
		p.Add(points(colourOf(d.name), draw.CircleGlyph{}, plotter.XY{X: d.mid, Y: y}))
	}
	p.NominalY(names...)
	p.X.Min, p.X.Max = math.Inf(1), 0
	for _, d := range all {
		p.X.Min, p.X.Max = min(p.X.Min, d.lo/1.2), max(p.X.Max, d.hi*1.2)
	}
	if more {
		p.X.Min = 0
	}
	return p
}

func newPlot(title, axis string) *plot.Plot {
	plot.DefaultFont.Variant = "Sans"
	p := plot.New()
	p.Title.Text = title
	p.Title.Padding = vg.Points(6)
	p.X.Label.Text = axis
	p.BackgroundColor = color.White
	return p
}

func line(c color.Color, width float64, xys ...plotter.XY) *plotter.Line {
	l := &plotter.Line{XYs: xys, LineStyle: plotter.DefaultLineStyle}
	l.Color, l.Width = c, vg.Points(width)
	return l
}

func points(c color.Color, shape draw.GlyphDrawer, xys ...plotter.XY) *plotter.Scatter {
	return &plotter.Scatter{XYs: xys, GlyphStyle: draw.GlyphStyle{Color: c, Radius: vg.Points(3), Shape: shape}}
}

// logTicks marks 1, 2 and 5 times the powers of ten, with numbers as people
// write them: all of them if there are not too many.
type logTicks struct{}

func (logTicks) Ticks(lo, hi float64) (ticks []plot.Tick) {
	for e := math.Floor(math.Log10(lo)); e <= math.Log10(hi); e++ {
		for _, m := range []float64{1, 2, 5} {
			if v := m * math.Pow(10, e); v >= lo && v <= hi {
				label := short(v)
				if m > 1 && hi > 1000*lo {
					label = ""
				}
				ticks = append(ticks, plot.Tick{Value: v, Label: label})
			}
		}
	}
	return ticks
}

func short(v float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e6, "M"}, {1e3, "k"}} {
		if v >= u.size {
			return trim(v/u.size) + u.name
		}
	}
	return trim(v)
}

func trim(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

// save writes plots side by side to a PNG file.
func save(path string, width, height vg.Length, panels ...*plot.Plot) error {
	img := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(110), vgimg.UseBackgroundColor(color.White))
	tiles := draw.Tiles{Rows: 1, Cols: len(panels), PadX: vg.Points(12), PadLeft: vg.Points(6), PadRight: vg.Points(12), PadTop: vg.Points(6), PadBottom: vg.Points(6)}
	for at, c := range plot.Align([][]*plot.Plot{panels}, tiles, draw.New(img))[0] {
		panels[at].Draw(c)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := (vgimg.PngCanvas{Canvas: img}).WriteTo(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
