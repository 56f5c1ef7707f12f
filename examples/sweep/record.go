package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/parfor-go/parfor/shmarray"
)

// origin is the year from which the model counts: before it there was, as the
// model has it, no carbon dioxide but the natural.
const origin = 1750

// A sample is the mean of a month, with what the model needs of its time.
type sample struct {
	t        float64 // years since origin
	ppm      float64
	sin, cos float64 // of the season
}

// readRecord reads a CSV file with a header and rows that begin with a date and
// ppm. Name is the file's, for errors. The array has a row for each month, years
// since origin and ppm.
func readRecord(name string, r io.Reader) (*shmarray.Array[float64], error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var data []float64
	for i, row := range rows {
		if i == 0 {
			continue
		}
		if len(row) < 2 {
			return nil, fmt.Errorf("%s: row %d: %d fields, want a date and ppm", name, i, len(row))
		}
		month, err := time.Parse(time.DateOnly, row[0])
		if err != nil {
			return nil, fmt.Errorf("%s: row %d: %w", name, i, err)
		}
		ppm, err := strconv.ParseFloat(row[1], 64)
		if err != nil || math.IsNaN(ppm) || math.IsInf(ppm, 0) {
			return nil, fmt.Errorf("%s: row %d: %q is not a number of ppm", name, i, row[1])
		}
		middle := (float64(month.Month()) - 0.5) / 12
		data = append(data, float64(month.Year()-origin)+middle, ppm)
	}
	if n := len(data) / 2; n < parameters {
		return nil, fmt.Errorf("%s: %d parameters need as many months, found %d", name, parameters, n)
	}
	return shmarray.FromSlice(data, len(data)/2, 2)
}

// samples returns the months of what readRecord made.
func samples(record *shmarray.Array[float64]) []sample {
	all := make([]sample, record.Shape()[0])
	for i := range all {
		row := record.Row(i)
		all[i] = sample{t: row[0], ppm: row[1]}
		all[i].sin, all[i].cos = math.Sincos(2 * math.Pi * row[0])
	}
	return all
}
