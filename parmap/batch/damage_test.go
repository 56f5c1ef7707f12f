//go:build linux

package batch_test

import (
	"bytes"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap/batch"
)

// finished returns a site whose tasks are done.
func finished(t *testing.T, tasks int) *site {
	t.Helper()
	s := newSite(t, tasks)
	for task := range s.tasks() {
		status, out := s.task(task)
		require.Zero(t, status, out)
	}
	s.ran()
	return s
}

// flip changes a byte of a file.
func flip(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	defer f.Close()
	b := []byte{0}
	_, err = f.ReadAt(b, at)
	require.NoError(t, err)
	b[0] ^= 0x40
	_, err = f.WriteAt(b, at)
	require.NoError(t, err)
}

// TestDamage holds that verify names rows that are not those recorded, and rows without
// a record, that seal refuses them, and that the tasks repair them.
func TestDamage(t *testing.T) {
	const row, head = 24, 4096
	for _, tasks := range []int{2, 5} {
		partial, place := "array.partial", func(i int) int64 { return int64(i/640*16384 + i%640*row) }
		if tasks == 2 {
			partial, place = "array.partial.npy", func(i int) int64 { return int64(head + i*row) }
		}
		for name, tt := range map[string]struct {
			damage func(s *site)
			want   []string // of a line of verify
			ran    int      // chunks that are computed again
		}{
			"a row": {func(s *site) { flip(s.T, s.spool(partial), place(500)) }, []string{"task 0, rows [448,512): not those that were recorded"}, 1},
			"two rows": {func(s *site) {
				flip(s.T, s.spool(partial), place(500))
				flip(s.T, s.spool(partial), place(512)+3)
			}, []string{"task 0, rows [448,576): not those that were recorded"}, 2},
			"the last byte": {func(s *site) { flip(s.T, s.spool(partial), place(rows)-1) }, []string{",3000): not those that were recorded"}, 1},
			"a record": {func(s *site) {
				require.NoError(s, os.Remove(s.spool("done", "0000001")))
			}, []string{"task 1, rows [", "): there, without a record"}, 0},
			"a broken record": {func(s *site) { flip(s.T, s.spool("done", "0000000"), 4096+16*3+5) }, []string{"task 0, rows [", "there, without a record"}, 0},
			"a broken header": {func(s *site) { flip(s.T, s.spool("done", "0000000"), 100) }, []string{"task 0, rows [0,", "there, without a record"}, 0},
			"another task's record": {func(s *site) {
				require.NoError(s, os.Remove(s.spool("done", "0000000")))
				require.NoError(s, os.Link(s.spool("done", "0000001"), s.spool("done", "0000000")))
			}, []string{"task 0, rows [0,", "there, without a record"}, 0},
			"a file that was cut off": {func(s *site) {
				require.NoError(s, os.Truncate(s.spool(partial), place(rows-100)))
			}, []string{",3000): not those that were recorded"}, -1},
			"rows and records": {func(s *site) {
				require.NoError(s, os.Remove(s.spool("done", "0000000")))
				require.NoError(s, os.RemoveAll(s.spool("attempts", "0000000")))
				f, err := os.OpenFile(s.spool(partial), os.O_RDWR, 0)
				require.NoError(s, err)
				defer f.Close()
				_, err = f.WriteAt(make([]byte, 64*row), place(0))
				require.NoError(s, err)
			}, []string{"task 0, rows [0,64): not computed"}, -1},
		} {
			t.Run(name+", "+strconv.Itoa(tasks), func(t *testing.T) {
				s := finished(t, tasks)
				tt.damage(s)
				out := s.fails("verify", s.spool())
				hasLine(t, out, tt.want...)
				assert.Contains(t, out, "1 of "+strconv.Itoa(s.tasks())+" tasks are still to do")
				s.fails("seal", s.spool())
				require.NoFileExists(t, s.path("out.npy"))
				out = s.do("submit", "-missing", "-engine", "local", s.spool())
				if ran := len(s.ran()); tt.ran >= 0 {
					assert.Equal(t, tt.ran, ran, out)
				} else {
					assert.Positive(t, ran)
				}
				s.right()
			})
		}
	}
}

// TestSeal holds that seal never takes the place of a file, and can be killed and called
// again.
func TestSeal(t *testing.T) {
	for _, tasks := range []int{2, 5} {
		s := finished(t, tasks)
		s.write("out.npy", "mine")
		out := s.fails("seal", s.spool())
		assert.Contains(t, out, "exists: seal does not replace it")
		b, err := os.ReadFile(s.path("out.npy"))
		require.NoError(t, err)
		assert.Equal(t, "mine", string(b))
		require.NoError(t, os.Remove(s.path("out.npy")))
		s.do("verify", s.spool())
		if tasks == 2 { // killed when the array had its name
			require.NoError(t, os.Link(s.spool("array.partial.npy"), s.path("out.npy")))
		} else { // killed when the copy had its name
			partial, err := os.ReadFile(s.spool("array.partial"))
			require.NoError(t, err)
			s.right()
			s.write("spool/array.partial", string(partial))
			flip(t, s.path("out.npy"), 5000)
			assert.Contains(t, s.fails("seal", s.spool()), "exists: seal does not replace it")
			flip(t, s.path("out.npy"), 5000)
		}
		s.right()
		assert.Empty(t, s.all(`partial`))
		assert.Equal(t, []string{"out.npy", "spool"}, present(t, s.dir, ""))
		hasLine(t, s.do("status", s.spool()), "sealed: ")
	}
}

// TestNoSpool holds that what is no spool is refused, and that a second plan does not
// touch the first.
func TestNoSpool(t *testing.T) {
	s := finished(t, 2)
	for _, command := range [][]string{{"status"}, {"verify"}, {"seal"}, {"submit", "-engine", "local"}, {"task", "-index", "0"}} {
		out := s.fails(append(command, s.dir)...)
		assert.Contains(t, out, "not a spool: "+s.dir+" has no plan")
	}
	before := files(t, s.spool())
	assert.Contains(t, s.fails("plan", s.spool()), "exists: plan makes a new directory")
	assert.True(t, sameFiles(before, files(t, s.spool())), "touched")
	assert.Contains(t, s.fails("task", "-index", "7", s.spool()), "there is no task 7: they are 0 to 1")

	plan, err := os.ReadFile(s.spool("plan.json"))
	require.NoError(t, err)
	for at := 0; at < len(plan); at += 7 {
		flip(t, s.spool("plan.json"), int64(at))
		status, out := s.try("verify", s.spool())
		require.Equal(t, 1, status, "byte %d: %s", at, out)
		flip(t, s.spool("plan.json"), int64(at))
	}
	s.right()
}

// TestSpoolThatWasChanged holds that a plan and a program are believed only as they were.
func TestSpoolThatWasChanged(t *testing.T) {
	s := finished(t, 2)
	plan, err := os.ReadFile(s.spool("plan.json"))
	require.NoError(t, err)
	changed := bytes.Replace(plan, []byte("out.npy"), []byte("new.npy"), 1)
	require.NotEqual(t, plan, changed)
	require.NoError(t, os.WriteFile(s.spool("plan.json"), changed, 0o600))
	assert.Contains(t, s.fails("status", s.spool()), "not a spool: its plan was changed")
	require.NoError(t, os.WriteFile(s.spool("plan.json"), plan, 0o600))

	programs, err := os.ReadDir(s.spool("bin"))
	require.NoError(t, err)
	program := s.spool("bin", programs[0].Name())
	flip(t, program, 1000)
	assert.Contains(t, s.fails("submit", "-engine", "local", s.spool()), "not a spool: the program "+program+" was changed")
	flip(t, program, 1000)
	s.do("submit", "-engine", "local", s.spool())

}

func sameFiles(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range a {
		if a[name] != b[name] {
			return false
		}
	}
	return true
}

// TestSetAside holds that an attempt takes no record away but the one that it has read.
func TestSetAside(t *testing.T) {
	s := finished(t, 2)
	path := s.spool("done", "0000000")
	read, err := os.Stat(path)
	require.NoError(t, err)
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.Rename(path, s.path("old")))
	require.NoError(t, os.WriteFile(path, good, 0o600)) // as another attempt does meanwhile
	require.NoError(t, batch.SetAside(s.spool(), 0, path, read))
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, good, now)
	read, err = os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, batch.SetAside(s.spool(), 0, path, read))
	assert.NoFileExists(t, path)
	assert.NoError(t, batch.SetAside(s.spool(), 0, path, read), "somebody else was first")
	s.do("submit", "-missing", "-engine", "local", s.spool())
	assert.Empty(t, s.ran(), "the attempts' journals have all")
	s.right()
}
