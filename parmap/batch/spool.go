package batch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/parfor-go/parfor/internal/npy"
	"github.com/parfor-go/parfor/internal/segment"
	"github.com/parfor-go/parfor/parmap/internal/journal"
)

// errSpool says that a directory is no spool, or that one is damaged.
var errSpool = errors.New("not a spool")

// A spool is the directory of a run: see README.md. Files appear in it whole, and are
// not changed then, but for those of attempts, each of which one process writes, and
// for the rows of the partial file.
type spool struct {
	dir string // absolute
	*plan
}

func (s *spool) path(elem ...string) string {
	return filepath.Join(append([]string{s.dir}, elem...)...)
}

// What is in the directory.
const (
	planFile    = "plan.json"
	partialFile = "array.partial.npy" // the rows
	paddedFile  = "array.partial"     // the rows, with gaps between those of two tasks
	binDir      = "bin"
	attemptDir  = "attempts"
	doneDir     = "done"
	logDir      = "logs"
)

// What the names of an attempt's files end with.
const (
	journalExt = ".journal" // what it has recorded
	aliveExt   = ".alive"   // written to from time to time
	failedExt  = ".failed"  // why it ended
	damagedExt = ".damaged" // records that it has set aside, as not all were of the rows
)

// attempts returns the directory of the attempts at a task.
func (s *spool) attempts(task int) string { return s.path(attemptDir, of(task)) }

// partial returns the path of the file with the rows.
func (s *spool) partial() string {
	if s.isDense() {
		return s.path(partialFile)
	}
	return s.path(paddedFile)
}

// of names a task's files. They sort in its order.
func of(task int) string { return fmt.Sprintf("%07d", task) }

// openSpool reads the plan.
func openSpool(dir string) (*spool, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, planFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s has no plan%s", errSpool, dir, (&spool{dir: dir}).orphaned())
	}
	if err != nil {
		return nil, err
	}
	p, err := decodePlan(b)
	if err != nil {
		return nil, err
	}
	return &spool{dir, p}, nil
}

// loadDone returns the record that a task is done. The error is errIncomplete if a chunk is
// missing.
func (s *spool) loadDone(task int) (*journal.Journal, error) {
	path := s.path(doneDir, of(task))
	n := s.chunks(task).Len()
	j, err := journal.Load(path, s.header(task), n)
	if err == nil && recorded(j, n) < n {
		err = errIncomplete
	}
	return j, err
}

var errIncomplete = errors.New("some chunks are missing")

// isDamage reports whether a record is of no use, as loadDone says, but there.
func isDamage(err error) bool {
	var mismatch *journal.MismatchError
	return errors.Is(err, journal.ErrFormat) || errors.Is(err, errIncomplete) || errors.As(err, &mismatch)
}

// recorded returns how many of n chunks are in a journal.
func recorded(j *journal.Journal, n int) (k int) {
	for chunk := range n {
		if _, ok := j.Recorded(chunk); ok {
			k++
		}
	}
	return k
}

// createSpool makes the directory, with everything that tasks need. The plan comes
// last: a directory that has one is whole.
func createSpool(dir string, p *plan, prog program) (s *spool, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	s = &spool{dir, p}
	segment.Enter("mkdirat", dir)
	if err := os.Mkdir(dir, 0o777); errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s exists: plan makes a new directory%s", dir, s.orphaned())
	} else if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(dir)
		}
	}()
	for _, sub := range []string{binDir, attemptDir, doneDir, logDir} {
		segment.Enter("mkdirat", s.path(sub))
		if err := os.Mkdir(s.path(sub), 0o777); err != nil {
			return nil, err
		}
	}
	if err := segment.SyncDir(dir); err != nil {
		return nil, err
	}
	if p.Binary, err = copyProgram(s.path(binDir)); err != nil {
		return nil, err
	}
	if err := s.createPartial(prog.element()); err != nil {
		return nil, err
	}
	b, err := p.encode()
	if err != nil {
		return nil, err
	}
	if err := segment.CreateFile(s.path(planFile), b); err != nil {
		return nil, err
	}
	return s, nil
}

// orphaned returns what to say of a directory in which a plan was begun, and "" of any other.
func (s *spool) orphaned() string {
	if _, err := os.Stat(s.path(planFile)); err == nil || !isDirectory(s.path(binDir)) || !isDirectory(s.path(attemptDir)) {
		return ""
	}
	return "; remove it, if a plan was killed there"
}

// copyProgram copies this program into dir, under the name of its digest.
func copyProgram(dir string) (digest string, err error) {
	b, err := os.ReadFile("/proc/self/exe")
	if errors.Is(err, os.ErrNotExist) {
		var path string
		if path, err = os.Executable(); err == nil {
			b, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return "", err
	}
	digest = digestOf(b)
	path := filepath.Join(dir, digest)
	if err := segment.CreateFile(path, b); err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	mode := info.Mode().Perm()
	segment.Enter("fchmod", path)
	if err := f.Chmod(mode | mode>>2&0o111); err != nil { // who may read it may run it
		return "", err
	}
	return digest, segment.Fsync(f)
}

// checkProgram returns an error if the program of the tasks is not the one that was planned.
func (s *spool) checkProgram() error {
	b, err := os.ReadFile(s.path(binDir, s.Binary))
	if err == nil && digestOf(b) != s.Binary {
		err = fmt.Errorf("%w: the program %s was changed", errSpool, s.path(binDir, s.Binary))
	}
	return err
}

// createPartial makes the file for the rows, which are zeros.
func (s *spool) createPartial(t npy.Type) error {
	h := npy.Own(t, s.Shape)
	var head []byte
	size := s.size()
	if s.isDense() {
		var err error
		if head, err = h.Encode(); err != nil {
			return err
		}
	}
	s.Offset = int64(len(head))
	segment.Enter("openat", s.partial())
	f, err := os.OpenFile(s.partial(), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := segment.WriteAt(f, head, 0); err != nil {
		return err
	}
	if err := segment.Truncate(f, s.Offset+size); err != nil {
		return err
	}
	return segment.Fsync(f)
}
