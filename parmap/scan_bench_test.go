package parmap_test

import (
	"fmt"
	"testing"

	"github.com/parfor-go/parfor/parmap"
)

// BenchmarkScan is the cumulative sum of n numbers: by Scan, by the loop that people
// write, and by the same loop with a call of combine.
func BenchmarkScan(b *testing.B) {
	for _, n := range []int{1e3, 1e4, 1e5, 1e6, 1e7, 1e8} {
		in, dst := make([]float64, n), make([]float64, n)
		for i := range in {
			in[i], dst[i] = 1/float64(i+1), 1 // its pages are there
		}
		scanWays(b, fmt.Sprintf("%.0e", float64(n)), dst, in, plus)
		b.Run(fmt.Sprintf("%.0e/loop", float64(n)), func(b *testing.B) {
			for b.Loop() {
				s := 0.0
				for i, v := range in {
					s += v
					dst[i] = s
				}
			}
			perElement(b, n)
		})
	}
}

// BenchmarkScanDear combines square matrices of edge 8, which takes some 500 ns.
func BenchmarkScanDear(b *testing.B) {
	for _, n := range []int{30, 100, 1000, 10000} {
		in, dst := make([]matrix8, n), make([]matrix8, n)
		for i := range in {
			in[i][i%64] = 1
		}
		scanWays(b, fmt.Sprint(n), dst, in, times8)
	}
}

func scanWays[T any](b *testing.B, name string, dst, in []T, combine func(a, b T) T) {
	b.Run(name+"/parmap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			parmap.Scan(dst, in, combine)
		}
		perElement(b, len(in))
	})
	b.Run(name+"/serial", func(b *testing.B) {
		for b.Loop() {
			parmap.Scan(dst, in, combine, parmap.Serial)
		}
		perElement(b, len(in))
	})
	b.Run(name+"/combine", func(b *testing.B) {
		for b.Loop() {
			s := in[0]
			dst[0] = s
			for i := 1; i < len(dst); i++ {
				s = combine(s, in[i])
				dst[i] = s
			}
		}
		perElement(b, len(in))
	})
}

func perElement(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/element")
}

// A matrix8 is a square matrix of edge 8, by rows.
type matrix8 [64]float64

func times8(a, b matrix8) (c matrix8) {
	for i := range 8 {
		for k := range 8 {
			for j := range 8 {
				c[8*i+j] += a[8*i+k] * b[8*k+j]
			}
		}
	}
	return c
}
