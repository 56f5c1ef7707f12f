//go:build linux

package proc_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

type recordedArgs struct {
	Out  *array
	Dir  string        // where the bodies find trouble, and keep a diary
	Take time.Duration // by each body
}

// recorded writes its rows, and before that their numbers into a diary. If there is
// a file trouble and the number of a row, it does in the middle of that row what the
// file says; if the file is called once and the number, it does so once.
var recorded = parmap.NewKernel("recorded", func(ctx context.Context, lo, hi int, a recordedArgs) error {
	diary, err := os.OpenFile(filepath.Join(a.Dir, "diary"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer diary.Close()
	if err := a.waitForStage(); err != nil {
		return err
	}
	for i := lo; i < hi; i++ {
		if _, err := fmt.Fprintln(diary, i); err != nil {
			return err
		}
		row := a.Out.Row(i)
		row[0] += float64(i) // += shows that the rows were zeroed
		time.Sleep(a.Take)
		if how, err := os.ReadFile(a.file("trouble", i)); err == nil {
			if err := act(ctx, string(how)); err != nil {
				return err
			}
		}
		if how, err := os.ReadFile(a.file("once", i)); err == nil && os.Remove(a.file("once", i)) == nil {
			if err := act(ctx, string(how)); err != nil {
				return err
			}
		}
		row[1] += float64(i * i)
	}
	return nil
})

func (a recordedArgs) file(name string, row int) string {
	return filepath.Join(a.Dir, name+strconv.Itoa(row))
}

// recordedRows is how many rows a recordedRun has, each a chunk.
const recordedRows = 256

// A recordedRun is a run of recorded and its files.
type recordedRun struct {
	dir  string
	args recordedArgs
}

// openRecorded opens the array, and makes it if there is none.
func openRecorded(dir string) (r recordedRun, err error) {
	r = recordedRun{dir, recordedArgs{Dir: dir}}
	path := filepath.Join(dir, "out.npy")
	r.args.Out, err = shmarray.Create[float64](path, recordedRows, 2)
	if errors.Is(err, os.ErrExist) {
		r.args.Out, err = shmarray.Open[float64](path, shmarray.ReadWrite)
	}
	return r, err
}

func newRecorded(t testing.TB) recordedRun {
	t.Helper()
	r, err := openRecorded(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { r.args.Out.Close() })
	return r
}

func (r recordedRun) run(options ...parmap.RunOption) error {
	return recorded.Run(context.Background(), recordedRows, r.args, append(slices.Clip(options), parmap.Grain(1),
		parmap.Output(r.args.Out), parmap.Journal{Path: filepath.Join(r.dir, "journal"), Version: "1"})...)
}

// make makes a file in r's directory.
func (r recordedRun) make(t testing.TB, name, content string) (remove func()) {
	t.Helper()
	path := filepath.Join(r.dir, name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return func() { os.Remove(path) }
}

// ran returns the rows whose bodies were begun since the last call.
func (r recordedRun) ran(t testing.TB) (rows []int) {
	t.Helper()
	path := filepath.Join(r.dir, "diary")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	for line := range strings.Lines(string(b)) {
		i, err := strconv.Atoi(strings.TrimSuffix(line, "\n"))
		require.NoError(t, err)
		rows = append(rows, i)
	}
	slices.Sort(rows)
	return rows
}

// done returns the rows that the journal has.
func (r recordedRun) done(t testing.TB) (rows []int) {
	t.Helper()
	j, err := journal.Load(filepath.Join(r.dir, "journal"), nil, recordedRows)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	for row := range recordedRows {
		if _, ok := j.Recorded(row); ok {
			rows = append(rows, row)
		}
	}
	return rows
}

// right requires that the array is what an undisturbed run makes.
func (r recordedRun) right(t testing.TB) {
	t.Helper()
	for i := range recordedRows {
		require.Equal(t, []float64{float64(i), float64(i * i)}, r.args.Out.Row(i), "row %d", i)
	}
}

// rest is the rows that are not in done, which is sorted.
func rest(done []int) (rows []int) {
	for row := range recordedRows {
		if _, ok := slices.BinarySearch(done, row); !ok {
			rows = append(rows, row)
		}
	}
	return rows
}

// TestJournalOnProcesses ends a run on processes or goroutines in several ways, and
// lets the other go on.
func TestJournalOnProcesses(t *testing.T) {
	p := start(t, 3, proc.Retries(1))
	backends := map[string][]parmap.RunOption{
		"processes": {parmap.On(p)}, "two processes": {parmap.On(p), parmap.Workers(2)}, "goroutines": nil,
	}
	for _, how := range []string{"error", "panic", "SIGKILL"} {
		for first, options := range backends {
			if how == "SIGKILL" && options == nil {
				continue // it would be the test's end
			}
			for second, others := range backends {
				t.Run(how+", "+first+", "+second, func(t *testing.T) {
					r := newRecorded(t)
					remove := r.make(t, "trouble100", how)
					err := r.run(options...)
					var chunk *parmap.ChunkError
					require.ErrorAs(t, err, &chunk)
					assert.Equal(t, 100, chunk.Lo)
					if how == "SIGKILL" {
						assert.Equal(t, 2, chunk.Attempts)
					}
					done, ran := r.done(t), r.ran(t)
					assert.NotContains(t, done, 100)
					assert.NotEmpty(t, done)
					assert.Subset(t, ran, done)
					remove()
					require.NoError(t, r.run(others...))
					assert.Equal(t, rest(done), r.ran(t))
					r.right(t)
					require.NoError(t, r.run(options...))
					assert.Empty(t, r.ran(t), "a finished run")
					r.right(t)
				})
			}
		}
	}
}

// TestJournalAndCrashes holds that a chunk whose worker died is recorded when a retry
// has done it.
func TestJournalAndCrashes(t *testing.T) {
	p := start(t, 2)
	r := newRecorded(t)
	for row := 10; row < recordedRows; row += 60 {
		r.make(t, "once"+strconv.Itoa(row), "SIGKILL")
	}
	require.NoError(t, r.run(parmap.On(p)))
	r.right(t)
	assert.Empty(t, rest(r.done(t)))
	assert.Len(t, r.ran(t), recordedRows+5)
}

// TestJournalWhileRunning holds that what is done is recorded while the run goes on,
// and that its workers, and nobody after it, hold the journal's lock.
func TestJournalWhileRunning(t *testing.T) {
	defer setEvery(time.Millisecond)()
	p := start(t, 2)
	r := newRecorded(t)
	r.make(t, "trouble200", "wait")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	path := filepath.Join(r.dir, "journal")
	go func() {
		ended <- recorded.Run(ctx, recordedRows, r.args, parmap.On(p), parmap.Grain(1), parmap.Output(r.args.Out),
			parmap.Journal{Path: path, Version: "1"})
	}()
	want := rest([]int{200})
	assert.Eventually(t, func() bool { return slices.Equal(want, r.done(t)) }, 20*time.Second, 10*time.Millisecond)
	for _, pid := range p.PIDs() {
		assert.True(t, hasOpen(t, pid, path), "a worker without the lock")
	}
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	assert.Eventually(t, func() bool {
		return !slices.ContainsFunc(p.PIDs(), func(pid int) bool { return hasOpen(t, pid, path) })
	}, 20*time.Second, time.Millisecond, "a worker keeps the file open")
	assert.Equal(t, want, r.done(t))
}

// setEvery makes runs record more often.
func setEvery(d time.Duration) (restore func()) {
	old := journal.Every
	journal.Every = d
	restoreTell := proc.SetTellEvery(d)
	return func() {
		journal.Every = old
		restoreTell()
	}
}

// hasOpen reports whether a process has the file open.
func hasOpen(t testing.TB, pid int, path string) bool {
	t.Helper()
	open, err := opens(strconv.Itoa(pid), path)
	require.NoError(t, err)
	return open
}
