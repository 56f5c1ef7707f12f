package pixels

import (
	"image/color"
	"math"
)

// Gradient returns n colors that lead from the first stop to the last, past the
// others at equal distances. n is 2 or more, as is the number of stops.
func Gradient(n int, stops ...color.RGBA) color.Palette {
	p := make(color.Palette, n)
	for k := range p {
		at := float64(k) * float64(len(stops)-1) / float64(n-1)
		s := min(int(at), len(stops)-2)
		a, b, t := stops[s], stops[s+1], at-float64(s)
		p[k] = color.RGBA{mix(a.R, b.R, t), mix(a.G, b.G, t), mix(a.B, b.B, t), 0xff}
	}
	return p
}

// Heat returns n colors that get lighter with heat: from black over violet and red to
// yellow.
func Heat(n int) color.Palette {
	return Gradient(n,
		color.RGBA{8, 6, 24, 0xff},
		color.RGBA{70, 18, 108, 0xff},
		color.RGBA{148, 38, 102, 0xff},
		color.RGBA{214, 72, 62, 0xff},
		color.RGBA{246, 136, 32, 0xff},
		color.RGBA{250, 200, 66, 0xff},
		color.RGBA{254, 252, 200, 0xff})
}

func mix(a, b uint8, t float64) uint8 {
	return uint8(math.Round(float64(a) + t*(float64(b)-float64(a))))
}
