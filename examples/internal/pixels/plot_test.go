package pixels_test

import (
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/examples/internal/pixels"
)

func blank() *image.Paletted { return image.NewPaletted(image.Rect(0, 0, 200, 100), pixels.Palette()) }

// count returns how many pixels of a rectangle have a color.
func count(img *image.Paletted, r image.Rectangle, c uint8) (n int) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if img.ColorIndexAt(x, y) == c {
				n++
			}
		}
	}
	return n
}

func TestScalesReachTheEdges(t *testing.T) {
	p := &pixels.Plot{Rect: image.Rect(50, 10, 151, 61), X0: -1, X1: 1, Y0: 0, Y1: 10}
	for v, x := range map[float64]int{-1: 50, 0: 100, 1: 150} {
		assert.Equal(t, x, p.X(v))
	}
	for v, y := range map[float64]int{0: 60, 5: 35, 10: 10} {
		assert.Equal(t, y, p.Y(v))
	}
}

func TestAxesAndTicksLieOutside(t *testing.T) {
	img := blank()
	p := &pixels.Plot{Img: img, Rect: image.Rect(50, 10, 151, 61), X1: 1, Y1: 10}
	p.Axes()
	assert.Equal(t, 101+52, count(img, img.Rect, pixels.Faint))
	p.TicksX()
	assert.Equal(t, 101+52+6*6, count(img, img.Rect, pixels.Faint), "0.0, 0.2, ..., 1.0")
	p.TicksY()
	assert.Equal(t, 101+52+6*6+6*6, count(img, img.Rect, pixels.Faint), "0, 2, ..., 10")
	assert.Equal(t, p.Rect.Dx()*p.Rect.Dy(), count(img, p.Rect, pixels.Background))
	assert.Positive(t, count(img, image.Rect(0, 0, 50, 64), pixels.Ink), "numbers at the left")
	assert.Positive(t, count(img, image.Rect(50, 64, 200, 100), pixels.Ink), "numbers at the bottom")
}

func TestTicksAreFewAndRound(t *testing.T) {
	for length, ticks := range map[float64]int{1: 6, 1.9: 10, 2: 5, 3: 7, 4.9: 10, 5: 6, 9.9: 10, 10: 6, 300: 7} {
		img := blank()
		p := &pixels.Plot{Img: img, Rect: image.Rect(50, 10, 151, 61), X1: length, Y1: 1}
		p.TicksX()
		assert.Equal(t, ticks*7, count(img, img.Rect, pixels.Faint), "from 0 to %v", length)
	}
}

func TestLinesHaveTheirWidth(t *testing.T) {
	img := blank()
	pixels.Line(img, 10, 20, 29, 20, 1, pixels.Ink)
	assert.Equal(t, 20, count(img, img.Rect, pixels.Ink))
	pixels.Line(img, 60, 60, 60, 51, 3, pixels.Faint)
	assert.Equal(t, 3*12, count(img, image.Rect(59, 50, 62, 62), pixels.Faint))
	assert.Equal(t, 3*12, count(img, img.Rect, pixels.Faint))
	pixels.Line(img, 190, 90, 250, 150, 1, pixels.Ink)
	assert.Equal(t, 20+10, count(img, img.Rect, pixels.Ink), "what is out of the picture is not drawn")
}

func TestOklab(t *testing.T) {
	assert.Equal(t, color.RGBA{0, 0, 0, 0xff}, pixels.Oklab(0, 0, 0))
	assert.Equal(t, color.RGBA{0xff, 0xff, 0xff, 0xff}, pixels.Oklab(1, 0, 0))
	// Red of sRGB, as B. Ottosson's formulas give it.
	assert.Equal(t, color.RGBA{0xff, 0, 0, 0xff}, pixels.Oklab(0.62796, 0.22486, 0.12585))
}

func TestSaveWritesWhatDecodes(t *testing.T) {
	img := blank()
	pixels.Write(img, 5, 5, "7.5", 2, pixels.Ink)
	path := filepath.Join(t.TempDir(), "a.png")
	require.NoError(t, pixels.Save(path, img))
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	got, err := png.Decode(f)
	require.NoError(t, err)
	require.IsType(t, img, got)
	assert.Equal(t, img.Pix, got.(*image.Paletted).Pix)
	assert.Error(t, pixels.Save(filepath.Join(t.TempDir(), "none", "a.png"), img))
}
