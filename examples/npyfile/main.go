// Npyfile fills a matrix that is a .npy file, which NumPy can have open at the
// same time.
package main

import (
	"flag"
	"fmt"
	"log"
	"math"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

func main() {
	path := flag.String("o", "hypot.npy", "the file to make")
	flag.Parse()
	if err := fill(*path, 2000); err != nil {
		log.Fatal(err)
	}
	fmt.Println("wrote", *path)
}

func fill(path string, n int) error {
	a, err := shmarray.Create[float64](path, n, n)
	if err != nil {
		return err
	}
	defer a.Close()
	parmap.ForRows(shmarray.Dense(a), func(i int, row []float64) {
		for j := range row {
			row[j] = math.Hypot(float64(i), float64(j))
		}
	})
	return a.Sync()
}
