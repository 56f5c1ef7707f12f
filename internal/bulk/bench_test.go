package bulk_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/parfor-go/parfor/internal/bulk"
	"github.com/parfor-go/parfor/internal/segment"
)

// spread calls f for the pieces of nbytes on all processors.
func spread(nbytes int, f func(lo, hi int)) {
	_ = segment.Spread(nbytes, func(lo, hi int) error {
		f(lo, hi)
		return nil
	})
}

// touched returns bytes that are there, as an array has them.
func touched(b *testing.B, nbytes int) []byte {
	s, err := segment.New(nbytes, "memory of a benchmark")
	if err != nil {
		b.Skip(err)
	}
	b.Cleanup(func() { s.Close() })
	return s.Bytes()
}

// words sums the first byte of each line of mem: reads it, that is.
func words(mem []byte) (sum int) {
	for i := 0; i < len(mem); i += 64 {
		sum += int(mem[i])
	}
	return sum
}

// BenchmarkLeast fills, and copies, arrays of 1 to 256 MiB on all processors with
// ordinary stores and with non-temporal ones, in turn, and reports the medians of
// the ratios of the times: fill and copy alone, and fill-read and copy-read where
// the array is read once afterwards, from its beginning.
//
//	go test -run '^$' -bench Least -benchtime 20x ./internal/bulk
func BenchmarkLeast(b *testing.B) {
	dst, src := touched(b, 256<<20), touched(b, 256<<20)
	elem := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	tasks := []struct {
		name string
		do   func(lo, hi, all int)
		read bool
	}{
		{"fill", func(lo, hi, all int) { bulk.Fill(dst[lo:hi], elem, all) }, false},
		{"fill-read", func(lo, hi, all int) { bulk.Fill(dst[lo:hi], elem, all) }, true},
		{"copy", func(lo, hi, all int) { copyRows(dst[lo:hi], src[lo:hi], all) }, false},
		{"copy-read", func(lo, hi, all int) { copyRows(dst[lo:hi], src[lo:hi], all) }, true},
	}
	for _, mib := range []int{1, 8, 16, 32, 48, 64, 96, 128, 256} {
		b.Run(fmt.Sprintf("%dMiB", mib), func(b *testing.B) {
			nbytes := mib << 20
			ratios := make([][]float64, len(tasks))
			for b.Loop() {
				for k, task := range tasks {
					var took [2]time.Duration
					for way, all := range []int{0, bulk.Least} {
						once := func() {
							spread(nbytes, func(lo, hi int) { task.do(lo, hi, all) })
							if task.read {
								spread(nbytes, func(lo, hi int) { words(dst[lo:hi]) })
							}
						}
						once() // leaves in the caches what it does
						start := time.Now()
						once()
						took[way] = time.Since(start)
					}
					ratios[k] = append(ratios[k], float64(took[0])/float64(took[1]))
				}
			}
			b.ReportMetric(0, "ns/op") // of everything together: says nothing
			for k, task := range tasks {
				b.ReportMetric(median(ratios[k]), task.name)
			}
		})
	}
}

// copyRows copies in rows that are so short that the runtime's copy uses
// ordinary stores.
func copyRows(dst, src []byte, all int) {
	const row = 256 << 10
	for len(dst) > row {
		bulk.Copy(dst[:row], src[:row], all)
		dst, src = dst[row:], src[row:]
	}
	bulk.Copy(dst, src, all)
}

// BenchmarkRows fills, and copies, 64 MiB on one processor in rows that lie apart
// and begin anywhere in a line, and reports the medians of the ratios of the
// times as BenchmarkLeast does.
func BenchmarkRows(b *testing.B) {
	const nbytes = 64 << 20
	dst, src := touched(b, 2*nbytes), touched(b, 2*nbytes)
	elem := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	for _, row := range []int{512, 1 << 10, 2 << 10, 4 << 10, 16 << 10} {
		b.Run(fmt.Sprintf("%dB", row), func(b *testing.B) {
			tasks := map[string]func(lo, hi, all int){
				"fill": func(lo, hi, all int) { bulk.Fill(dst[lo:hi], elem, all) },
				"copy": func(lo, hi, all int) { bulk.Copy(dst[lo:hi], src[lo:hi], all) },
			}
			ratios := map[string][]float64{}
			for b.Loop() {
				for name, do := range tasks {
					var took [2]time.Duration
					for way, all := range []int{0, bulk.Least} {
						start := time.Now()
						for at := 0; at+row <= len(dst); at += 2*row + 8 {
							do(at, at+row, all)
						}
						took[way] = time.Since(start)
					}
					ratios[name] = append(ratios[name], float64(took[0])/float64(took[1]))
				}
			}
			b.ReportMetric(0, "ns/op") // of everything together: says nothing
			for name := range tasks {
				b.ReportMetric(median(ratios[name]), name)
			}
		})
	}
}

// BenchmarkFill fills 256 MiB on all processors: a loop over the elements, what
// Fill does with less, and Fill.
func BenchmarkFill(b *testing.B) {
	const nbytes = 256 << 20
	dst := touched(b, nbytes)
	d, elem := segment.Cast[float64](dst), []byte{1, 2, 3, 4, 5, 6, 7, 8}
	ways(b, nbytes, []way{
		{"loop", func(lo, hi int) {
			d := d[lo/8 : hi/8]
			for i := range d {
				d[i] = 1
			}
		}},
		{"small", func(lo, hi int) { bulk.Fill(dst[lo:hi], elem, 0) }},
		{"Fill", func(lo, hi int) { bulk.Fill(dst[lo:hi], elem, nbytes) }},
		{"clear", func(lo, hi int) { clear(dst[lo:hi]) }},
		{"Zero", func(lo, hi int) { bulk.Zero(dst[lo:hi], nbytes) }},
	})
}

// BenchmarkCopy copies 256 MiB on all processors: a loop over the elements, the
// runtime's copy in pieces of 4 MiB and in rows of 256 KiB, and Copy in the same.
func BenchmarkCopy(b *testing.B) {
	const nbytes = 256 << 20
	dst, src := touched(b, nbytes), touched(b, nbytes)
	d, s := segment.Cast[float64](dst), segment.Cast[float64](src)
	ways(b, nbytes, []way{
		{"loop", func(lo, hi int) {
			d, s := d[lo/8:hi/8], s[lo/8:hi/8]
			for i := range d {
				d[i] = s[i]
			}
		}},
		{"copy", func(lo, hi int) { copy(dst[lo:hi], src[lo:hi]) }},
		{"copy-rows", func(lo, hi int) { copyRows(dst[lo:hi], src[lo:hi], 0) }},
		{"Copy", func(lo, hi int) { bulk.Copy(dst[lo:hi], src[lo:hi], nbytes) }},
		{"Copy-rows", func(lo, hi int) { copyRows(dst[lo:hi], src[lo:hi], nbytes) }},
	})
}

// A way is one to write the bytes lo to hi.
type way struct {
	name  string
	write func(lo, hi int)
}

// ways has each way write all bytes in turn, and reports the medians of its
// times, in milliseconds.
func ways(b *testing.B, nbytes int, all []way) {
	took := make([][]float64, len(all))
	for b.Loop() {
		for k, w := range all {
			start := time.Now()
			spread(nbytes, w.write)
			took[k] = append(took[k], time.Since(start).Seconds()*1e3)
		}
	}
	b.ReportMetric(0, "ns/op") // of all ways together: says nothing
	for k, w := range all {
		b.ReportMetric(median(took[k]), w.name+"-ms")
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
