package timeline_test

import (
	"encoding/xml"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/timeline"
)

func TestDurationsAreShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                          "0 s",
		-5:                         "0 s",
		1:                          "1 ns",
		999:                        "999 ns",
		1000:                       "1 µs",
		12345:                      "12.3 µs",
		999_400:                    "999 µs",
		999_600:                    "1 ms",
		1_500_000:                  "1.5 ms",
		99_950_000:                 "100 ms",
		time.Second - 1:            "1 s",
		2410 * ms:                  "2.41 s",
		99 * time.Second:           "99 s",
		100 * time.Second:          "1 min 40 s",
		119_600 * ms:               "2 min",
		time.Hour - 1:              "1 h",
		time.Hour + 29*time.Second: "1 h",
		90 * time.Minute:           "1 h 30 min",
		47 * time.Hour:             "47 h",
		49 * time.Hour:             "2 d 1 h",
		math.MaxInt64:              "106751 d 23 h",
	} {
		assert.Equal(t, want, timeline.Duration(d, 3), "%d ns", d)
	}
	assert.Equal(t, "12.345 ms", timeline.Duration(12345*time.Microsecond, 5))
	assert.Equal(t, "12.3 s", timeline.Duration(12300*ms, 5))
}

func TestPercentsAndCounts(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0%", 1: "100%", 0.999: "100%", 0.4567: "46%", 0.1: "10%", 0.0996: "10%", 0.0456: "4.6%", 0.001: "0.1%", 0.0000456: "0.005%", 1e-9: "0%",
	} {
		assert.Equal(t, want, timeline.Percent(v), "%v", v)
	}
	for n, want := range map[int]string{0: "0", 7: "7", -12: "-12", -123: "-123", 999: "999", 1000: "1,000", -1234: "-1,234", 1234567: "1,234,567"} {
		assert.Equal(t, want, timeline.Commas(n))
	}
}

func TestTicksAreRound(t *testing.T) {
	for end, want := range map[time.Duration]string{
		1:                         "0|1 ns",
		7:                         "0|1 ns|2 ns|3 ns|4 ns|5 ns|6 ns|7 ns",
		1000:                      "0|0.1 µs|0.2 µs|0.3 µs|0.4 µs|0.5 µs|0.6 µs|0.7 µs|0.8 µs|0.9 µs|1 µs",
		2500:                      "0|0.5 µs|1 µs|1.5 µs|2 µs|2.5 µs",
		1200 * time.Microsecond:   "0|0.2 ms|0.4 ms|0.6 ms|0.8 ms|1 ms|1.2 ms",
		42 * ms:                   "0|5 ms|10 ms|15 ms|20 ms|25 ms|30 ms|35 ms|40 ms",
		999 * ms:                  "0|100 ms|200 ms|300 ms|400 ms|500 ms|600 ms|700 ms|800 ms|900 ms",
		100 * time.Second:         "0|10 s|20 s|30 s|40 s|50 s|60 s|70 s|80 s|90 s|100 s",
		130 * time.Second:         "0|0.5 min|1 min|1.5 min|2 min",
		time.Hour:                 "0|10 min|20 min|30 min|40 min|50 min|60 min",
		(5*60 + 10) * time.Minute: "0|1 h|2 h|3 h|4 h|5 h",
		20 * 24 * time.Hour:       "0|2 d|4 d|6 d|8 d|10 d|12 d|14 d|16 d|18 d|20 d",
	} {
		at, texts := timeline.Ticks(end)
		assert.Equal(t, want, strings.Join(texts, "|"))
		for i, d := range at {
			value, unit, found := strings.Cut(texts[i], " ")
			if found {
				unit = strings.NewReplacer("min", "m").Replace(unit)
				number, err := strconv.ParseFloat(value, 64)
				require.NoError(t, err)
				if unit == "d" {
					number, unit = 24*number, "h"
				}
				parsed, err := time.ParseDuration(strconv.FormatFloat(number, 'f', -1, 64) + unit)
				require.NoError(t, err)
				assert.Equal(t, parsed, d, "the place of %q", texts[i])
			}
		}
	}
	at, _ := timeline.Ticks(math.MaxInt64)
	assert.NotEmpty(t, at)
	for end := time.Duration(1); end > 0 && end < math.MaxInt64/2; end += 1 + end/7 {
		at, _ := timeline.Ticks(end)
		assert.LessOrEqual(t, len(at), 11, "%v", end)
		if end >= 4 {
			assert.GreaterOrEqual(t, len(at), 4, "%v", end)
		}
		assert.LessOrEqual(t, at[len(at)-1], end)
	}
}

func TestLegendsAreRound(t *testing.T) {
	for _, c := range []struct {
		shortest, longest time.Duration
		want              string
	}{
		{3 * ms, 41 * ms, "2 ms|10 ms|50 ms"},
		{10 * ms, 11 * ms, "2 ms|10 ms|20 ms"},
		{100 * ms, 100 * ms, "10 ms|100 ms"},
		{1, 1, "0.1 ns|1 ns"},
		{0, time.Second, "1 µs|10 µs|100 µs|1 ms|10 ms|100 ms|1 s"},
		{20 * time.Second, 3 * time.Hour, "20 s|1 min|10 min|1 h|5 h"},
		{50 * time.Minute, 59 * time.Minute, "5 min|10 min|1 h"},
		{1000 * 24 * time.Hour, 100000 * 24 * time.Hour, "1000 d|10000 d|100000 d"},
		{time.Hour, 100 * 24 * time.Hour, "1 h|10 h|1 d|10 d|100 d"},
	} {
		assert.Equal(t, c.want, strings.Join(timeline.Scale(c.shortest, c.longest), "|"))
	}
}

func TestEscapeIsXML(t *testing.T) {
	for text, want := range map[string]string{
		"a < b && c > \"d\" 'e'":          "a < b && c > \"d\" 'e'",
		"line\nnext\ttab\r\n":             "line\nnext\ttab",
		"]]>":                             "]]>",
		"bad \xff\xfe bytes":              "bad \ufffd\ufffd bytes",
		"\x00\x1b[31mred\x7f":             "\ufffd\ufffd[31mred\x7f",
		"\ufffe \uffff \ud7ff \U0010ffff": "\ufffd \ufffd \ud7ff \U0010ffff",
		"größer, 大きい, 🙂":                  "größer, 大きい, 🙂",
	} {
		var got string
		require.NoError(t, xml.Unmarshal([]byte("<t>"+timeline.Escape(text, 1000)+"</t>"), &got), "%q", text)
		assert.Equal(t, want, got)
	}
	for limit := range 100 {
		var got string
		short := timeline.Escape(strings.Repeat("&ü<🙂", 30), limit)
		assert.LessOrEqual(t, len(short), limit+len("&amp;")+len("…"))
		require.NoError(t, xml.Unmarshal([]byte("<t>"+short+"</t>"), &got))
		assert.True(t, strings.HasSuffix(got, "…"))
	}
}

func TestSVGEscapesErrors(t *testing.T) {
	s := small()
	s.Spans[1].Err = errors.New("</title><script>alert(\"1\")</script>&amp;\x00\xff\nsecond line")
	root, text := draw(t, s)
	assert.NotContains(t, string(text), "<script")
	assert.Contains(t, lanes(root)[1].failures[0].title(),
		"\nfailed: </title><script>alert(\"1\")</script>&amp;\ufffd\ufffd\nsecond line")
}

// TestSVGShades holds that a longer chunk is darker, and that the shades of the legend get
// darker in even steps.
func TestSVGShades(t *testing.T) {
	s := &parmap.Stats{Workers: 1, Chunks: 40}
	for k := range 40 {
		d := time.Duration(float64(ms) * math.Pow(1.1, float64(k)))
		s.Spans = append(s.Spans, parmap.Span{Lo: k, Hi: k + 1, Start: s.Wall, End: s.Wall + d})
		s.Wall += d
	}
	root, _ := draw(t, s)
	bars := lanes(root)[0].bars
	require.Len(t, bars, 40)
	last := 1.0
	for _, b := range bars {
		l := lightness(t, b.attr("fill"))
		assert.LessOrEqual(t, l, last)
		last = l
	}
	assert.Less(t, last, lightness(t, bars[0].attr("fill"))-0.4)

	var shades []float64
	for _, r := range root.Children {
		if r.XMLName.Local == "rect" && r.attr("height") == "10" {
			shades = append(shades, lightness(t, r.attr("fill")))
		}
	}
	require.Len(t, shades, 16)
	for i := 1; i < len(shades); i++ {
		assert.InDelta(t, (0.90-0.32)/15, shades[i-1]-shades[i], 0.004)
	}
}

// lightness returns L of the Oklab colour space.
func lightness(t *testing.T, color string) float64 {
	t.Helper()
	require.Len(t, color, 7)
	v, err := strconv.ParseUint(color[1:], 16, 32)
	require.NoError(t, err)
	linear := func(c uint64) float64 {
		f := float64(c&0xff) / 255
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	r, g, b := linear(v>>16), linear(v>>8), linear(v)
	return 0.2104542553*math.Cbrt(0.4122214708*r+0.5363325363*g+0.0514459929*b) +
		0.7936177850*math.Cbrt(0.2119034982*r+0.6806995451*g+0.1073969566*b) -
		0.0040720468*math.Cbrt(0.0883024619*r+0.2817188376*g+0.6299787005*b)
}
