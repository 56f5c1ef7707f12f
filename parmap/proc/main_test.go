//go:build linux

package proc_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/parmap/proc"
)

const (
	earlyEnv = "PARFOR_TEST_EARLY" // a directory: see early
	roleEnv  = "PARFOR_TEST_ROLE"  // what a program does that a test starts
	filesEnv = "PARFOR_TEST_FILES" // how many files a worker may have open
)

func TestMain(m *testing.M) {
	early()
	limitFiles()
	proc.WorkerMain()
	switch os.Getenv(roleEnv) {
	case "bystander":
		fmt.Println("not a worker")
	case "parent":
		parent()
	case "recorder":
		recorder()
	case "patient":
		patient()
	default:
		leakcheck.Main(m)
	}
}

func limitFiles() {
	if n, err := strconv.ParseUint(os.Getenv(filesEnv), 10, 32); err == nil {
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n})
	}
}

// early dies before WorkerMain if there is a file in the directory that earlyEnv
// names and this process is the one that removes it. The name is a number, a
// dash and the way to die.
func early() {
	dir := os.Getenv(earlyEnv)
	if dir == "" {
		return
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*-*"))
	for _, f := range files {
		if os.Remove(f) == nil {
			_, how, _ := strings.Cut(filepath.Base(f), "-")
			_ = act(context.Background(), how)
		}
	}
}
