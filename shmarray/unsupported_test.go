//go:build !unix

package shmarray_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/shmarray"
)

func TestUnsupportedSystemSaysSo(t *testing.T) {
	for _, shape := range [][]int{{}, {0}, {3, 4}} {
		_, err := shmarray.Zeros(shape...)
		assert.ErrorIs(t, err, errors.ErrUnsupported)
	}
	_, err := shmarray.Zeros(-1)
	assert.ErrorIs(t, err, shmarray.ErrShape)
}
