package npy_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/npy"
)

// TestNumPyFiles reads what testdata/make.py wrote, which also says what the
// names and the elements of the files are.
func TestNumPyFiles(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.npy")
	require.NoError(t, err)
	require.Len(t, paths, 65)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".npy")
		t.Run(name, func(t *testing.T) {
			part := strings.Split(name, "_")
			require.Len(t, part, 5)
			file, err := os.ReadFile(path)
			require.NoError(t, err)
			r := bytes.NewReader(file)
			h, offset, err := npy.Read(r)
			require.NoError(t, err)

			assert.Equal(t, part[0], h.Type.String())
			assert.Equal(t, part[1] == "big", h.BigEndian)
			assert.Equal(t, part[2] == "f", h.Fortran)
			switch version := part[3]; version {
			case "old", "py2":
				assert.Equal(t, 80, offset)
			case "4096":
				assert.Equal(t, 4096, offset)
			default:
				assert.Equal(t, version, "v"+strconv.Itoa(int(file[6])))
				assert.Zero(t, offset%64)
			}
			assert.Equal(t, shapeNamed(t, part[4]), h.Shape)

			assert.Equal(t, len(file)-offset, h.Count()*h.Type.Size)
			data := file[offset:]
			if !h.RowMajor() {
				data = make([]byte, len(data))
				require.NoError(t, h.ReadFortran(data, r))
			}
			if !h.Native() {
				h.Swap(data)
			}
			got := slice(t, h.Type, h.Count()).Interface()
			n, err := binary.Decode(data, binary.NativeEndian, got)
			require.NoError(t, err)
			assert.Equal(t, len(data), n)
			assert.Equal(t, values(t, h.Type, h.Count()), got)
		})
	}
}

// shapeNamed returns the shape in a file's name: "2x3", "0d".
func shapeNamed(t *testing.T, name string) []int {
	shape := []int{}
	if name == "0d" {
		return shape
	}
	for _, digits := range strings.Split(name, "x") {
		n, err := strconv.Atoi(digits)
		require.NoError(t, err)
		shape = append(shape, n)
	}
	return shape
}
