package npy_test

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/npy"
)

// good are headers that NumPy reads as well, but for its limits: 10,000 bytes
// and, before version 2, 32 axes.
var good = map[string]struct {
	file string
	want npy.Header
}{
	"as NumPy writes it":     {file(1, dict("<f8", "(3, 4)")+"         \n"), npy.Header{Type: float64s, Shape: []int{3, 4}}},
	"version 2":              {file(2, dict("<f8", "(3, 4)")), npy.Header{Type: float64s, Shape: []int{3, 4}}},
	"version 3":              {file(3, dict("<f8", "(3, 4)")), npy.Header{Type: float64s, Shape: []int{3, 4}}},
	"no axes":                {file(1, dict("<f8", "()")), npy.Header{Type: float64s, Shape: []int{}}},
	"one axis":               {file(1, dict("<f8", "(3,)")), npy.Header{Type: float64s, Shape: []int{3}}},
	"one axis, blank":        {file(1, dict("<f8", "( 3 , )")), npy.Header{Type: float64s, Shape: []int{3}}},
	"comma after two axes":   {file(1, dict("<f8", "(3, 4,)")), npy.Header{Type: float64s, Shape: []int{3, 4}}},
	"64 axes":                {file(1, dict("<f8", axes(64, 1))), npy.Header{Type: float64s, Shape: ones(64)}},
	"no elements":            {file(1, dict("<f8", "(0, 7)")), npy.Header{Type: float64s, Shape: []int{0, 7}}},
	"longest axis":           {file(1, dict("|i1", fmt.Sprintf("(%d,)", math.MaxInt))), npy.Header{Type: int8s, Shape: []int{math.MaxInt}}},
	"longest axis of 8":      {file(1, dict("<f8", fmt.Sprintf("(0, %d)", math.MaxInt/8))), npy.Header{Type: float64s, Shape: []int{0, math.MaxInt / 8}}},
	"big-endian":             {file(1, dict(">f8", "()")), npy.Header{Type: float64s, BigEndian: true, Shape: []int{}}},
	"order =":                {file(1, dict("=f8", "()")), npy.Header{Type: float64s, BigEndian: nativeBig, Shape: []int{}}},
	"order |":                {file(1, dict("|f8", "()")), npy.Header{Type: float64s, BigEndian: nativeBig, Shape: []int{}}},
	"no order":               {file(1, dict("f8", "()")), npy.Header{Type: float64s, BigEndian: nativeBig, Shape: []int{}}},
	"one byte, big-endian":   {file(1, dict(">i1", "()")), npy.Header{Type: int8s, Shape: []int{}}},
	"one byte, no order":     {file(1, dict("i1", "()")), npy.Header{Type: int8s, Shape: []int{}}},
	"integers of Python 2":   {file(1, dict("<f8", "(3L, 4L)")), npy.Header{Type: float64s, Shape: []int{3, 4}}},
	"the same in version 2":  {file(2, dict("<f8", "(3L,)")), npy.Header{Type: float64s, Shape: []int{3}}},
	"Fortran":                {file(1, "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 4)}"), npy.Header{Type: float64s, Fortran: true, Shape: []int{3, 4}}},
	"other order of keys":    {file(1, "{'shape': (3,), 'fortran_order': True, 'descr': '<f8'}"), npy.Header{Type: float64s, Fortran: true, Shape: []int{3}}},
	"other quotes":           {file(1, `{"descr": "<f8", 'fortran_order': False, "shape": (3,)}`), npy.Header{Type: float64s, Shape: []int{3}}},
	"no white space":         {file(1, "{'descr':'<f8','fortran_order':False,'shape':(3,4)}"), npy.Header{Type: float64s, Shape: []int{3, 4}}},
	"much white space":       {file(1, " \t{\n'descr'\r\n:\t'<f8' ,\n'fortran_order' : False\n, 'shape' : (\n3\n,\t4 )\n}\n\t \n"), npy.Header{Type: float64s, Shape: []int{3, 4}}},
	"ends with the brace":    {file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}"), npy.Header{Type: float64s, Shape: []int{3}}},
	"longest in version 1":   {file(1, dict("<f8", "(3,)")+strings.Repeat(" ", 65535-len(dict("<f8", "(3,)")))), npy.Header{Type: float64s, Shape: []int{3}}},
	"longest in version 2":   {file(2, dict("<f8", "(3,)")+strings.Repeat(" ", 65536-len(dict("<f8", "(3,)")))), npy.Header{Type: float64s, Shape: []int{3}}},
	"longest in version 3":   {file(3, dict("<f8", "(3,)")+strings.Repeat("\n", 65536-len(dict("<f8", "(3,)")))), npy.Header{Type: float64s, Shape: []int{3}}},
	"trailing comma nowhere": {file(1, "{'fortran_order': False, 'shape': (), 'descr': '<f8'}"), npy.Header{Type: float64s, Shape: []int{}}},
}

func TestRead(t *testing.T) {
	for name, tt := range good {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{
				strings.NewReader(tt.file + "data"),
				iotest.OneByteReader(strings.NewReader(tt.file + "data")),
				iotest.DataErrReader(strings.NewReader(tt.file)),
			} {
				m := &meter{r: r}
				h, offset, err := npy.Read(m)
				require.NoError(t, err)
				assert.Equal(t, tt.want, h)
				assert.Equal(t, len(tt.file), offset)
				assert.Equal(t, offset, m.read, "bytes read")
			}
		})
	}
}

func TestReadTypes(t *testing.T) {
	names := []string{"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"}
	for i, name := range names {
		for _, order := range []string{"<", ">"} {
			h, _, err := npy.Read(strings.NewReader(file(1, dict(order+name, "(2,)"))))
			require.NoError(t, err)
			assert.Equal(t, npy.Header{Type: types[i], BigEndian: order == ">" && types[i].Size > 1, Shape: []int{2}}, h)
		}
	}
}

func TestReadStopsWhereTheFileEnds(t *testing.T) {
	for _, version := range []int{1, 2, 3} {
		whole := file(version, dict("<f8", "(3, 4)")+"  \n")
		for n := range len(whole) {
			h, offset, err := npy.Read(strings.NewReader(whole[:n]))
			assert.ErrorIs(t, err, npy.ErrFormat, "%d bytes", n)
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "%d bytes", n)
			assert.ErrorContains(t, err, fmt.Sprintf("after %d bytes", n))
			assert.Zero(t, h)
			assert.Zero(t, offset)
		}
	}
}

func TestReadReturnsTheReadersError(t *testing.T) {
	broken := errors.New("broken disk")
	whole := file(1, dict("<f8", "(3, 4)"))
	for _, n := range []int{0, 4, 8, 9, 10, 40} {
		_, _, err := npy.Read(io.MultiReader(strings.NewReader(whole[:n]), iotest.ErrReader(broken)))
		assert.ErrorIs(t, err, broken, "%d bytes", n)
		assert.NotErrorIs(t, err, npy.ErrFormat, "%d bytes", n)
		assert.ErrorContains(t, err, fmt.Sprintf("byte %d:", n))
	}
}

func TestErrorTexts(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for text, want := range map[string]string{
		dict("|b1", "(3,)"):  "dtype '|b1' is not a number type",
		dict("<f2", "(3,)"):  "dtype '<f2' is not a number type",
		dict("\x93", "(3,)"): `dtype '\x93' is not a number type`,
		dict(long, "(3,)"):   "dtype '" + long[:40] + "...' is not a number type",
		"{'descr': [('a', '<i4'), ('b', '<f8')], 'fortran_order': False, 'shape': (3,)}": "dtype [('a', '<i4'), ('b', '<f8')] is not a number type",
		dict("é", "(3,)"):                              `dtype '\u00e9' is not a number type`,
		dict("<f8", "(-1, "+axes(64, 1)[1:]):           "impossible shape: 65 axes, at most 64 are possible",
		dict("<f8", axes(70, 1)):                       "impossible shape: 70 axes, at most 64 are possible",
		dict("<f8", "(3, -4)"):                         "impossible shape: axis 1 has the length -4, not 0 to " + strconv.Itoa(math.MaxInt),
		dict("<f8", "(3)"):                             "not a valid .npy file: header text, byte 52: ',', without which this is no tuple, expected, ')' found",
		dict("<f8", "(3,)") + "\x00":                   `not a valid .npy file: header text, byte 57: nothing more expected, '\x00' found`,
		"{'descr': '<f8', 'shape': (3,)}":              "not a valid .npy file: header text, byte 31: no key 'fortran_order'",
		"{'descr': '<f8', 'descr':":                    "not a valid .npy file: header text, byte 24: a second key 'descr'",
		"{'descr': '<f8', '" + long + "':":             "not a valid .npy file: header text, byte 1019: unknown key '" + long[:40] + "...'",
		dict("<f8", "(99999999999999999999999999,)"):   fmt.Sprintf("impossible shape: axis 0 has the length 99999999999999999999999999, not 0 to %d", math.MaxInt),
		dict("<f8", fmt.Sprintf("(%d,)", math.MaxInt)): fmt.Sprintf("impossible shape: with %d indices along axis 0 there are more than %[1]d bytes", math.MaxInt),
	} {
		_, _, err := npy.Read(strings.NewReader(file(1, text)))
		assert.EqualError(t, err, want)
	}
	_, _, err := npy.Read(strings.NewReader("\x93NUMPY\x04\x01\x00\x00"))
	assert.EqualError(t, err, "not a valid .npy file: version 4.1 is not 1.0, 2.0 or 3.0")
	_, _, err = npy.Read(strings.NewReader("\x93NUMPY\x02\x00\x01\x00\x01\x00"))
	assert.EqualError(t, err, "not a valid .npy file: a header of 65537 bytes, at most 65536 are read")
	_, _, err = npy.Read(strings.NewReader("PK\x03\x04 a zip"))
	assert.EqualError(t, err, `not a valid .npy file: it begins with "PK\x03\x04 a"`)
}
