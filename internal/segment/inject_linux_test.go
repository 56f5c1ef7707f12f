package segment_test

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/proctest"
	"github.com/parfor-go/parfor/internal/segment"
)

// An exemption names errors that are no failure of the operation: it does the
// same in another way.
type exemption struct {
	call   string
	number int // 0: every one
	errnos []unix.Errno
	once   bool // and a failure if the call goes on failing
}

var (
	// What a system, a file system or a sandbox says about a call it lacks.
	missing = []unix.Errno{unix.ENOSYS, unix.EPERM, unix.EACCES, unix.EOPNOTSUPP}
	// What any call is made to fail with.
	errnos = append([]unix.Errno{unix.ENOSPC, unix.ENOMEM, unix.EDQUOT, unix.EIO, unix.EMFILE, unix.EINVAL,
		unix.EINTR, unix.EFAULT, unix.EROFS, unix.EXDEV, unix.EHWPOISON}, missing...)
	noSpace = []unix.Errno{unix.ENOSPC, unix.ENOMEM, unix.EDQUOT, unix.EFAULT}

	noMemfd    = exemption{call: "memfd_create", errnos: missing}
	oldMemfd   = exemption{call: "memfd_create", errnos: []unix.Errno{unix.EINVAL}, once: true}
	oldMadvise = exemption{call: "madvise", errnos: append([]unix.Errno{unix.EINVAL}, missing...)}

	missingFallocate = exemption{call: "fallocate", errnos: missing}
	interrupted      = exemption{call: "fallocate", errnos: []unix.Errno{unix.EINTR}, once: true}
	quarantineInUse  = exemption{call: "mmap", errnos: []unix.Errno{unix.ENOMEM}, once: true}
	dirWithoutSync   = exemption{call: "sync", number: 2, errnos: append([]unix.Errno{unix.EINVAL}, missing...)}
	unreadableDir    = exemption{call: "open", number: 2, errnos: []unix.Errno{unix.EPERM, unix.EACCES}}
	// Where the first attempt is to open a file without a name, in vain.
	notNameless    = exemption{call: "open", number: 1, errnos: errnos}
	unreadableDir3 = exemption{call: "open", number: 3, errnos: unreadableDir.errnos}
)

// An operation makes a segment; the file it may make is dir/made.
type operation struct {
	name  string
	setup func(t *testing.T, dir string) // to be undone by t.Cleanup
	run   func(dir string) (*segment.Segment, error)
	want  int            // bytes, of a ReserveError; 0: it need not be one
	calls map[string]int // what a good run calls
	fine  []exemption
	few   bool // do not try every errno
}

const small = 5000

func create(dir string) (*segment.Segment, error) {
	return segment.Create(filepath.Join(dir, "made"), []byte("head"), small, "test")
}

func mapOld(mode segment.Mode) func(dir string) (*segment.Segment, error) {
	return func(dir string) (*segment.Segment, error) {
		path := filepath.Join(dir, "old")
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		return segment.Map(f, path, mode, 0, small, "test")
	}
}

// without makes a call fail for good.
func without(call string, errno unix.Errno) func() {
	return segment.Inject(call, &segment.Call{First: 1, Last: 1 << 60, Err: errno})
}

var operations = []operation{
	{
		name: "New", want: small,
		run:   func(string) (*segment.Segment, error) { return segment.New(small, "test") },
		calls: map[string]int{"memfd_create": 1, "truncate": 1, "fallocate": 1, "fstat": 1, "mmap": 1, "madvise": 1},
		fine: []exemption{missingFallocate, interrupted, quarantineInUse,
			noMemfd, oldMemfd, oldMadvise},
	},
	newInPieces(),
	{
		name: "New in a file", want: small,
		setup: func(t *testing.T, dir string) {
			t.Setenv("TMPDIR", dir)
			t.Cleanup(segment.Without(unix.ENOSYS, nil, "/nonexistent"))
		},
		run:   func(string) (*segment.Segment, error) { return segment.New(small, "test") },
		calls: map[string]int{"memfd_create": 1, "open": 2, "truncate": 1, "fallocate": 1, "fstat": 1, "mmap": 1, "madvise": 1},
		fine: []exemption{missingFallocate, interrupted, quarantineInUse, noMemfd, oldMemfd,
			{call: "open", errnos: errnos}, // a file whose name is removed instead
			oldMadvise},
	},
	{
		name: "New by writing", want: small,
		setup: func(t *testing.T, dir string) {
			t.Cleanup(segment.Without(nil, unix.EOPNOTSUPP, "/dev/shm"))
		},
		run:   func(string) (*segment.Segment, error) { return segment.New(small, "test") },
		calls: map[string]int{"memfd_create": 1, "truncate": 1, "fallocate": 1, "write": 1, "fstat": 1, "mmap": 1, "madvise": 1},
		fine: []exemption{missingFallocate, interrupted, quarantineInUse,
			noMemfd, oldMemfd, oldMadvise},
	},
	{
		name: "NewPrivate", want: small,
		run:   func(string) (*segment.Segment, error) { return segment.NewPrivate(small, "test") },
		calls: map[string]int{"mmap": 1, "madvise": 2},
		fine: []exemption{quarantineInUse,
			{call: "madvise", number: 1, errnos: errnos}, // huge pages
			oldMadvise},
	},
	{
		name: "Create without a temporary name", want: small + 4,
		run: create,
		calls: map[string]int{"open": 2, "truncate": 1, "fallocate": 1, "fstat": 1, "mmap": 1,
			"write": 1, "sync": 2, "linkat": 1},
		fine: []exemption{missingFallocate, interrupted, quarantineInUse, dirWithoutSync, unreadableDir,
			{call: "open", number: 1, errnos: errnos, once: true},
			{call: "linkat", errnos: append([]unix.Errno{unix.EXDEV}, missing...)}},
	},
	{
		name: "Create by linking", want: small + 4,
		setup: func(t *testing.T, _ string) { t.Cleanup(segment.NoNameless()) },
		run:   create,
		calls: map[string]int{"open": 3, "truncate": 1, "fallocate": 1, "fstat": 1, "mmap": 1,
			"write": 1, "sync": 2, "link": 1},
		fine: []exemption{missingFallocate, interrupted, quarantineInUse, dirWithoutSync, notNameless, unreadableDir3,
			{call: "link", errnos: missing}},
	},
	{
		name: "Create by renaming", want: small + 4,
		setup: func(t *testing.T, _ string) {
			t.Cleanup(segment.NoNameless())
			t.Cleanup(without("link", unix.EPERM))
		},
		run: create,
		calls: map[string]int{"open": 3, "truncate": 1, "fallocate": 1, "fstat": 1, "mmap": 1,
			"write": 1, "sync": 2, "link": 1, "renameat2": 1},
		fine: []exemption{missingFallocate, interrupted, quarantineInUse, dirWithoutSync, notNameless, unreadableDir3,
			{call: "link", errnos: missing},
			{call: "renameat2", errnos: append([]unix.Errno{unix.EINVAL}, missing...)}},
	},
	{
		name: "Create by looking and renaming", want: small + 4,
		setup: func(t *testing.T, _ string) {
			t.Cleanup(segment.NoNameless())
			t.Cleanup(without("link", unix.EPERM))
			t.Cleanup(without("renameat2", unix.EINVAL))
		},
		run: create,
		calls: map[string]int{"open": 3, "truncate": 1, "fallocate": 1, "fstat": 1, "mmap": 1,
			"write": 1, "sync": 2, "link": 1, "renameat2": 1, "rename": 1},
		fine: []exemption{missingFallocate, interrupted, quarantineInUse, dirWithoutSync, notNameless, unreadableDir3,
			{call: "link", errnos: missing},
			{call: "renameat2", errnos: append([]unix.Errno{unix.EINVAL}, missing...)}},
	},
	{
		name: "Map ReadOnly", run: mapOld(segment.ReadOnly),
		calls: map[string]int{"fstat": 1, "mmap": 1}, fine: []exemption{quarantineInUse},
	},
	{
		name: "Map ReadWrite", run: mapOld(segment.ReadWrite),
		calls: map[string]int{"fstat": 1, "mmap": 1}, fine: []exemption{quarantineInUse},
	},
	{
		name: "Map CopyOnWrite", run: mapOld(segment.CopyOnWrite),
		calls: map[string]int{"fstat": 1, "mmap": 1}, fine: []exemption{quarantineInUse},
	},
	{
		name: "Map again",
		setup: func(t *testing.T, dir string) {
			s, err := mapOld(segment.ReadWrite)(dir)
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, s.Close()) })
		},
		run:   mapOld(segment.ReadWrite),
		calls: map[string]int{"fstat": 1},
	},
}

// newInPieces returns New of more than a huge page and than a piece.
func newInPieces() operation {
	op := operation{
		name: "New in pieces", want: 4<<20 + 1, few: true,
		run:   func(string) (*segment.Segment, error) { return segment.New(4<<20+1, "test") },
		calls: map[string]int{"memfd_create": 1, "truncate": 1, "fallocate": 2, "fstat": 1, "mmap": 1, "madvise": 6},
		fine: []exemption{missingFallocate, interrupted, quarantineInUse,
			noMemfd, oldMemfd, oldMadvise,
			{call: "madvise", number: 1, errnos: errnos}, // advice
			{call: "madvise", number: 2, errnos: errnos}, // a page to replace
			{call: "madvise", number: 3, errnos: errnos}, // and another
			{call: "madvise", number: 4, errnos: errnos}, // replace them
		},
	}
	if !raced { // where the Go heap gives the address
		op.calls["mmap"], op.calls["munmap"] = 2, 1
		op.fine = append(op.fine, exemption{call: "mmap", number: 1, errnos: errnos}, exemption{call: "munmap", errnos: errnos})
	}
	return op
}

// TestEveryCallFails makes every system call of every operation fail, once and
// from then on, with everything that is in errnos.
func TestEveryCallFails(t *testing.T) {
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			dir := fastDir(t)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "old"), make([]byte, small), 0o600))
			if op.setup != nil {
				op.setup(t, dir)
			}
			op.succeeds(t, dir)
			made := map[string]int{}
			for _, call := range segment.Calls() {
				n := op.count(t, call, dir)
				if n > 0 {
					made[call] = n
				}
			}
			require.Equal(t, op.calls, made, "what a good run calls")
			for call, n := range made {
				for k := 1; k <= n; k++ {
					for i, errno := range errnos {
						if op.few && i%5 != k {
							continue
						}
						op.failsOrNot(t, dir, call, k, k, errno)
						if errno != unix.EINTR {
							op.failsOrNot(t, dir, call, k, math.MaxInt, errno)
						}
					}
					op.succeeds(t, dir)
				}
			}
		})
	}
}

// fastDir returns a directory for a few KiB, on tmpfs where there is one: some
// disks take milliseconds for a sync.
func fastDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "parfor-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// count returns how often a good run makes a call.
func (op *operation) count(t *testing.T, call, dir string) int {
	t.Helper()
	var c segment.Call
	restore := segment.Inject(call, &c)
	s, err := op.run(dir)
	restore()
	require.NoError(t, err)
	op.use(t, s, dir)
	return c.Made()
}

func (op *operation) succeeds(t *testing.T, dir string) {
	t.Helper()
	before := state(t, dir)
	s, err := op.run(dir)
	require.NoError(t, err)
	op.use(t, s, dir)
	require.Equal(t, before, state(t, dir))
}

// use makes sure that s, which a run returned, is good, and ends it.
func (op *operation) use(t *testing.T, s *segment.Segment, dir string) {
	t.Helper()
	want := op.want
	if want == 0 {
		want = small
	}
	made := filepath.Join(dir, "made")
	if strings.HasPrefix(op.name, "Create") {
		want = small
		b, err := os.ReadFile(made)
		require.NoError(t, err)
		require.Equal(t, append([]byte("head"), make([]byte, small)...), b)
		require.NoError(t, os.Remove(made))
	}
	require.Len(t, s.Bytes(), want)
	require.Zero(t, s.Bytes()[want-1])
	if s.Mode() == segment.CopyOnWrite || s.Path() == "" {
		s.Bytes()[want-1] = 1
	}
	require.NoError(t, s.Close())
}

// exempt reports whether op does without the calls first to last of a kind, if
// they fail with errno.
func (op *operation) exempt(call string, first, last int, errno unix.Errno) bool {
	if last > op.calls[call] {
		last = op.calls[call]
		for _, x := range op.fine {
			if x.call == call && x.once && slices.Contains(x.errnos, errno) && (x.number == 0 || x.number >= first) {
				return false
			}
		}
	}
	for k := first; k <= last; k++ {
		if !slices.ContainsFunc(op.fine, func(x exemption) bool {
			return x.call == call && (x.number == 0 || x.number == k) && slices.Contains(x.errnos, errno)
		}) {
			return false
		}
	}
	return true
}

func (op *operation) failsOrNot(t *testing.T, dir, call string, first, last int, errno unix.Errno) {
	t.Helper()
	what := fmt.Sprintf("%s %d to %d of %d: %v", call, first, last, op.calls[call], errno)
	ledger, unwatch := segment.Watch()
	defer unwatch()
	before := state(t, dir)
	c := &segment.Call{First: int64(first), Last: int64(last), Err: errno}
	restore := segment.Inject(call, c)
	s, err := op.run(dir)
	restore()
	require.GreaterOrEqual(t, c.Made(), first, what)
	if op.exempt(call, first, last, errno) {
		require.NoError(t, err, what)
		op.use(t, s, dir)
	} else {
		require.Error(t, err, what)
		require.Nil(t, s, what)
		require.ErrorIs(t, err, errno, what)
		op.explains(t, err, errno, dir, what)
	}
	require.Equal(t, before, state(t, dir), what)
	lost := 0
	if call == "munmap" && err == nil {
		lost = 1 // addresses without memory
	}
	require.Equal(t, lost, ledger.Open(), what)
}

// explains holds that an error has the numbers, or the path, that it should.
func (op *operation) explains(t *testing.T, err error, errno unix.Errno, dir, what string) {
	t.Helper()
	var re *segment.ReserveError
	var pe *fs.PathError
	switch {
	case op.want == 0:
	case slices.Contains(noSpace, errno):
		require.ErrorIs(t, err, segment.ErrNoSpace, what)
		require.ErrorAs(t, err, &re, what)
		require.Equal(t, op.want, re.Want, what)
	default:
		require.NotErrorIs(t, err, segment.ErrNoSpace, what)
		if strings.HasPrefix(op.name, "Create") {
			require.ErrorAs(t, err, &pe, what)
			require.Equal(t, "create "+filepath.Join(dir, "made"), pe.Op+" "+pe.Path, what)
		}
	}
	require.NotContains(t, err.Error(), ".parfor-", "names nobody knows: "+what)
}

// state returns all that an operation could leave behind.
func state(t *testing.T, dir string) []string {
	t.Helper()
	return append(proctest.Held(t, dir), fmt.Sprintf("%d objects", segment.Identities()))
}
