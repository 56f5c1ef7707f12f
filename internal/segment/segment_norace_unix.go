//go:build unix && (!race || !linux || s390x)

package segment

import "golang.org/x/sys/unix"

var systemMmap = unix.MmapPtr
