//go:build unix

package parmap_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/shmarray"
)

type powersArgs struct {
	Out   *shmarray.Array[float64]
	Power int
}

var powers = parmap.NewKernel("powers", func(_ context.Context, lo, hi int, a powersArgs) error {
	for i := lo; i < hi; i++ {
		x := 1.0
		for range a.Power {
			x *= float64(i)
		}
		a.Out.Row(i)[0] = x
	}
	return nil
})

// The same call goes on where a run was that was killed, and does nothing when that was
// complete. Another call is refused.
func ExampleJournal() {
	dir, err := os.MkdirTemp("", "journal")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	out, err := shmarray.Create[float64](filepath.Join(dir, "out.npy"), 1000, 1)
	if err != nil {
		panic(err)
	}
	defer out.Close()
	run := func(power int) error {
		return powers.Run(context.Background(), 1000, powersArgs{out, power}, parmap.Output(out),
			parmap.Journal{Path: filepath.Join(dir, "journal"), Version: "1"})
	}
	fmt.Println(run(2), run(2), out.At(999, 0))

	var mismatch *parmap.JournalError
	if errors.As(run(3), &mismatch) {
		fmt.Println(mismatch.Field, "was", mismatch.Recorded)
	}
	// Output:
	// <nil> <nil> 998001
	// arguments.Power was int 2
}
