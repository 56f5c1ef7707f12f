//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/parfor-go/parfor/shmarray"
)

func Example() {
	dir, err := os.MkdirTemp("", "npyfile")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "hypot.npy")
	if err := fill(path, 100); err != nil {
		panic(err)
	}

	a, err := shmarray.Open[float64](path, shmarray.ReadOnly)
	if err != nil {
		panic(err)
	}
	defer a.Close()
	fmt.Println(a.Shape(), a.At(3, 4), a.At(99, 0))
	// Output: [100 100] 5 99
}
