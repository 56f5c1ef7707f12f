//go:build !unix

package segment

import (
	"errors"
	"math"
	"os"
)

// New refuses before it calls anything here.
const supported = false

var errFileSize = errors.ErrUnsupported

func fileSizeLimit() int64 { return math.MaxInt64 }

func addressLimit() int64 { return math.MaxInt64 }

func available() int64 { return unknown }

func isNoSpace(error) bool { return false }

func reserve(int) (*os.File, error) { return nil, errors.ErrUnsupported }

func mapShared(*os.File, int) ([]byte, error) { return nil, errors.ErrUnsupported }

func fence([]byte) error { return errors.ErrUnsupported }

func unmap([]byte) error { return errors.ErrUnsupported }
