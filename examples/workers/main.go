// Workers fills a matrix in worker processes, of which one is killed on the way.
package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

type hypotArgs struct{ Out *shmarray.Array[float64] }

var hypot = parmap.NewKernel("hypot", func(_ context.Context, lo, hi int, a hypotArgs) error {
	for i := lo; i < hi; i++ {
		for j := range a.Out.Row(i) {
			a.Out.Set(math.Hypot(float64(i), float64(j)), i, j)
		}
	}
	return nil
})

func main() {
	proc.WorkerMain() // first: a worker process goes no further
	if err := fill(context.Background(), 2000); err != nil {
		log.Fatal(err)
	}
}

func fill(ctx context.Context, n int) error {
	a, err := shmarray.Zeros(n, n)
	if err != nil {
		return err
	}
	defer a.Close()
	pool, err := proc.Start(ctx, 2)
	if err != nil {
		return err
	}
	defer pool.Close()

	victim, err := os.FindProcess(pool.PIDs()[0])
	if err != nil {
		return err
	}
	go victim.Kill() // what the out-of-memory killer would do
	err = hypot.Run(ctx, n, hypotArgs{a}, parmap.On(pool), parmap.Output(a))
	fmt.Println(a.At(3, 4), a.At(n-1, 0))
	return err
}
