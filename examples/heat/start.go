package main

import (
	_ "embed"
	"math"
	"os"
	"path/filepath"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
	"gonum.org/v1/gonum/mat"
)

// start returns the temperatures at the beginning.
func (c config) start() (*mat.Dense, error) {
	if c.plate > 0 {
		return madePlate(c.plate), nil
	}
	return mapPlate()
}

//go:embed annual-precip.npy
var precipitation []byte

// mapPlate returns a plate that is as warm as the world is wet: 1 degree for 40 of
// the map's units, up to 100.
func mapPlate() (*mat.Dense, error) {
	dir, err := os.MkdirTemp("", "heat")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "annual-precip.npy")
	if err := os.WriteFile(path, precipitation, 0o666); err != nil {
		return nil, err
	}
	world, err := shmarray.Load[float32](path)
	if err != nil {
		return nil, err
	}
	defer world.Close()
	start := mat.NewDense(world.Shape()[0], world.Shape()[1], nil)
	parmap.ForRows(start, func(i int, row []float64) {
		for j, p := range world.Row(i) {
			row[j] = min(float64(p)/40, hot)
		}
	})
	return start, nil
}

// madePlate returns a square plate that is cold but for a disk and a bar.
func madePlate(n int) *mat.Dense {
	start := mat.NewDense(n, n, nil)
	parmap.ForRows(start, func(i int, row []float64) {
		for j := range row {
			x, y := (float64(j)+0.5)/float64(n), (float64(i)+0.5)/float64(n)
			disk := math.Hypot(x-0.3, y-0.35) < 0.15
			bar := x > 0.1 && x < 0.9 && y > 0.7 && y < 0.8
			if disk || bar {
				row[j] = hot
			}
		}
	})
	return start
}
