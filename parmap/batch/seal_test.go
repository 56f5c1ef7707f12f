//go:build linux

package batch_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/npy"
	"github.com/parfor-go/parfor/parmap/batch"
	"github.com/parfor-go/parfor/shmarray"
)

// TestSealElsewhere has the array on another file system than the spool.
func TestSealElsewhere(t *testing.T) {
	dir, err := os.MkdirTemp("/dev/shm", "parfor-test-")
	if err != nil {
		t.Skipf("no other file system: %v", err)
	}
	defer os.RemoveAll(dir)
	for _, tasks := range []string{"2", "5"} {
		s := newSite(t, 1)
		output := filepath.Join(dir, tasks+".npy")
		s.do("plan", "-tasks", tasks, "-o", output, s.path("other"))
		s.do("submit", "-engine", "local", s.path("other"))
		assert.Equal(t, output+"\n", s.do("seal", s.path("other")))
		a, err := shmarray.Open[float64](output, shmarray.ReadOnly)
		require.NoError(t, err)
		assert.Equal(t, []float64{2999, 2, 6000}, a.Row(rows-1))
		require.NoError(t, a.Close())
		s.do("verify", s.path("other"))
	}
	assert.Equal(t, []string{"2.npy", "5.npy"}, present(t, dir, ""))
}

// TestRowsAreGone holds what is said where there are no rows, or no place for them.
func TestRowsAreGone(t *testing.T) {
	s := newSite(t, 1)
	require.NoError(t, os.Mkdir(s.path("there"), 0o700))
	output := s.path("there/out.npy")
	s.do("plan", "-tasks", "2", "-o", output, s.path("other"))
	s.do("submit", "-engine", "local", s.path("other"))
	require.NoError(t, os.Remove(s.path("there")))
	assert.Contains(t, s.fails("seal", s.path("other")), "seal: "+s.path("there")+", where the plan has the array, is no directory here: make it")
	require.NoError(t, os.Mkdir(s.path("there"), 0o700))
	s.do("seal", s.path("other"))
	require.NoError(t, os.Remove(output))
	for _, command := range []string{"verify", "seal"} {
		assert.Contains(t, s.fails(command, s.path("other")), ": the rows are gone: neither "+s.path("other/array.partial.npy")+" nor "+output+" is there")
	}
}

// TestSealsAtOnce has several seals at one spool: one makes the array, and the others find it.
func TestSealsAtOnce(t *testing.T) {
	for _, tasks := range []int{2, 5} {
		for range 10 {
			s := finished(t, tasks)
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					status, out := s.try("seal", s.spool())
					assert.Zero(t, status, out)
				})
			}
			all.Wait()
			s.right()
			assert.Equal(t, []string{"out.npy", "spool"}, present(t, s.dir, ""))
		}
	}
}

// TestSealOfRowsThatChange holds that a copy of rows that are not those recorded does not get
// the array's name: they can change after they were verified.
func TestSealOfRowsThatChange(t *testing.T) {
	s := finished(t, 5)
	flip(t, s.spool("array.partial"), 5000)
	elem, _ := npy.TypeOf(0.0)
	err := batch.Pack(context.Background(), s.spool(), elem)
	assert.ErrorContains(t, err, "not those that were recorded")
	assert.Equal(t, []string{"spool"}, present(t, s.dir, ""))
	flip(t, s.spool("array.partial"), 5000)
	require.NoError(t, batch.Pack(context.Background(), s.spool(), elem))
	s.right()
}

// TestSealIsStopped holds that a seal which could not look at the copy of one that was killed
// says why, and not that there is another array.
func TestSealIsStopped(t *testing.T) {
	s := finished(t, 5)
	elem, _ := npy.TypeOf(0.0)
	require.NoError(t, batch.Pack(context.Background(), s.spool(), elem))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var said bytes.Buffer
	assert.Equal(t, 1, batch.Do(ctx, s.Program, nil, &said, &said, "seal", s.spool()))
	assert.Equal(t, "seal: context canceled\n", said.String())
	s.right()
}

// TestSealWaits holds that seal does not begin while an attempt on another machine may
// live, and that a task that comes after it has nothing to do.
func TestSealWaits(t *testing.T) {
	defer batch.SetBeatEvery(50 * time.Millisecond)()
	s := finished(t, 2)
	alive := s.spool("attempts", "0000001", "elsewhere-1-1.alive")
	require.NoError(t, os.WriteFile(alive, nil, 0o600))
	assert.Contains(t, s.do("seal", s.spool()), "waiting for attempts at: 1\n")
	s.right()
	for task := range 2 {
		assert.Zero(t, must(s.task(task)))
	}
	assert.Empty(t, s.ran())
}

// TestSealedIsAnother puts another array in the place of the one that was sealed.
func TestSealedIsAnother(t *testing.T) {
	s := finished(t, 2)
	s.right()
	require.NoError(t, os.Remove(s.path("out.npy")))
	a, err := shmarray.Create[float64](s.path("out.npy"), rows, columns+1)
	require.NoError(t, err)
	defer a.Close()
	assert.NotContains(t, s.do("status", s.spool()), "sealed")
	assert.Contains(t, s.fails("verify", s.spool()), "out.npy is not the array of this run")
	assert.Contains(t, s.fails("seal", s.spool()), "exists: seal does not replace it")
	assert.Contains(t, s.fails("task", "-index", "0", s.spool()), "no such file")
}

// TestStandings holds that a task stands where its last attempt has left it.
func TestStandings(t *testing.T) {
	s := newSite(t, 2)
	dir := s.spool("attempts", "0000001")
	require.NoError(t, os.Mkdir(dir, 0o700))
	leave := func(name, text string, ago time.Duration) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		require.NoError(t, os.Chtimes(filepath.Join(dir, name), time.Time{}, time.Now().Add(-ago)))
	}
	stands := func(words ...string) {
		t.Helper()
		hasLine(t, s.do("status", s.spool()), words...)
	}
	leave("node-1-700.failed", "the first\n", 5*time.Minute)
	stands("failed", "1", "1")
	stands("task 1: the first")
	leave("node-b-2-100.journal", "", 4*time.Minute) // by a clock that is behind
	stands("waiting", "2", "0-1")
	leave("node-3-1000.alive", "", 0)
	stands("running", "1", "1")
	leave("node-3-1000.alive", "half of", 2*time.Minute)
	stands("stale", "1", "1")
	stands("task 1: no sign of life since ")
	leave("node-4-1100.failed", "the last\n", time.Minute)
	stands("task 1: the last")
	leave("node-4-1100.alive", "", 0) // it has not come to remove that
	leave("a file of somebody else's", "", 0)
	stands("failed", "1", "1")
}
