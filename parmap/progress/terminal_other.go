//go:build !linux && !darwin && !freebsd && !netbsd && !openbsd

package progress

import "io"

// columns says that w is no terminal.
func columns(io.Writer) (n int, ok bool) { return 0, false }
