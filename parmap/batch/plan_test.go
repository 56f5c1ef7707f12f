package batch_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap/batch"
)

// FuzzPlan holds that no plan makes a command crash, or read where no file can be.
func FuzzPlan(f *testing.F) {
	f.Add([]byte(`{"Format": "parfor plan 1", "Shape": [100, 3], "Row": 24, "Grain": 4, "PerTask": 16, "Stride": 4096, "Binary": "x"}`))
	f.Add([]byte(`{"Format": "parfor plan 1", "Shape": [9223372036854775807], "Row": 8, "Grain": 1, "PerTask": 9223372036854775807, "Stride": 9223372036854775807, "Binary": "x"}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tasks, last, ok := batch.LastRow(b)
		if ok {
			assert.Positive(t, tasks)
			assert.GreaterOrEqual(t, last, int64(0))
		}
	})
}
