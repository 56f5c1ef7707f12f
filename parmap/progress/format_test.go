package progress_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap/progress"
)

func TestSpell(t *testing.T) {
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		0:                         "0 us",
		400:                       "0 us",
		13_400:                    "13 us",
		999_499:                   "999 us",
		999_500:                   "1 ms",
		51_400_000:                "51 ms",
		999_499_999:               "999 ms",
		999_500_000:               "1.0 s",
		3210 * time.Millisecond:   "3.2 s",
		9949 * time.Millisecond:   "9.9 s",
		9950 * time.Millisecond:   "10 s",
		59499 * time.Millisecond:  "59 s",
		59500 * time.Millisecond:  "1 min 0 s",
		time.Hour - time.Second:   "59 min 59 s",
		time.Hour - time.Second/2: "1 h 0 min",
		day - time.Minute:         "23 h 59 min",
		day - time.Minute/2:       "1 d 0 h",
		49 * time.Hour:            "2 d 1 h",
		math.MaxInt64:             "106751 d 23 h",
	} {
		assert.Equal(t, want, progress.Spell(d), "%d", d)
	}
}

func TestPace(t *testing.T) {
	for perSecond, want := range map[float64]string{
		1:         "1.0 a second",
		9.94:      "9.9 a second",
		9.96:      "10 a second",
		312.5:     "312 a second",
		999.4:     "999 a second",
		999.6:     "1.0k a second",
		12_345:    "12k a second",
		999_600:   "1.0M a second",
		3.2e9:     "3.2G a second",
		3.2e12:    "3.2T a second",
		999e15:    "999P a second",
		9e27:      "9e+27 a second",
		0.99:      "59 a minute",
		1.0 / 30:  "2.0 a minute",
		1.0 / 61:  "59 an hour",
		1.0 / 1e4: "8.6 a day",
		1.0 / 1e5: "0.9 a day",
		1.0 / 2e6: "4e-02 a day",
	} {
		assert.Equal(t, want, progress.Pace(perSecond), "%v", perSecond)
	}
}
