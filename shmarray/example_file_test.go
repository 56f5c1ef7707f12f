//go:build unix

package shmarray_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/parfor-go/parfor/shmarray"
)

func ExampleOpenOrCreate_startedAgain() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "sums.npy")

	for range 3 { // as if the program was started three times
		sums, err := shmarray.OpenOrCreate[float64](path, 4)
		if err != nil {
			log.Fatal(err)
		}
		sums.Data()[2]++
		fmt.Println(sums.Data())
		if err := sums.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// [0 0 1 0]
	// [0 0 2 0]
	// [0 0 3 0]
}
