package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/timeline"
	"gonum.org/v1/gonum/mat"
)

// svg draws which worker was busy when. Tests have another one.
var svg = timeline.SVG

// timelines computes the view under two schedules and draws who computed which
// rows when, in two files. Static gives each worker one block of rows, and all
// wait for the one who got the dear ones. Under Auto who has finished takes rows
// from who has not.
func (c config) timelines(loop loop, stdout io.Writer) error {
	times := mat.NewDense(c.view.rows, c.view.cols, nil)
	for _, schedule := range []parmap.Schedule{parmap.Static, parmap.Auto} {
		var stats parmap.Stats
		loop(times, c.view, append(slices.Clone(c.opts), schedule, parmap.Record(&stats))...)
		var file bytes.Buffer
		if err := svg(&file, &stats); err != nil {
			return err
		}
		path := c.timeline + "-" + strings.ToLower(schedule.String()) + ".svg"
		if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "timeline     %s: %v, workers busy for %.0f %% of the time\n", path, schedule, 100*stats.Efficiency())
	}
	return nil
}
