//go:build unix

package shmarray_test

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/parfor-go/parfor/shmarray"
)

// What double and byTurns do is in docs/python.md, with the Python programs
// that they start.

// double makes an array in a file, fills a row, and has the Python program
// script change it.
func double(python, script, path string) error {
	a, err := shmarray.Create[float64](path, 3, 4)
	if err != nil {
		return err
	}
	defer a.Close()
	copy(a.Row(2), []float64{20, 21, 22, 23})
	if err := exec.Command(python, script, path).Run(); err != nil {
		return err
	}
	fmt.Println(a.Row(2)) // [40 42 44 46]
	return a.Sync()
}

// byTurns fills the rows of a and has the Python program script, which runs
// all the time, change each of them. It prints what becomes of them.
func byTurns(python, script string, a *shmarray.Array[float64]) error {
	cmd := exec.Command(python, script, a.Path())
	to, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	from, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = func() error {
		defer to.Close()
		for i := range 3 {
			copy(a.Row(i), []float64{1, 2, 3, 4})
			fmt.Fprintln(to, i) // row i is filled
			if _, err := fmt.Fscanln(from, &i); err != nil {
				return err
			}
			fmt.Println(a.Row(i)) // [1 3 6 10]
		}
		return nil
	}()
	if wait := cmd.Wait(); err == nil {
		err = wait
	}
	return err
}

func ExampleCreate_forPython() {
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	a, err := shmarray.Create[float32](filepath.Join(dir, "grid.npy"), 2, 3)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	for i := range 2 {
		for j := range a.Row(i) {
			a.Set(float32(i)+float32(j)/10, i, j)
		}
	}
	// From here on: np.load("grid.npy", mmap_mode="r+")
	fmt.Println(a, filepath.Base(a.Path()))
	fmt.Println(a.Row(1))
	// Output:
	// float32 array [2 3] grid.npy
	// [1 1.1 1.2]
}
