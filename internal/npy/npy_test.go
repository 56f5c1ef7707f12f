package npy_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"

	"github.com/parfor-go/parfor/internal/npy"
)

// types are all twelve.
var types = []npy.Type{
	{Kind: 'i', Size: 1}, {Kind: 'i', Size: 2}, {Kind: 'i', Size: 4}, {Kind: 'i', Size: 8},
	{Kind: 'u', Size: 1}, {Kind: 'u', Size: 2}, {Kind: 'u', Size: 4}, {Kind: 'u', Size: 8},
	{Kind: 'f', Size: 4}, {Kind: 'f', Size: 8}, {Kind: 'c', Size: 8}, {Kind: 'c', Size: 16},
}

var (
	int8s    = npy.Type{Kind: 'i', Size: 1}
	float64s = npy.Type{Kind: 'f', Size: 8}
)

// nativeBig says that this machine is big-endian.
var nativeBig = binary.NativeEndian.Uint32([]byte{0, 0, 0, 1}) == 1

// file returns the beginning of a file of a version with this header text.
func file(version int, text string) string {
	length := binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
	if version == 1 {
		length = length[:2]
	}
	return "\x93NUMPY" + string(rune(version)) + "\x00" + string(length) + text
}

// dict returns the text of a header as NumPy writes it, without padding.
func dict(descr, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape)
}

// axes returns a tuple of count axes of length n.
func axes(count, n int) string {
	return "(" + strings.Repeat(strconv.Itoa(n)+", ", count) + ")"
}

// ones returns a shape of count axes of length 1.
func ones(count int) []int {
	shape := make([]int, count)
	for axis := range shape {
		shape[axis] = 1
	}
	return shape
}

// A meter counts what is read from a reader.
type meter struct {
	r       io.Reader
	read    int // bytes
	largest int // bytes asked for at once
}

func (m *meter) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	m.read += n
	m.largest = max(m.largest, len(b))
	return n, err
}

// allocated returns how many bytes of memory are taken while f runs. Others
// take memory at the same time: it runs f again if that is more than limit.
func allocated(limit int, f func()) int {
	least := math.MaxInt
	for i := 0; i < 5 && least > limit; i++ {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, int(after.TotalAlloc-before.TotalAlloc))
	}
	return least
}

// sentinel returns which of the three errors err wraps, if it is exactly one.
func sentinel(err error) error {
	var found error
	for _, s := range []error{npy.ErrFormat, npy.ErrDType, npy.ErrShape} {
		if errors.Is(err, s) {
			if found != nil {
				return nil
			}
			found = s
		}
	}
	return found
}

// unfit returns what makes the text of err unfit to be printed, if anything.
func unfit(err error) string {
	text := err.Error()
	switch {
	case len(text) > 250: // 40 bytes of the file, each as \x00, and words
		return fmt.Sprintf("%d bytes", len(text))
	case strings.Contains(text, "npy:"):
		return "names the package"
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Sprintf("%q", text)
	}
	return ""
}
