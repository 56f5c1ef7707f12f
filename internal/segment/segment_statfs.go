//go:build darwin || dragonfly || freebsd

package segment

import "golang.org/x/sys/unix"

// freeBytes returns the room that dir's file system has for this user.
func freeBytes(dir string) int64 {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return unknown // opening a file there says why
	}
	return max(0, int64(st.Bavail)) * int64(st.Bsize)
}
