package main

import (
	"fmt"
	"image/color"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/parfor-go/parfor/bench/internal/simulate"
	"github.com/parfor-go/parfor/bench/rivals/internal/results"
	"github.com/parfor-go/parfor/bench/work"
)

// mostWorkers is how far the simulation goes.
const mostWorkers = 1024

// simulated are the policies that are drawn, and how.
var simulated = []struct {
	policy simulate.Policy
	c      color.Color
	dashed bool
}{
	{simulate.Auto, blue, false},
	{simulate.Guided, blue, true},
	{simulate.Dynamic, color.RGBA{100, 170, 230, 255}, false},
	{simulate.OpenMPGuided, orange, true},
	{simulate.OpenMPStatic, orange, false},
}

// A curve is what a loop takes under each policy on 1, 2, 4, ... workers.
type curve struct {
	loop simulate.Loop
	runs map[simulate.Policy][]simulate.Result
}

// rowsKey is the fact that holds the time of each row of the Mandelbrot set, in ns.
const rowsKey = "rows"

// recordRows times the rows, for the simulation, and writes the fact.
func recordRows(w io.Writer) {
	l := simulate.RecordRows(work.Mandelbrot(work.MandelbrotSize, work.MandelbrotLimit), 5)
	fmt.Fprintf(w, "%s:", rowsKey)
	for _, c := range l.Costs {
		fmt.Fprintf(w, " %.0f", c)
	}
	fmt.Fprintln(w)
}

// recorded returns the loop of the rows, without bodies if they were not timed.
func recorded(s *results.Set) simulate.Loop {
	l := simulate.Loop{Name: "mandelbrot"}
	for text := range strings.FieldsSeq(s.Config(rowsKey)) {
		if c, err := strconv.ParseFloat(text, 64); err == nil && c >= 0 {
			l.Costs = append(l.Costs, c)
		}
	}
	return l
}

// scale simulates the loops of the report.
func scale(s *results.Set) (all []curve) {
	for _, l := range []simulate.Loop{
		shaped("even", 100_000, 100*time.Millisecond),
		shaped("heavy", 100_000, 100*time.Millisecond),
		shaped("triangular", 1000, 20*time.Millisecond),
		recorded(s),
	} {
		if len(l.Costs) == 0 {
			continue
		}
		c := curve{l, map[simulate.Policy][]simulate.Result{}}
		for workers := 1; workers <= mostWorkers; workers *= 2 {
			for _, s := range simulated {
				c.runs[s.policy] = append(c.runs[s.policy], simulate.Run(l, s.policy, workers, simulate.Measured))
			}
		}
		all = append(all, c)
	}
	return all
}

func shaped(name string, n int, total time.Duration) simulate.Loop {
	for _, s := range work.Shapes {
		if s.Name == name {
			l := simulate.Shaped(s, n, total)
			l.Name = fmt.Sprintf("%s, %d bodies, %v", name, n, total)
			return l
		}
	}
	panic("report: no shape " + name)
}

// speedups draws the speed-up under each policy, beside the ideal one.
func speedups(dir string, all []curve) error {
	var panels []*plot.Plot
	legend := plot.New()
	legend.HideAxes()
	legend.Legend.Top, legend.Legend.Left = true, true
	for at, c := range all {
		p := newPlot(c.loop.Name, "workers (simulated)")
		if at == 0 {
			p.Y.Label.Text = "speed-up"
		}
		ideal := &plotter.Line{LineStyle: plotter.DefaultLineStyle}
		for _, r := range c.runs[simulate.Auto] {
			ideal.XYs = append(ideal.XYs, plotter.XY{X: float64(r.Workers), Y: c.loop.Total() / r.Ideal})
		}
		ideal.Color = color.Gray{160}
		p.Add(ideal)
		if at == 0 {
			legend.Legend.Add("ideal", ideal)
		}
		for _, s := range simulated {
			var xys plotter.XYs
			for _, r := range c.runs[s.policy] {
				xys = append(xys, plotter.XY{X: float64(r.Workers), Y: c.loop.Total() / r.Makespan})
			}
			l := line(s.c, 1.5, xys...)
			if s.dashed {
				l.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
			}
			p.Add(l)
			if at == 0 {
				legend.Legend.Add(s.policy.String(), l)
			}
		}
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, powersOfFour{}
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, powersOfFour{}
		p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 1, mostWorkers, 0.9, mostWorkers
		panels = append(panels, p)
	}
	return save(filepath.Join(dir, "scaling.png"), 38*vg.Centimeter, 10*vg.Centimeter, append(panels, legend)...)
}

// powersOfFour marks 1, 4, 16, ...
type powersOfFour struct{}

func (powersOfFour) Ticks(lo, hi float64) (ticks []plot.Tick) {
	for v := 1; float64(v) <= hi; v *= 4 {
		ticks = append(ticks, plot.Tick{Value: float64(v), Label: fmt.Sprint(v)})
	}
	return ticks
}

// writeScaling writes the section with the simulation's numbers.
func writeScaling(w io.Writer, s *results.Set, all []curve) {
	fmt.Fprintf(w, "## Past this machine's processors\n\n"+
		"The real schedules, driven by a discrete-event model of up to %d processors over bodies of known or recorded times:\n"+
		"[bench/internal/simulate](internal/simulate/doc.go) says what is modelled and what is not. Memory bandwidth is not,\n"+
		"so this is about the schedules alone. Time over the ideal, which is an equal share of the work or the longest\n"+
		"body, whichever is more:\n\n![scaling](scaling.png)\n\n", mostWorkers)
	for _, c := range all {
		fmt.Fprintf(w, "%s:\n\n", c.loop.Name)
		t := table{head: []string{"policy"}}
		for _, r := range c.runs[simulate.Auto] {
			t.head = append(t.head, fmt.Sprint(r.Workers))
		}
		for _, s := range simulated {
			row := []string{s.policy.String()}
			for _, r := range c.runs[s.policy] {
				row = append(row, format(r.OfIdeal(), "of-ideal"))
			}
			t.add(row...)
		}
		t.writeTo(w)
	}
	writeTrust(w, s)
}

// writeTrust says how well the model does where it can be held against the
// machine.
func writeTrust(w io.Writer, s *results.Set) {
	var all []float64
	for _, k := range s.Keys() {
		if v := s.Median(k, "measured-of-model"); k.Work == "Model" && v > 0 {
			all = append(all, v)
		}
	}
	if len(all) > 0 {
		fmt.Fprintf(w, "On two workers, the measured time of Auto, Static, Dynamic and Guided over all loads is %.2f times the model's in the\n"+
			"median; one in ten is below %.2f, one in ten above %.2f.\n\n",
			results.Quantile(all, 0.5), results.Quantile(all, 0.1), results.Quantile(all, 0.9))
	}
}
