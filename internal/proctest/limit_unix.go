//go:build unix

package proctest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Lower lowers a limit of this process, which is a Child.
func Lower(t testing.TB, resource int, limit int64) {
	t.Helper()
	var l unix.Rlimit
	require.NoError(t, unix.Getrlimit(resource, &l))
	assign(&l.Cur, limit)
	require.NoError(t, unix.Setrlimit(resource, &l))
}

// assign exists because a limit is signed on some systems.
func assign[T int64 | uint64](p *T, v int64) { *p = T(v) }
