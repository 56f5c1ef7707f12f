package bench_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n && yield(i); i++ {
		}
	}
}

// BenchmarkStream is items of 1 us, of which the source, the consumer and the
// waiting take more than they do, and of 100 us, 20 ms in all.
func BenchmarkStream(b *testing.B) {
	for _, item := range []time.Duration{time.Microsecond, 100 * time.Microsecond} {
		n := int(20 * time.Millisecond / item)
		turns := work.Turns(item)
		f := func(_ context.Context, i int) (int, error) {
			work.Spin(turns)
			return i, nil
		}
		sequential := func() {
			for i := range upTo(n) {
				f(context.Background(), i)
			}
		}
		stream := func(name string, opts ...parmap.Option) way {
			return way{name: name, open: func(b *testing.B) func() {
				return func() {
					got := 0
					for _, err := range parmap.Stream(context.Background(), upTo(n), f, opts...) {
						if err != nil {
							b.Fatal(err)
						}
						got++
					}
					if got != n {
						b.Fatalf("%d items of %d", got, n)
					}
				}
			}}
		}
		prefix := fmt.Sprintf("%dus/", item.Microseconds())
		alone(b, prefix, 0, way{name: "sequential", call: sequential})
		inTurn(b, prefix, clock.Pair{Sequential: sequential},
			stream("parmap-Stream"),
			stream("parmap-Window256", parmap.Window(256)),
			stream("parmap-Unordered", parmap.Unordered))
	}
}

func TestUpToEndsWhereItShould(t *testing.T) {
	var got []int
	for i := range upTo(5) {
		if got = append(got, i); i == 3 {
			break
		}
	}
	assert.Equal(t, []int{0, 1, 2, 3}, got)
}
