//go:build linux

package batch_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/batch"
	"github.com/parfor-go/parfor/parmap/internal/journal"
	"github.com/parfor-go/parfor/shmarray"
)

type array = shmarray.Array[float64]

type fillArgs struct {
	Out   *array
	Scale float64
	Dir   string // where the bodies find trouble, and keep a diary
}

// fill writes the rows, and the number of the first into the diary. If there is a file
// trouble and a row's number it does what that says, in the middle of the row.
var fill = parmap.NewKernel("fill", func(ctx context.Context, lo, hi int, a fillArgs) error {
	diary, err := os.OpenFile(filepath.Join(a.Dir, "diary"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer diary.Close()
	if _, err := fmt.Fprintln(diary, lo); err != nil {
		return err
	}
	for i := lo; i < hi; i++ {
		row := a.Out.Row(i)
		row[0] += float64(i) // += shows that the rows were zeroed
		path := filepath.Join(a.Dir, "trouble"+strconv.Itoa(i))
		if how, err := os.ReadFile(path); err == nil {
			if err := act(ctx, path, string(how), row); err != nil {
				return err
			}
		}
		for k := range row[1:] {
			row[1+k] += a.Scale * float64(i*k+1)
		}
	}
	return nil
})

var errBody = errors.New("a body's error")

func act(ctx context.Context, path, how string, row []float64) error {
	switch how {
	case "error":
		return errBody
	case "panic":
		panic("a body's panic")
	case "exit":
		os.Exit(3)
	case "give up":
		<-ctx.Done()
		return nil
	case "goexit":
		runtime.Goexit()
	case "workers":
		return os.WriteFile(filepath.Join(filepath.Dir(path), "workers"), []byte(os.Getenv("PARFOR_WORKERS")), 0o600)
	case "leave":
		os.Exit(0)
	case "wait": // until the file is gone
		for {
			if _, err := os.Stat(path); err != nil {
				return ctx.Err()
			}
			time.Sleep(time.Millisecond)
		}
	case "where":
		dir, err := os.Getwd()
		return errors.Join(err, os.WriteFile(filepath.Join(filepath.Dir(path), "where"), []byte(dir), 0o600))
	case "time": // what a body should not depend on
		row[0] += float64(time.Now().UnixNano())
	}
	return nil
}

// The shape of the tests' array. 512 of its rows are whole pages.
const rows, columns = 3000, 3

// For a program that the tests start.
const (
	dirEnv   = "PARFOR_TEST_DIR"   // its directory
	everyEnv = "PARFOR_TEST_EVERY" // how often it records
	syncsEnv = "PARFOR_TEST_SYNCS" // after how many syncs of rows these fail
	callEnv  = "PARFOR_TEST_CALL"  // before which system call it kills itself
)

func program(dir string) batch.Program[float64, fillArgs] {
	return batch.Program[float64, fillArgs]{
		Kernel: fill, Shape: []int{rows, columns}, Version: "1", Options: []parmap.Option{parmap.Grain(64)},
		Args: func(out *array) (fillArgs, error) { return fillArgs{out, 2, dir}, nil },
	}
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") { // a task, which must not run the tests
		dir := os.Getenv(dirEnv)
		if dir == "" {
			fmt.Fprintln(os.Stderr, dirEnv, "is not set")
			os.Exit(1)
		}
		if d, err := time.ParseDuration(os.Getenv(everyEnv)); err == nil {
			journal.Every = d
		}
		if n, err := strconv.ParseInt(os.Getenv(syncsEnv), 10, 64); err == nil {
			batch.FailSyncs(n, syscall.EIO)
		}
		if n, err := strconv.Atoi(os.Getenv(callEnv)); err == nil {
			dieBefore(n)
		}
		batch.Main(program(dir))
	}
	batch.SetPage(4096) // the files' sizes depend on it
	leakcheck.Main(m)
}

// A site is a program, its spool, and where they lie.
type site struct {
	*testing.T
	dir string
	batch.Program[float64, fillArgs]
}

// newSite makes a spool of at most so many tasks.
func newSite(t *testing.T, tasks int) *site {
	t.Helper()
	dir := t.TempDir()
	t.Setenv(dirEnv, dir)
	s := &site{t, dir, program(dir)}
	s.do("plan", "-tasks", strconv.Itoa(tasks), "-o", s.path("out.npy"), s.spool())
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }
func (s *site) spool(elem ...string) string {
	return filepath.Join(append([]string{s.dir, "spool"}, elem...)...)
}
func (s *site) task(task int) (int, string) {
	return s.try("task", "-index", strconv.Itoa(task), s.spool())
}
func (s *site) trouble(row int, how string) { s.write("trouble"+strconv.Itoa(row), how) }
func (s *site) noTrouble(row int)           { require.NoError(s, os.Remove(s.path("trouble"+strconv.Itoa(row)))) }
func (s *site) write(name string, text string) {
	require.NoError(s, os.WriteFile(s.path(name), []byte(text), 0o600))
}

// try does a command, and returns its status and what it printed.
func (s *site) try(args ...string) (status int, out string) {
	s.Helper()
	var w bytes.Buffer
	status = batch.Do(context.Background(), s.Program, nil, &w, &w, args...)
	return status, w.String()
}

// do does a command that has to succeed.
func (s *site) do(args ...string) (out string) {
	s.Helper()
	status, out := s.try(args...)
	require.Zero(s, status, "%v: %s", args, out)
	return out
}

// fails does a command that must not.
func (s *site) fails(args ...string) (out string) {
	s.Helper()
	status, out := s.try(args...)
	require.Equal(s, 1, status, "%v: %s", args, out)
	return out
}

// tasks returns how many tasks there are.
func (s *site) tasks() int {
	s.Helper()
	words := regexp.MustCompile(`in (\d+) tasks?,`).FindStringSubmatch(s.do("status", s.spool()))
	require.Len(s, words, 2)
	n, err := strconv.Atoi(words[1])
	require.NoError(s, err)
	return n
}

// ran returns the chunks that were begun since the last call, by their first index.
func (s *site) ran() (all []int) {
	s.Helper()
	b, err := os.ReadFile(s.path("diary"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(s, err)
	require.NoError(s, os.Remove(s.path("diary")))
	for _, word := range strings.Fields(string(b)) {
		n, err := strconv.Atoi(word)
		require.NoError(s, err)
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// begun waits until the chunk that begins with a row has been begun that often.
func (s *site) begun(first, times int) {
	s.Helper()
	exp := regexp.MustCompile(`(?m)^` + strconv.Itoa(first) + `$`)
	require.Eventually(s, func() bool {
		b, _ := os.ReadFile(s.path("diary"))
		return len(exp.FindAll(b, -1)) >= times
	}, 2*time.Minute, 10*time.Millisecond, "chunk %d", first)
}

// right requires that the sealed array is what a loop makes.
func (s *site) right() {
	s.Helper()
	s.do("verify", s.spool())
	s.do("seal", s.spool())
	a, err := shmarray.Open[float64](s.path("out.npy"), shmarray.ReadOnly)
	require.NoError(s, err)
	defer a.Close()
	require.Equal(s, []int{rows, columns}, a.Shape())
	for i := range rows {
		require.Equal(s, []float64{float64(i), 2, 2 * float64(i+1)}, a.Row(i), "row %d", i)
	}
}

// hasLine requires that a line of out has each of the words.
func hasLine(t *testing.T, out string, words ...string) {
	t.Helper()
	if !isLine(out, words) {
		assert.Fail(t, "no such line", "%q in\n%s", words, out)
	}
}

// isLine reports whether a line of out has each of the words.
func isLine(out string, words []string) bool {
	for line := range strings.Lines(out) {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			return true
		}
	}
	return false
}
