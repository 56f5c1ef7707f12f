package bench_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parfor-go/parfor/bench/internal/clock"
	"github.com/parfor-go/parfor/bench/work"
	"github.com/parfor-go/parfor/parmap"
)

// BenchmarkSmall is loops too small to share, of 10 and of 1000 even bodies.
// They ought to take the time of the sequential loop, so that is what they are
// compared with: of-sequential. The time in the name is that of the work; the
// sequential loop also takes a nanosecond or two to call each body, and a
// body of 1000 cannot take less than one.
//
// Hot, one loop follows the other and the helpers look for it. Parked, a
// millisecond in which the program does something else goes before each, and
// the helpers sleep. Reading the clock is then in the time of each loop, some
// 40 ns in either form.
func BenchmarkSmall(b *testing.B) {
	const row = 100 * time.Microsecond // of hot loops of one form: the helpers stay awake
	pause := work.Turns(time.Millisecond)
	even := work.Shapes[0]
	for _, state := range []string{"hot", "parked"} {
		for _, n := range []int{10, 1000} {
			for _, total := range []time.Duration{50, 200, 1000, 5000, 20_000} {
				if total < time.Duration(n) {
					continue
				}
				load := even.Load(n, total)
				body := load.Each // made once: the call does not allocate
				pair := clock.Pair{
					Sequential: func() { load.Range(0, n) },
					Parallel:   func() { parmap.For(n, body) },
				}
				if state == "hot" {
					pair.Calls, pair.Hot = int(row/total), true
				} else {
					pair.Before = func() { work.Spin(pause) }
				}
				size := strings.Replace(total.String(), "µ", "u", 1)
				clock.Run(b, fmt.Sprintf("%s/%d/%s/way=parmap-Auto", state, n, size), pair.Run)
			}
		}
	}
}

// BenchmarkLate is 1000 bodies of which the last hundred are dear, 10 ms in all,
// after a pause: who judges by the first does without help.
func BenchmarkLate(b *testing.B) {
	const n, cheap = 1000, 900
	pause, dear := work.Turns(2*time.Millisecond), work.Turns(100*time.Microsecond)
	body := func(i int) {
		if i >= cheap {
			work.Spin(dear)
		}
	}
	pair := clock.Pair{
		Sequential: func() {
			for i := range n {
				body(i)
			}
		},
		Before: func() { work.Spin(pause) },
	}
	inTurn(b, "", pair, bySchedule(func(s parmap.Schedule) { parmap.For(n, body, s) })...)
}
