//go:build unix

package segment_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/proctest"
	"github.com/parfor-go/parfor/internal/segment"
)

// netBytes is a limit on the size of a file for tests that ask for absurd
// sizes. If the check under test is broken, the system refuses instead of
// handing out all the memory there is.
const netBytes = 64 << 20

func TestMoreThanThereIsIsRefused(t *testing.T) {
	if !proctest.Child(t, nil) {
		return
	}
	proctest.Lower(t, unix.RLIMIT_FSIZE, netBytes)
	for _, nbytes := range []int{math.MaxInt, math.MaxInt - 4095, min(1<<45, math.MaxInt)} {
		_, err := segment.New(nbytes, "test")
		var re *segment.ReserveError
		require.ErrorAs(t, err, &re)
		assert.ErrorIs(t, err, segment.ErrNoSpace)
		assert.Equal(t, nbytes, re.Want)
		assert.Less(t, re.Available, int64(nbytes))
		assert.Positive(t, re.Available)
		if segment.Available() <= int64(nbytes) { // and not a 32-bit program on a large machine
			assert.NoError(t, re.Err, "refused before asking the system")
			assert.Greater(t, re.Available, int64(netBytes))
		}
	}
}

func TestFileSizeLimit(t *testing.T) {
	if !proctest.Child(t, nil) {
		return
	}
	proctest.Lower(t, unix.RLIMIT_FSIZE, 1<<20)
	newSegment(t, 1<<20)
	_, err := segment.New(1<<20+1, "test")
	assert.EqualError(t, err, "reserve 1048577 bytes: 1048576 available: file too large")
	assert.ErrorIs(t, err, segment.ErrNoSpace)
	assert.ErrorIs(t, err, unix.EFBIG)
}

func TestDescriptorLimit(t *testing.T) {
	if !proctest.Child(t, nil) {
		return
	}
	proctest.Lower(t, unix.RLIMIT_NOFILE, 20)
	var err error
	for n := 0; err == nil; n++ {
		require.Less(t, n, 20)
		var s *segment.Segment
		if s, err = segment.New(1, "test"); err == nil {
			defer s.Close()
		}
	}
	assert.ErrorIs(t, err, unix.EMFILE)
	assert.NotErrorIs(t, err, segment.ErrNoSpace, "not for want of space")
	var re *segment.ReserveError
	require.ErrorAs(t, err, &re)
	assert.Equal(t, 1, re.Want)
}
