//go:build !linux

package proc_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/parmap/proc"
)

func TestUnsupported(t *testing.T) {
	proc.WorkerMain()
	_, err := proc.Start(t.Context(), 1)
	assert.ErrorIs(t, err, errors.ErrUnsupported)
}
