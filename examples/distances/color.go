package main

import (
	"image/color"
	"math"
)

// Indices into the palette: shades colors from dark to light for distances, then
// those of the frame.
const (
	shades     = 128
	background = shades
	ink        = shades + 1
	faint      = shades + 2
)

// palette returns colors whose lightness rises in equal steps, so that equal
// steps of the scale look equal, also in print without color and to eyes that
// do not tell red from green. On the way the hue turns from violet over red to
// yellow. The steps are taken in Oklab (B. Ottosson, 2020).
func palette() color.Palette {
	p := make(color.Palette, shades, shades+3)
	for k := range p {
		t := float64(k) / (shades - 1)
		lightness := 0.16 + 0.80*t
		chroma := 0.135 * math.Pow(math.Sin(math.Pi*(0.08+0.84*t)), 0.8)
		hue := (285 + 180*t) * math.Pi / 180
		p[k] = oklab(lightness, chroma*math.Cos(hue), chroma*math.Sin(hue))
	}
	return append(p,
		color.RGBA{0x12, 0x0e, 0x18, 0xff},
		color.RGBA{0xd8, 0xd4, 0xdc, 0xff},
		color.RGBA{0x6a, 0x64, 0x70, 0xff})
}

// oklab converts a color of the Oklab space to sRGB.
func oklab(lightness, a, b float64) color.RGBA {
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
