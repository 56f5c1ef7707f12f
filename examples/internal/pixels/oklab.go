package pixels

import (
	"image/color"
	"math"
)

// Oklab converts a color of the Oklab space, in which equal steps look equal
// (B. Ottosson, 2020), to sRGB: lightness from 0 to 1, a from green to red, b
// from blue to yellow.
func Oklab(lightness, a, b float64) color.RGBA {
	l := cube(lightness + 0.3963377774*a + 0.2158037573*b)
	m := cube(lightness - 0.1055613458*a - 0.0638541728*b)
	s := cube(lightness - 0.0894841775*a - 1.2914855480*b)
	return color.RGBA{
		R: gamma(+4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		G: gamma(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		B: gamma(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s),
		A: 0xff,
	}
}

func cube(v float64) float64 { return v * v * v }

// gamma encodes a linear intensity for sRGB, in 8 bits.
func gamma(v float64) uint8 {
	if v <= 0.0031308 {
		v *= 12.92
	} else {
		v = 1.055*math.Pow(v, 1/2.4) - 0.055
	}
	return uint8(math.Round(255 * min(max(v, 0), 1)))
}
