package programtest

import (
	"image"
	"image/png"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Decode returns the picture in a PNG file.
func Decode(t *testing.T, path string) *image.Paletted {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	img, err := png.Decode(f)
	require.NoError(t, err)
	require.IsType(t, (*image.Paletted)(nil), img)
	return img.(*image.Paletted)
}

// Same compares a picture with the one that is wanted. Of a million pixels so many may
// have another color: 0 of numbers that are the same bits on every processor.
func Same(t *testing.T, want, got *image.Paletted, perMillion int) {
	t.Helper()
	require.Equal(t, want.Rect, got.Rect)
	require.Equal(t, want.Palette, got.Palette)
	others := 0
	for i, c := range want.Pix {
		if got.Pix[i] != c {
			others++
		}
	}
	assert.LessOrEqual(t, others*1_000_000, perMillion*len(want.Pix), "%d of %d pixels have another color", others, len(want.Pix))
}
