package timeline_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/timeline"
)

// starts matches the first line of a bar's text: of one attempt, or of several.
var starts = regexp.MustCompile(`^(?:(chunk|attempt) \[\d+,\d+\), |([\d,]+) (chunks|attempts) in \[\d+,\d+\)\n)`)

// stands returns how many attempts the bar with that text stands for.
func stands(t *testing.T, title string) int {
	t.Helper()
	m := starts.FindStringSubmatch(title)
	require.NotNil(t, m, title)
	if m[2] == "" {
		return 1
	}
	n, err := strconv.Atoi(strings.ReplaceAll(m[2], ",", ""))
	require.NoError(t, err)
	require.Greater(t, n, 1)
	return n
}

// indices returns how many indices are from the first of a bar to its last.
func indices(t *testing.T, title string) int {
	t.Helper()
	m := regexp.MustCompile(`\[(\d+),(\d+)\)`).FindStringSubmatch(title)
	require.NotNil(t, m, title)
	lo, err := strconv.Atoi(m[1])
	require.NoError(t, err)
	hi, err := strconv.Atoi(m[2])
	require.NoError(t, err)
	return hi - lo
}

func standAll(t *testing.T, bars []node) (n int) {
	t.Helper()
	for _, title := range titles(bars) {
		n += stands(t, title)
	}
	return n
}

// TestSVGOfALargeRunIsSmall holds that a picture has at most 2 MB and 2000 shapes a lane, and
// that its shapes stand for all attempts.
func TestSVGOfALargeRunIsSmall(t *testing.T) {
	long := errors.New(strings.Repeat(`"<&>`+"\x00\n", 5000))
	for _, c := range []struct{ workers, every int }{ // every so many attempts one fails; 0: none
		{1, 0}, {2, 1}, {16, 3}, {1000, 3}, {64, 77777},
	} {
		s := many(100000, c.workers, func(k int) error {
			if c.every > 0 && k%c.every == 0 {
				return long
			}
			return nil
		})
		root, text := draw(t, s)
		assert.LessOrEqual(t, len(text), 2_000_000, "%+v", c)
		want := map[string]int{}
		for _, span := range s.Spans {
			want[fmt.Sprint(span.Worker, span.Err != nil)]++
		}
		got := lanes(root)
		require.Len(t, got, c.workers)
		for _, l := range got {
			assert.LessOrEqual(t, len(l.all("rect"))+len(l.all("path")), 2000)
			assert.Equal(t, want[l.worker+" false"], standAll(t, l.bars), "done")
			assert.Equal(t, want[l.worker+" true"], standAll(t, l.failures), "failed")
		}
	}
}

// TestSVGWideSpansOfManyLanes holds the size where no span is short.
func TestSVGWideSpansOfManyLanes(t *testing.T) {
	s := &parmap.Stats{Wall: time.Hour, Workers: 1000, Chunks: 100000}
	for k := range 100000 {
		start := time.Duration(k/1000) * 36 * time.Second
		s.Spans = append(s.Spans, parmap.Span{Worker: k % 1000, PID: k, Lo: k, Hi: k + 1, Start: start, End: start + 36*time.Second})
	}
	_, text := draw(t, s)
	assert.LessOrEqual(t, len(text), 2_000_000)
}

// TestSVGKeepsLongChunksApart holds that a chunk that can be seen has a bar of its own among
// many that cannot, and that a joined bar tells what is in it.
func TestSVGKeepsLongChunksApart(t *testing.T) {
	root, text := draw(t, many(20000, 2, nil))
	assert.True(t, bytes.Contains(text, []byte("short chunks, joined")), "the legend")
	single, joined := 0, 0
	shades := map[string]bool{}
	for _, l := range lanes(root) {
		for _, b := range l.bars {
			title := b.title()
			if n := stands(t, title); n > 1 {
				joined++
				shades[b.attr("fill")] = true
				assert.Equal(t, 20*n-10, indices(t, title), "of two workers in turn")
				within := time.Duration(n)*100*time.Microsecond + time.Duration(n-1)*20*time.Microsecond
				assert.Contains(t, title, " within "+timeline.Duration(within, 3)+",")
				assert.Regexp(t, `^[\d,]+ chunks in \[\d*0,\d+0\)\nworker [01]\nstart [\d.]+ (s|ms), within [\d.]+ (ms|µs), 100 µs each$`, title)
			} else if strings.Contains(title, "took 40 ms") {
				single++
			}
		}
	}
	assert.Equal(t, 20, single)
	assert.Greater(t, joined, 500)
	assert.Len(t, shades, 1, "the mean duration is the same")
}

// TestSVGKeepsCrossesApart holds that crosses can be told apart, however many failures there
// are.
func TestSVGKeepsCrossesApart(t *testing.T) {
	root, _ := draw(t, many(20000, 2, func(k int) error {
		if k%9 < 3 {
			return errFull
		}
		return nil
	}))
	for _, l := range lanes(root) {
		last := 0.0
		for _, f := range l.failures {
			var x, y float64
			_, err := fmt.Sscanf(f.all("path")[2].attr("d"), "M%f %f", &x, &y)
			require.NoError(t, err)
			if x < 853 { // the last is moved into the lane
				assert.GreaterOrEqual(t, x-last, 13.99)
			}
			last = x
		}
		assert.Greater(t, len(l.failures), 20)
	}
}

// TestSVGLowersBarsWithWaits holds that a lane of chunks too short to be seen is as high as
// its worker was busy.
func TestSVGLowersBarsWithWaits(t *testing.T) {
	for _, percent := range []int{100, 80, 50, 40} {
		s := &parmap.Stats{Wall: time.Second, Workers: 1, Chunks: 50000}
		for k := range 50000 {
			start := time.Duration(k) * 20 * time.Microsecond
			s.Spans = append(s.Spans, parmap.Span{Lo: k, Hi: k + 1, Start: start, End: start + time.Duration(percent)*200})
		}
		root, _ := draw(t, s)
		l := lanes(root)[0]
		track := l.Children[0]
		assert.Len(t, l.bars, int(track.number(t, "width")))
		area := 0.0
		for i, b := range l.bars {
			width := b.number(t, "width")
			if i+1 < len(l.bars) {
				below := l.bars[i+1].number(t, "x") - b.number(t, "x")
				assert.Greater(t, width, below, "there is no seam")
				assert.LessOrEqual(t, width, below+0.51)
				width = below
			}
			area += width * b.number(t, "height")
		}
		assert.InEpsilon(t, float64(percent)/100, area/(track.number(t, "width")*track.number(t, "height")), 0.02)
	}
}

// TestSVGStaysInItsLanes holds that nothing leaves the lanes and shapes are in the order of
// time, for Stats that no run writes too.
func TestSVGStaysInItsLanes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := []*parmap.Stats{{Wall: 776, Workers: 1, Chunks: 2, Spans: []parmap.Span{{Start: 774, End: 776}, {Start: 776, End: 776}}}}
	for range 100 {
		all = append(all, odd(r))
	}
	for _, s := range all {
		root, _ := draw(t, s)
		total := root.number(t, "height")
		for _, text := range root.all("text") {
			assert.LessOrEqual(t, text.number(t, "y"), total)
		}
		for _, l := range lanes(root) {
			track := l.Children[0]
			left := track.number(t, "x")
			right, last := left+track.number(t, "width"), left
			for _, b := range l.bars {
				x := b.number(t, "x")
				assert.GreaterOrEqual(t, x, last-0.75)
				assert.Positive(t, b.number(t, "width"))
				assert.Positive(t, b.number(t, "height"))
				assert.LessOrEqual(t, x+b.number(t, "width"), right+0.01)
				assert.LessOrEqual(t, b.number(t, "y")+b.number(t, "height"), track.number(t, "height")+0.01)
				last = x
			}
		}
	}
}

// odd returns a Stats with whatever its types can hold.
func odd(r *rand.Rand) *parmap.Stats {
	number := func() time.Duration {
		switch r.IntN(6) {
		case 0:
			return 0
		case 1:
			return -time.Duration(r.Int64N(1e9))
		case 2:
			return time.Duration(r.Int64())
		}
		return time.Duration(1) << r.IntN(60)
	}
	s := &parmap.Stats{
		Wall: number(), Workers: r.IntN(6) - 1, Chunks: r.IntN(5) - 1, Dropped: r.IntN(3) - 1, Crashes: r.IntN(3), Retries: r.IntN(3),
		ByWorker: make([]parmap.WorkerStats, r.IntN(5)),
	}
	for i := range s.ByWorker {
		s.ByWorker[i] = parmap.WorkerStats{Chunks: r.IntN(9) - 1, StartUp: number(), Busy: number(), Wait: number()}
	}
	for range r.IntN(40) {
		span := parmap.Span{Worker: r.IntN(6), PID: r.IntN(3), Lo: r.IntN(9), Hi: r.IntN(9), Start: number(), End: number()}
		switch r.IntN(9) {
		case 0:
			span.Worker = int(r.Int32()) - 1<<30
		case 1:
			span.Err = errors.New("\xff\x00<&>")
		}
		s.Spans = append(s.Spans, span)
	}
	return s
}
