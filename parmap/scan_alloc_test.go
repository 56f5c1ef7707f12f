//go:build !race

package parmap_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap"
)

// TestScanAllocations holds the number of allocations of a call whose combine was
// made before.
func TestScanAllocations(t *testing.T) {
	x, dst := harmonics(1000), make([]float64, 1000)
	total := 0.0
	for name, call := range map[string]func(){
		"Scan":          func() { parmap.Scan(dst, x, plus) },
		"Scan options":  func() { parmap.Scan(dst, x, plus, parmap.Workers(2), parmap.Grain(100)) },
		"Scan serial":   func() { parmap.Scan(dst, x, plus, parmap.Serial) },
		"ScanExclusive": func() { total = parmap.ScanExclusive(dst, x, total, plus) },
	} {
		assert.Less(t, allocations(call), 0.5, name)
	}
}
