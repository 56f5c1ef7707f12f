// Command start starts pools of two workers and prints how long each took, from
// nothing to a chunk run by both, in ns. Its argument is how many.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

var nothing = parmap.NewKernel("nothing", func(context.Context, int, int, struct{}) error { return nil })

func main() {
	proc.WorkerMain()
	pools, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for range pools {
		begin := time.Now()
		p, err := proc.Start(context.Background(), 2)
		if err != nil {
			log.Fatal(err)
		}
		if err := nothing.Run(context.Background(), 2, struct{}{}, parmap.On(p)); err != nil {
			log.Fatal(err)
		}
		fmt.Println(time.Since(begin).Nanoseconds())
		if err := p.Close(); err != nil {
			log.Fatal(err)
		}
	}
}
