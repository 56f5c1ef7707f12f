package timeline_test

import (
	"bytes"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/timeline"
)

var update = flag.Bool("update", false, "write testdata/small.svg anew")

// A node is an element of a picture.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
	Text     string     `xml:",chardata"`
}

func (n *node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (n *node) number(t *testing.T, name string) float64 {
	t.Helper()
	if n.attr(name) == "" {
		return 0
	}
	v, err := strconv.ParseFloat(n.attr(name), 64)
	require.NoError(t, err)
	return v
}

// all returns the elements of that name, of any depth, in order.
func (n *node) all(name string) []node {
	var found []node
	for _, c := range n.Children {
		if c.XMLName.Local == name {
			found = append(found, c)
		}
		found = append(found, c.all(name)...)
	}
	return found
}

// title returns the text that a browser shows for n.
func (n *node) title() string {
	for _, c := range n.Children {
		if c.XMLName.Local == "title" {
			return c.Text
		}
	}
	return ""
}

// texts returns what is to be read in n.
func (n *node) texts() []string {
	var all []string
	for _, t := range n.all("text") {
		all = append(all, t.Text)
	}
	return all
}

// draw returns the picture of s, and its bytes.
func draw(t *testing.T, s *parmap.Stats) (node, []byte) {
	t.Helper()
	before := copied(s)
	var b bytes.Buffer
	require.NoError(t, timeline.SVG(&b, s))
	require.True(t, same(before, s), "the Stats was changed")
	var root node
	d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
	require.NoError(t, d.Decode(&root))
	return root, b.Bytes()
}

// A lane is what is drawn of a worker: titles are those of bars, in order.
type lane struct {
	node
	worker   string
	bars     []node // of chunks that are done
	failures []node
}

func lanes(root node) []lane {
	var all []lane
	for _, g := range root.all("g") {
		if g.attr("data-worker") == "" {
			continue
		}
		l := lane{node: g, worker: g.attr("data-worker")}
		for _, c := range g.Children {
			switch {
			case c.XMLName.Local == "rect" && c.attr("fill") != "none":
				l.bars = append(l.bars, c)
			case c.XMLName.Local == "g":
				l.failures = append(l.failures, c)
			}
		}
		all = append(all, l)
	}
	return all
}

func titles(nodes []node) []string {
	var all []string
	for _, n := range nodes {
		all = append(all, n.title())
	}
	return all
}

func TestSVGHasALaneForEachWorker(t *testing.T) {
	root, _ := draw(t, small())
	got := lanes(root)
	require.Len(t, got, 4)
	for w, l := range got {
		assert.Equal(t, strconv.Itoa(w), l.worker)
	}
	assert.Equal(t, []string{
		"chunk [0,10), 10 indices\nworker 0, PID 70\nstart 5 ms, took 40 ms, 40% of the run",
		"chunk [30,40), 10 indices\nworker 0, PID 70\nstart 46 ms, took 30 ms, 30% of the run",
		"chunk [40,50), 10 indices\nworker 0, PID 70\nstart 77 ms, took 20 ms, 20% of the run",
	}, titles(got[0].bars))
	assert.Equal(t, []string{
		"chunk [10,20), 10 indices\nworker 1, PID 73\nstart 60 ms, took 30 ms, 30% of the run",
	}, titles(got[1].bars))
	assert.Equal(t, []string{
		"attempt [10,20), 10 indices\nworker 1, PID 71\nstart 5 ms, took 20 ms, 20% of the run\nfailed: worker 71 ended: signal: killed",
	}, titles(got[1].failures))
	assert.Equal(t, []string{
		"chunk [20,30), 10 indices\nworker 2, PID 72\nstart 10 ms, took 70 ms, 70% of the run",
		"chunk [50,51), 1 index\nworker 2, PID 72\nstart 82 ms, took 10 ms, 10% of the run",
	}, titles(got[2].bars))
	assert.Empty(t, got[3].bars)

	assert.Equal(t, "worker 1, PID 71, 73\n1 chunk, busy 50 ms, 50% of the run\n1 unfinished attempt\nstart-up 5 ms, waiting 45 ms",
		got[1].Children[0].title())
	assert.Equal(t, []string{"1", "50%", "1"}, got[1].texts())
	assert.Equal(t, []string{"3", "0%", "0"}, got[3].texts())
}

func TestSVGSumsUp(t *testing.T) {
	root, _ := draw(t, small())
	assert.Equal(t, "svg", root.XMLName.Local)
	assert.Equal(t, "img", root.attr("role"))
	assert.Equal(t, "Timeline of a run: 100 ms wall time, 4 workers, 55% busy, 6 chunks, 1 unfinished attempt, 1 crash, 1 retry",
		root.attr("aria-label"))
	assert.Equal(t, []string{
		"100 ms", "wall time", "4", "workers", "55%", "busy", "6", "chunks",
		"1", "unfinished attempt", "1", "crash", "1", "retry",
	}, root.texts()[:14])
	for _, legend := range []string{"worker", "busy", "chunks", "chunk duration", "unfinished attempt", "start-up", "waiting"} {
		assert.Contains(t, root.texts(), legend)
	}
}

// TestSVGPlaces holds that bars are where their times are, between 0 and the end of the axis.
func TestSVGPlaces(t *testing.T) {
	s := small()
	root, _ := draw(t, s)
	track := lanes(root)[0].Children[0]
	left, plot := track.number(t, "x"), track.number(t, "width")
	require.Positive(t, plot)
	byWorker := map[int][]parmap.Span{}
	for _, span := range s.Spans {
		if span.Err == nil {
			byWorker[span.Worker] = append(byWorker[span.Worker], span)
		}
	}
	for w, l := range lanes(root) {
		require.Len(t, l.bars, len(byWorker[w]))
		for i, b := range l.bars {
			from := left + plot*byWorker[w][i].Start.Seconds()/s.Wall.Seconds()
			to := left + plot*byWorker[w][i].End.Seconds()/s.Wall.Seconds()
			assert.InDelta(t, from, b.number(t, "x"), 0.01)
			assert.InDelta(t, to-0.75, b.number(t, "x")+b.number(t, "width"), 0.02)
			assert.Equal(t, track.attr("height"), b.attr("height"))
		}
	}
}

// TestSVGReachesToTheLastEnd holds that a span that ends after the run, as its Wall says, is
// drawn to its end.
func TestSVGReachesToTheLastEnd(t *testing.T) {
	s := &parmap.Stats{Wall: 10 * ms, Workers: 1, Chunks: 2, Spans: []parmap.Span{{Hi: 1, End: 10 * ms}, {Lo: 1, Hi: 2, Start: 10 * ms, End: 20 * ms}}}
	root, _ := draw(t, s)
	bars := lanes(root)[0].bars
	require.Len(t, bars, 2)
	assert.Equal(t, bars[0].attr("width"), bars[1].attr("width"))
	assert.Contains(t, root.texts(), "20 ms")
}

// TestSVGDrawsWaits holds that a lane is a line where nothing ran, dashed at its beginning.
func TestSVGDrawsWaits(t *testing.T) {
	root, _ := draw(t, small())
	got := lanes(root)
	lines := func(l lane) (dashed, solid []string) {
		for _, c := range l.Children {
			if c.XMLName.Local == "path" && c.attr("stroke-dasharray") != "" {
				dashed = append(dashed, c.attr("d"))
			} else if c.XMLName.Local == "path" {
				solid = append(solid, c.attr("d"))
			}
		}
		return dashed, solid
	}
	// 7.76 units are a millisecond, from 84 on.
	dashed, solid := lines(got[1])
	assert.Equal(t, []string{"M84 11.5H122.8"}, dashed)
	require.Len(t, solid, 1)
	assert.Regexp(t, `^M277\.25 11\.5H549\.6M781\.65 11\.5H860$`, solid[0])
	dashed, solid = lines(got[3])
	assert.Empty(t, dashed)
	assert.Equal(t, []string{"M84 11.5H860"}, solid)
}

func TestSVGMarksFailures(t *testing.T) {
	root, text := draw(t, small())
	f := lanes(root)[1].failures
	require.Len(t, f, 1)
	paths := f[0].all("path")
	require.Len(t, paths, 3, "the bar, and a cross with its edge")
	assert.Equal(t, "url(#parmap-failed)", paths[0].attr("fill"))
	assert.Contains(t, string(text), `<pattern id="parmap-failed"`)
	assert.Equal(t, "#c2371f", paths[2].attr("stroke"))
	// It ends at 25 ms, which is 84 + 7.76*25 = 278: the cross is around that.
	assert.Regexp(t, `^M274\.5 8l7 7m0-7l-7 7$`, paths[2].attr("d"))

	s := small()
	s.Spans[1].Err = nil
	s.Crashes = 0
	s.Retries = 0
	root, _ = draw(t, s)
	assert.NotContains(t, root.texts(), "unfinished attempt")
}

// TestSVGShowsAShortFailure holds that a failure is seen however short it was, and whatever
// else there is.
func TestSVGShowsAShortFailure(t *testing.T) {
	s := many(20000, 2, func(k int) error {
		if k == 7001 {
			return errFull
		}
		return nil
	})
	s.Spans[7001].End = s.Spans[7001].Start
	root, _ := draw(t, s)
	f := lanes(root)[1].failures
	require.Len(t, f, 1)
	assert.Contains(t, f[0].title(), "attempt [70010,70020), 10 indices\n")
	assert.Contains(t, f[0].title(), "took 0 s")
	assert.Contains(t, f[0].all("path")[0].attr("d"), "h1.5v")
	assert.Empty(t, lanes(root)[0].failures)
}

func TestSVGSaysThatNothingRan(t *testing.T) {
	for _, s := range []*parmap.Stats{{}, {Workers: 3, Wall: 5 * ms, ByWorker: make([]parmap.WorkerStats, 3)}} {
		root, _ := draw(t, s)
		assert.Contains(t, root.texts(), "nothing ran")
		assert.Contains(t, root.attr("aria-label"), "nothing ran")
		assert.Empty(t, lanes(root))
	}
	root, _ := draw(t, small())
	assert.NotContains(t, root.texts(), "nothing ran")
}

func TestSVGSaysWhatIsMissing(t *testing.T) {
	s := small()
	s.Dropped = 12345
	root, _ := draw(t, s)
	assert.Contains(t, root.texts(), "12,345 short chunks were left out of the record, and of the lanes.")
	s.Workers = 2000
	for w := range 1500 {
		s.Spans = append(s.Spans, parmap.Span{Worker: w, Start: 90 * ms, End: 95 * ms})
	}
	root, _ = draw(t, s)
	require.Len(t, lanes(root), 1000)
	assert.Equal(t, "999", lanes(root)[999].worker)
	assert.Contains(t, root.texts(), "1,000 workers have no lane.")
}

// TestSVGNeedsNothingElse looks for what would be loaded from elsewhere, or run.
func TestSVGNeedsNothingElse(t *testing.T) {
	_, text := draw(t, small())
	rest := strings.Replace(string(text), `xmlns="http://www.w3.org/2000/svg"`, "", 1)
	for _, no := range []string{"://", "<script", "<style", "@import", "href", "<!"} {
		assert.NotContains(t, rest, no)
	}
}

func TestSVGGolden(t *testing.T) {
	_, got := draw(t, small())
	name := filepath.Join("testdata", "small.svg")
	if *update {
		require.NoError(t, os.WriteFile(name, got, 0o666))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "look at the picture, then: go test -run SVGGolden -update")
}

func TestSVGReturnsErrorsOfTheWriter(t *testing.T) {
	for _, s := range []*parmap.Stats{{}, small(), many(5000, 4, nil)} {
		_, text := draw(t, s)
		for rest := 0; rest < len(text); rest += 1 + len(text)/20 {
			assert.ErrorIs(t, timeline.SVG(&limitedWriter{rest}, s), errFull)
		}
		assert.NoError(t, timeline.SVG(&limitedWriter{len(text)}, s))
	}
}

func TestSVGOfNilPanics(t *testing.T) {
	assert.PanicsWithValue(t, "parmap/timeline: nil stats", func() { _ = timeline.SVG(&bytes.Buffer{}, nil) })
}
