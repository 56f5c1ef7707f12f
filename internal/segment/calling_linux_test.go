package segment_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/segment"
)

// watched returns the calls of f, in their order.
func watched(f func()) (all []string) {
	segment.Calling = func(call, path string) { all = append(all, strings.TrimSuffix(call+" "+filepath.Base(path), " .")) }
	defer func() { segment.Calling = nil }()
	f()
	return all
}

// TestFilesGetTheirNamesLast holds that what is in a file is on the disk before its name
// is, and that before it is said to be made.
func TestFilesGetTheirNamesLast(t *testing.T) {
	for way, call := range map[string]string{
		"nameless": "linkat", "linked": "linkat", "renamed": "renameat2", "looked for and renamed": "renameat",
	} {
		t.Run(way, func(t *testing.T) {
			waysToCreate[way](t)
			dir := fastDir(t)
			for name, create := range map[string]func(path string){
				"file":   func(path string) { require.NoError(t, segment.CreateFile(path, []byte("content"))) },
				"mapped": func(path string) { created(t, path, 100_000) },
			} {
				made := watched(func() { create(filepath.Join(dir, name)) })
				made = slices.DeleteFunc(made, func(s string) bool {
					return s == "fallocate" || strings.HasPrefix(s, "ftruncate ")
				})
				write := slices.IndexFunc(made, func(s string) bool { return strings.HasPrefix(s, "pwrite64 ") })
				require.Positive(t, write, "%q", made)
				draft := strings.TrimPrefix(made[write], "pwrite64 ")
				assert.Equal(t, []string{
					"openat " + draft, "pwrite64 " + draft, "fsync " + draft, call + " " + name, "fsync " + filepath.Base(dir),
				}, made[write-1:])
			}
		})
	}
}

// TestSyncSaysThatItCalls holds that the sync of a mapping is such a call.
func TestSyncSaysThatItCalls(t *testing.T) {
	s := created(t, filepath.Join(fastDir(t), "a"), 5000)
	assert.Equal(t, []string{"msync"}, watched(func() { require.NoError(t, s.Sync(s.Bytes())) }))
}
