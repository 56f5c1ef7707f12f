package timeline_test

import (
	"fmt"
	"math"
	"os"
	"time"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/timeline"
)

// A picture of a loop, to see who waited for whom.
func ExampleSVG() {
	const n = 10000
	roots := make([]float64, n)
	var s parmap.Stats
	parmap.For(n, func(i int) {
		roots[i] = math.Sqrt(float64(i))
	}, parmap.Record(&s))

	file, err := os.CreateTemp("", "roots-*.svg")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(file.Name())
	defer file.Close()
	fmt.Println(timeline.SVG(file, &s))
	// Output: <nil>
}

// What a viewer gets of a chunk that worker 2 ran.
func ExampleChromeTrace() {
	s := &parmap.Stats{
		Wall: time.Millisecond, Workers: 3, Chunks: 1,
		ByWorker: []parmap.WorkerStats{2: {Chunks: 1, StartUp: 10 * time.Microsecond, Busy: 902345}},
		Spans:    []parmap.Span{{Worker: 2, PID: 4711, Lo: 0, Hi: 25, Start: 10 * time.Microsecond, End: 912345}},
	}
	if err := timeline.ChromeTrace(os.Stdout, s); err != nil {
		fmt.Println(err)
	}
	// Output:
	// {"traceEvents":[
	// {"ph":"M","name":"process_name","pid":4711,"tid":3,"args":{"name":"parmap"}},
	// {"ph":"M","name":"thread_name","pid":4711,"tid":3,"args":{"name":"worker 2"}},
	// {"ph":"M","name":"thread_sort_index","pid":4711,"tid":3,"args":{"sort_index":2}},
	// {"ph":"X","name":"[0,25)","pid":4711,"tid":3,"cat":"chunk","ts":10.000,"dur":902.345,"args":{"lo":0,"hi":25}}
	// ],"displayTimeUnit":"ms","otherData":{"wall":"1ms","workers":"3","efficiency":"30%","chunks":"1","retries":"0","crashes":"0","dropped":"0"}}
}
