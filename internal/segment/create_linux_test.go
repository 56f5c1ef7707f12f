package segment_test

import (
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/internal/segment"
)

// names returns what is in dir.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	all := []string{}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// waysToCreate are the ways in which a file can come to its name.
var waysToCreate = map[string]func(t *testing.T){
	"nameless": func(t *testing.T) {},
	"linked":   func(t *testing.T) { t.Cleanup(segment.NoNameless()) },
	"linked after all": func(t *testing.T) {
		t.Cleanup(without("linkat", unix.EPERM))
	},
	"renamed": func(t *testing.T) {
		t.Cleanup(segment.NoNameless())
		t.Cleanup(without("link", unix.EPERM))
	},
	"looked for and renamed": func(t *testing.T) {
		t.Cleanup(segment.NoNameless())
		t.Cleanup(without("link", unix.ENOSYS))
		t.Cleanup(without("renameat2", unix.EINVAL))
	},
}

func TestCreateMakesTheSameFileInEveryWay(t *testing.T) {
	for name, way := range waysToCreate {
		t.Run(name, func(t *testing.T) {
			way(t)
			dir := fastDir(t)
			path := filepath.Join(dir, "a")
			s := created(t, path, 100_000)
			assert.Equal(t, []string{"a"}, names(t, dir))
			assert.Equal(t, path, s.Path())
			require.Len(t, s.Bytes(), 100_000)
			s.Bytes()[99_999] = 7

			plain, err := os.Create(filepath.Join(dir, "plain"))
			require.NoError(t, err)
			defer plain.Close()
			want, err := plain.Stat()
			require.NoError(t, err)
			info, err := os.Stat(path)
			require.NoError(t, err)
			assert.Equal(t, want.Mode(), info.Mode(), "as any file")
			var st unix.Stat_t
			require.NoError(t, unix.Stat(path, &st))
			assert.EqualValues(t, 1, st.Nlink)
			assert.GreaterOrEqual(t, int64(st.Blocks)*512, int64(100_004), "reserved")
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "head"+strings.Repeat("\x00", 99_999)+"\x07", string(b))

			again := opened(t, path, segment.ReadWrite, 4)
			assert.Equal(t, address(s.Bytes()), address(again.Bytes()), "known by its identity")

			before := state(t, dir)
			_, err = segment.Create(path, []byte("head"), 1, "test")
			assert.ErrorIs(t, err, fs.ErrExist)
			assert.EqualError(t, err, "create "+path+": file already exists")
			assert.Equal(t, before, state(t, dir))
		})
	}
}

// Two that create a file at the same time: one has it, and the other's attempt
// leaves no trace.
func TestCreateNeverReplacesAFile(t *testing.T) {
	for name, way := range waysToCreate {
		t.Run(name, func(t *testing.T) {
			way(t)
			dir := fastDir(t)
			path := filepath.Join(dir, "a")
			var once sync.Once
			last := map[string]string{"nameless": "linkat", "linked": "link", "linked after all": "link",
				"renamed": "renameat2", "looked for and renamed": "renameat2"}[name]
			text := "file exists"
			if name == "looked for and renamed" { // before the look: later it is lost
				text = "file already exists"
			}
			t.Cleanup(segment.Before(last, func(string) {
				once.Do(func() { assert.NoError(t, os.WriteFile(path, []byte("mine"), 0o600)) })
			}))
			before := state(t, t.TempDir())
			_, err := segment.Create(path, []byte("head"), 10, "test")
			assert.ErrorIs(t, err, fs.ErrExist)
			assert.EqualError(t, err, "create "+path+": "+text)
			assert.Equal(t, before, state(t, t.TempDir()))
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "mine", string(b))
			assert.Equal(t, []string{"a"}, names(t, dir))
		})
	}
}

// Between the moment the file has its name and the moment the disk refuses
// that, somebody in this process opens it.
func TestWhoOpenedAFileThatWasNotCreatedKeepsIt(t *testing.T) {
	dir := fastDir(t)
	path := filepath.Join(dir, "a")
	before := state(t, dir)
	var other *segment.Segment
	defer segment.AfterLinkat(func(string) { other = opened(t, path, segment.ReadWrite, 0) })()
	restore := segment.Inject("sync", &segment.Call{First: 2, Last: 2, Err: unix.EIO})
	_, err := segment.Create(path, []byte("head"), 5000, "test")
	restore()
	assert.EqualError(t, err, "create "+path+": sync: input/output error")
	assert.Empty(t, names(t, dir))

	require.NotNil(t, other)
	assert.False(t, other.Closed())
	require.Len(t, other.Bytes(), 5004)
	other.Bytes()[5003]++
	assert.Equal(t, "head", string(other.Bytes()[:4]))
	require.NoError(t, other.Close())
	assert.Equal(t, before, state(t, dir))
}

// A disk gives the number of a file that is gone to the next one.
func TestAFailedCreateIsForgotten(t *testing.T) {
	dir := t.TempDir()
	for range 20 {
		restore := segment.Inject("sync", &segment.Call{First: 2, Last: 2, Err: unix.EIO})
		_, err := segment.Create(filepath.Join(dir, "a"), []byte("head"), 5000, "test")
		restore()
		require.Error(t, err)
		path := filepath.Join(dir, "b")
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
		s := opened(t, path, segment.ReadWrite, 0)
		require.Equal(t, "mine", string(s.Bytes()))
		require.NoError(t, s.Close())
		require.NoError(t, os.Remove(path))
	}
}

func TestCreateSaysWhatTheSystemSays(t *testing.T) {
	dir := fastDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "dangling")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "closed"), 0o755))
	before := state(t, dir)
	long := strings.Repeat("x", 300)
	for name, want := range map[string]struct {
		is   error
		text string
	}{
		"missing/a": {fs.ErrNotExist, "no such file or directory"},
		"file/a":    {unix.ENOTDIR, "not a directory"},
		"file":      {fs.ErrExist, "file already exists"},
		".":         {fs.ErrExist, "file already exists"},
		"dangling":  {fs.ErrExist, "file already exists"},
		long:        {unix.ENAMETOOLONG, "file name too long"},
	} {
		path := filepath.Join(dir, name)
		_, err := segment.Create(path, []byte("head"), 10, "test")
		assert.ErrorIs(t, err, want.is)
		assert.EqualError(t, err, "create "+path+": "+want.text)
	}
	assert.Equal(t, before, state(t, dir))
	assert.Empty(t, names(t, filepath.Join(dir, "closed")))
}

func TestCreateWithoutPermission(t *testing.T) {
	dir := fastDir(t)
	require.NoError(t, os.Chmod(dir, 0o755))
	path := filepath.Join(dir, "a")
	before := state(t, dir)
	runtime.LockOSThread() // and with it the identity
	old, err := unix.SetfsuidRetUid(65534)
	if err != nil || old != 0 {
		runtime.UnlockOSThread()
		t.Skip("needs to be root, and to put that off: ", err)
	}
	_, err = segment.Create(path, []byte("head"), 10, "test")
	_, restored := unix.SetfsuidRetUid(old)
	require.NoError(t, restored) // or else the thread stays locked, and ends
	runtime.UnlockOSThread()
	assert.ErrorIs(t, err, fs.ErrPermission)
	assert.EqualError(t, err, "create "+path+": permission denied")
	assert.Equal(t, before, state(t, dir))
}

// Of a directory that cannot be read the names cannot be synced, and that is
// no reason not to create a file there.
func TestCreateWhereNamesCannotBeSynced(t *testing.T) {
	dir := fastDir(t)
	require.NoError(t, os.Chmod(dir, 0o333))
	runtime.LockOSThread()
	old, err := unix.SetfsuidRetUid(65534)
	if err != nil || old != 0 {
		runtime.UnlockOSThread()
		t.Skip("needs to be root, and to put that off: ", err)
	}
	s, err := segment.Create(filepath.Join(dir, "a"), []byte("head"), 10, "test")
	_, restored := unix.SetfsuidRetUid(old)
	require.NoError(t, restored)
	runtime.UnlockOSThread()
	require.NoError(t, err)
	assert.NoError(t, s.Close())
	assert.Equal(t, []string{"a"}, names(t, dir))
}

func TestCreateFromManyGoroutines(t *testing.T) {
	dir := fastDir(t)
	path := filepath.Join(dir, "a")
	for range 20 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		var all []*segment.Segment
		for range 4 {
			wg.Go(func() {
				s, err := segment.Create(path, []byte("head"), 5000, "test")
				if err != nil {
					assert.ErrorIs(t, err, fs.ErrExist)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, s)
			})
		}
		wg.Wait()
		require.Len(t, all, 1)
		require.NoError(t, all[0].Close())
		require.NoError(t, os.Remove(path))
		require.Empty(t, names(t, dir))
	}
}

// The largest sizes must not wrap where an int has 32 bits.
func TestAllPiecesAreReserved(t *testing.T) {
	for _, missing := range []error{nil, unix.ENOSYS} {
		for _, nbytes := range []int{0, 1, 4 << 20, 4<<20 + 1, math.MaxInt32} {
			all, err := segment.Allocate(nbytes, missing)
			require.NoError(t, err)
			end := int64(0)
			for _, r := range all {
				require.Equal(t, end, r[0])
				require.Less(t, r[0], r[1])
				require.LessOrEqual(t, r[1]-r[0], int64(4<<20))
				end = r[1]
			}
			require.Equal(t, int64(nbytes), end)
		}
	}
}

func TestCreateFileInEveryWay(t *testing.T) {
	for name, way := range waysToCreate {
		t.Run(name, func(t *testing.T) {
			way(t)
			dir := fastDir(t)
			path := filepath.Join(dir, "a")
			require.NoError(t, segment.CreateFile(path, []byte("content")))
			b, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "content", string(b))
			err = segment.CreateFile(path, []byte("other"))
			assert.ErrorIs(t, err, fs.ErrExist)
			assert.ErrorContains(t, err, "create "+path+": ")
			b, err = os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, "content", string(b))
			assert.Equal(t, []string{"a"}, names(t, dir))
			require.NoError(t, segment.CreateFile(path+"2", nil))
			assert.Equal(t, []string{"a", "a2"}, names(t, dir))
		})
	}
}

// TestCreateFileFails holds that after an error nothing is left, whatever fails.
func TestCreateFileFails(t *testing.T) {
	for name, way := range waysToCreate {
		for _, call := range []string{"write", "sync"} {
			t.Run(name+" "+call, func(t *testing.T) {
				way(t)
				dir := fastDir(t)
				path := filepath.Join(dir, "a")
				before := state(t, dir)
				for first := int64(1); ; first++ {
					c := &segment.Call{First: first, Last: first, Err: unix.EIO}
					restore := segment.Inject(call, c)
					err := segment.CreateFile(path, []byte("content"))
					restore()
					if int64(c.Made()) < first {
						require.NoError(t, err)
						break
					}
					require.ErrorIs(t, err, unix.EIO)
					require.ErrorContains(t, err, "create "+path+": ")
					require.Equal(t, before, state(t, dir), "call %d", first)
				}
			})
		}
	}
	assert.ErrorIs(t, segment.CreateFile(filepath.Join(t.TempDir(), "missing", "a"), nil), fs.ErrNotExist)
}

// TestScratch holds that a scratch file can be opened again by its path, and leaves nothing.
func TestScratch(t *testing.T) {
	for _, way := range []string{"nameless", "linked"} {
		waysToCreate[way](t)
		dir := fastDir(t)
		f, path, release, err := segment.Scratch(dir)
		require.NoError(t, err)
		if way == "nameless" {
			assert.Empty(t, names(t, dir), "a kill would leave it")
		}
		_, err = f.Write([]byte("content"))
		require.NoError(t, err)
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, "content", string(b))
		release()
		assert.Empty(t, names(t, dir))
		assert.ErrorIs(t, f.Close(), fs.ErrClosed)
	}
	_, _, _, err := segment.Scratch(filepath.Join(t.TempDir(), "missing"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
}
