package npy_test

import (
	"fmt"
	"testing"

	"github.com/parfor-go/parfor/internal/npy"
)

// zeros is a reader of zeros that costs next to nothing.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// BenchmarkReadFortran reads arrays of 16 MiB: as a rule of two axes, with
// columns from very short to longer than a block.
func BenchmarkReadFortran(b *testing.B) {
	for _, bench := range []struct {
		t     npy.Type
		shape []int
	}{
		{npy.Type{Kind: 'f', Size: 8}, []int{1 << 21}},
		{npy.Type{Kind: 'f', Size: 8}, []int{3, 700_000}},
		{npy.Type{Kind: 'f', Size: 8}, []int{1024, 2048}},
		{npy.Type{Kind: 'f', Size: 8}, []int{1000, 2100}},
		{npy.Type{Kind: 'f', Size: 8}, []int{10_000, 210}},
		{npy.Type{Kind: 'f', Size: 8}, []int{100_000, 21}},
		{npy.Type{Kind: 'f', Size: 8}, []int{700_000, 3}},
		{npy.Type{Kind: 'f', Size: 8}, []int{128, 128, 128}},
		{npy.Type{Kind: 'f', Size: 8}, []int{3, 1000, 700}},
		{npy.Type{Kind: 'f', Size: 8}, []int{1000, 700, 3}},
		{npy.Type{Kind: 'u', Size: 1}, []int{4000, 4200}},
		{npy.Type{Kind: 'c', Size: 16}, []int{1000, 1050}},
	} {
		b.Run(fmt.Sprintf("%v/%v", bench.t, bench.shape), func(b *testing.B) {
			h := npy.Header{Type: bench.t, Fortran: true, Shape: bench.shape}
			dst := make([]byte, h.Count()*h.Type.Size)
			b.SetBytes(int64(len(dst)))
			for b.Loop() {
				if err := h.ReadFortran(dst, zeros{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
