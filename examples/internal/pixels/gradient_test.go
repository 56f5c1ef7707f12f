package pixels_test

import (
	"image/color"
	"testing"

	"github.com/parfor-go/parfor/examples/internal/pixels"
	"github.com/stretchr/testify/assert"
)

func TestGradientPassesItsStops(t *testing.T) {
	a, b, c := color.RGBA{0, 100, 255, 0xff}, color.RGBA{200, 100, 5, 0xff}, color.RGBA{255, 255, 255, 0xff}
	assert.Equal(t, color.Palette{a, c}, pixels.Gradient(2, a, c))
	assert.Equal(t, color.Palette{
		a,
		color.RGBA{100, 100, 130, 0xff},
		b,
		color.RGBA{228, 178, 130, 0xff}, // halves are rounded up
		c,
	}, pixels.Gradient(5, a, b, c))
	assert.Len(t, pixels.Gradient(64, a, b, c), 64)
	assert.Equal(t, c, pixels.Gradient(64, a, b, c)[63])
}
