package chunk_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/chunk"
)

func TestRangeLen(t *testing.T) {
	assert.Equal(t, 0, chunk.Range{}.Len())
	assert.Equal(t, 4, chunk.Range{Lo: 3, Hi: 7}.Len())
	assert.Equal(t, -4, chunk.Range{Lo: 7, Hi: 3}.Len(), "written by hand")
}
