package segment_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/parfor-go/parfor/internal/segment"
)

const meminfo = "MemTotal:       16000 kB\nMemFree:         100 kB\nMemAvailable:   10000 kB\n"

func TestAvailableIsTheLeast(t *testing.T) {
	const (
		v1 = "35 31 0:32 / /cg/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
		v2 = "25 20 0:30 / /cg rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
	)
	for name, c := range map[string]struct {
		mounts string
		files  map[string]string
		want   int64
	}{
		"nothing to read": {"", nil, segment.Unknown},
		"no cgroup":       {"", map[string]string{"/proc/meminfo": meminfo}, 10000 << 10},
		"version 2": {v2, map[string]string{
			"/proc/meminfo":        meminfo,
			"/proc/self/cgroup":    "0::/a/b\n",
			"/cg/a/b/memory.max":   "max\n",
			"/cg/a/memory.max":     "1000000\n",
			"/cg/a/memory.current": "600000\n",
			"/cg/a/memory.stat":    "anon 1\nfile 2\ninactive_file 70000\nactive_file 30000\n",
		}, 500_000},
		"version 1": {v1, map[string]string{
			"/proc/meminfo":                      meminfo,
			"/proc/self/cgroup":                  "9:name=systemd:/x\n5:cpu,memory:/a\n0::/\n",
			"/cg/memory/memory.limit_in_bytes":   "9223372036854771712\n",
			"/cg/memory/a/memory.limit_in_bytes": "1000000\n",
			"/cg/memory/a/memory.usage_in_bytes": "900000\n",
			"/cg/memory/a/memory.stat":           "inactive_file 1\ntotal_inactive_file 5000\ntotal_active_file 0\n",
		}, 105_000},
		"a container's own root": {
			"25 20 0:30 /docker/1 /cg rw,nosuid - cgroup2 cgroup2 rw\n", map[string]string{
				"/proc/meminfo":            meminfo,
				"/proc/self/cgroup":        "0::/docker/1/inner\n",
				"/cg/inner/memory.max":     "3000\n",
				"/cg/inner/memory.current": "1000\n",
			}, 2000},
		"a root that is not above the group": {
			"25 20 0:30 /other /cg rw,nosuid - cgroup2 cgroup2 rw\n", map[string]string{
				"/proc/meminfo":      meminfo,
				"/proc/self/cgroup":  "0::/docker/1\n",
				"/cg/memory.max":     "5000\n",
				"/cg/memory.current": "1000\n",
			}, 4000},
		"more used than allowed": {v2, map[string]string{
			"/proc/meminfo":      meminfo,
			"/proc/self/cgroup":  "0::/\n",
			"/cg/memory.max":     "3000\n",
			"/cg/memory.current": "4000\n",
		}, 0},
		"a limit above the machine": {v2, map[string]string{
			"/proc/meminfo":      meminfo,
			"/proc/self/cgroup":  "0::/\n",
			"/cg/memory.max":     "99999999999\n",
			"/cg/memory.current": "4000\n",
		}, 10000 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			read := func(file string) ([]byte, error) {
				if s, ok := c.files[file]; ok {
					return []byte(s), nil
				}
				return nil, os.ErrNotExist
			}
			assert.Equal(t, c.want, segment.AvailableIn(read, c.mounts))
		})
	}
}

func TestAvailableHere(t *testing.T) {
	assert.Greater(t, segment.Available(), int64(1<<20))
	assert.Less(t, segment.Available(), int64(1<<45))
}

// What New pays where the allowance of a measure is used up.
func BenchmarkAvailable(b *testing.B) {
	for b.Loop() {
		segment.Available()
	}
}
