package segment

import (
	"math"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
)

// available returns how many bytes of memory can be had without swapping:
// the least of the machine's and of what every memory cgroup around this
// process allows.
func available() int64 { return availableIn(os.ReadFile, mounts()) }

// mounts returns the mount table, which is read once: cgroup file systems
// stay where they are, and the tables of container hosts are long.
var mounts = sync.OnceValue(func() string {
	b, _ := os.ReadFile("/proc/self/mountinfo")
	return string(b)
})

// availableIn is available for the files that read returns. What cannot be
// read does not limit.
func availableIn(read func(string) ([]byte, error), mountinfo string) int64 {
	avail := int64(unknown)
	if b, err := read("/proc/meminfo"); err == nil {
		if kib, ok := field(string(b), "MemAvailable:"); ok {
			avail = kib << 10
		}
	}
	groups, err := read("/proc/self/cgroup")
	if err != nil {
		return avail
	}
	for line := range strings.Lines(string(groups)) {
		// 4:memory:/path is version 1, 0::/path version 2.
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, _ := strings.Cut(rest, ":")
		var v *version
		switch {
		case controllers == "":
			v = &v2
		case contains(controllers, "memory"):
			v = &v1
		default:
			continue
		}
		// A limit anywhere between the group and the root holds.
		top, dir := v.find(mountinfo, group)
		for ; dir != ""; dir = path.Dir(dir) {
			avail = min(avail, v.available(read, dir))
			if dir == top {
				break
			}
		}
	}
	return avail
}

// A version names the files of one version of memory cgroups.
type version struct {
	fstype, option             string // of its mount; option "": any
	limit, usage               string
	inactiveFiles, activeFiles string // in memory.stat, the groups below included
}

var (
	v1 = version{"cgroup", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "total_active_file"}
	v2 = version{"cgroup2", "", "memory.max", "memory.current", "inactive_file", "active_file"}
)

// find returns the directory where v is mounted and the directory of group,
// which is that or below it; nothing if v is not mounted.
func (v *version) find(mountinfo, group string) (top, dir string) {
	for line := range strings.Lines(mountinfo) {
		// id parent dev root mountpoint options [tags] - fstype source superoptions
		left, right, _ := strings.Cut(line, " - ")
		l, r := strings.Fields(left), strings.Fields(right)
		if len(l) < 5 || len(r) < 3 || r[0] != v.fstype || v.option != "" && !contains(r[2], v.option) {
			continue
		}
		root, mountpoint := l[3], path.Clean(l[4])
		// In a container the mount may begin at the container's own group,
		// while group counts from the host's root.
		below, ok := strings.CutPrefix(group, strings.TrimSuffix(root, "/"))
		if !ok || strings.Contains(below, "..") {
			below = ""
		}
		return mountpoint, path.Join(mountpoint, below)
	}
	return "", ""
}

// available returns what the group at dir has left. Its cached files do not
// count as used: Linux drops them when memory is wanted.
func (v *version) available(read func(string) ([]byte, error), dir string) int64 {
	number := func(file string) (int64, bool) {
		b, err := read(dir + "/" + file)
		if err != nil {
			return 0, false
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64) // "max" is no limit
		return n, err == nil
	}
	limit, ok := number(v.limit)
	if !ok || limit >= math.MaxInt64>>12<<12 { // version 1 writes no limit so, in whole pages
		return unknown
	}
	usage, ok := number(v.usage)
	if !ok {
		return limit
	}
	if stat, err := read(dir + "/memory.stat"); err == nil {
		for _, name := range []string{v.inactiveFiles, v.activeFiles} {
			n, _ := field(string(stat), name)
			usage -= n
		}
	}
	return max(0, limit-max(0, usage))
}

// contains reports whether item is in a list separated by commas.
func contains(list, item string) bool {
	return strings.Contains(","+list+",", ","+item+",")
}

// field returns the number after name at the beginning of a line of text.
func field(text, name string) (int64, bool) {
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) >= 2 && f[0] == name {
			n, err := strconv.ParseInt(f[1], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
