//go:build !race

package chunk_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/chunk"
)

// The race detector allocates on its own account, so this file is left out.

func TestRangingDoesNotAllocate(t *testing.T) {
	sum := 0
	for _, c := range []struct {
		name string
		walk func()
	}{
		{"ByCount", func() {
			for i, r := range chunk.ByCount(1000, 7).All() {
				sum += i * r.Len()
			}
		}},
		{"BySize", func() {
			for i, r := range chunk.BySize(1000, 7).All() {
				sum += i * r.Len()
			}
		}},
		{"Strided", func() {
			for i := range chunk.Strided(1000, 7, 3) {
				sum += i
			}
		}},
		{"Tiles", func() {
			for i, at := range chunk.Tiles(100, 100, 7, 9).All() {
				sum += i * at.Rows.Len() * at.Cols.Len()
			}
		}},
		{"nested", func() {
			for _, r := range chunk.ByCount(1000, 7).All() {
				for i, s := range chunk.BySize(r.Len(), 10).All() {
					sum += i * s.Len()
				}
			}
		}},
		{"At", func() {
			g, tg := chunk.BySize(1000, 7), chunk.Tiles(100, 100, 7, 9)
			sum += g.At(3).Lo + tg.At(3).Cols.Lo
		}},
	} {
		assert.Zero(t, testing.AllocsPerRun(100, c.walk), c.name)
	}
	assert.NotZero(t, sum)
}
