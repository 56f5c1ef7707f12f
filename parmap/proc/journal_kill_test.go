//go:build linux

package proc_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

const (
	dirEnv   = "PARFOR_TEST_DIR"   // of a recordedRun
	everyEnv = "PARFOR_TEST_EVERY" // how often it records
)

// recorder is a program that does a recordedRun on two processes. It prints their
// numbers, and what came of it, and how many system calls it took if these are counted.
func recorder() {
	defer os.Exit(0)
	every, err := time.ParseDuration(os.Getenv(everyEnv))
	if err != nil {
		fmt.Println(err)
		return
	}
	setEvery(every)
	counted := countCalls()
	p, err := proc.Start(context.Background(), 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	fmt.Println(p.PIDs())
	r, err := openRecorded(os.Getenv(dirEnv))
	if err != nil {
		fmt.Println(err)
		return
	}
	if os.Getenv(hastyEnv) == "" {
		r.args.Take = 500 * time.Microsecond
	}
	fmt.Println(r.run(parmap.On(p)))
	fmt.Print(counted())
}

// TestJournalKills kills a program that does a journalled run, and its workers, at any
// instant, until the run is complete in spite of that, again and again. No row that
// was recorded is computed a second time, and none is wrong.
func TestJournalKills(t *testing.T) {
	kills := 60
	if storm {
		kills = 300
	}
	random := rand.New(rand.NewPCG(6, 1))
	killed, lives, spared := 0, 0, 0
	for killed < kills {
		dir := t.TempDir()
		r, err := openRecorded(dir)
		require.NoError(t, err)
		var done []int
		for finished := false; !finished; {
			lives++
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), roleEnv+"=recorder", dirEnv+"="+dir, everyEnv+"=2ms")
			stdout, err := cmd.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			lines := bufio.NewReader(stdout)
			first, _ := lines.ReadString('\n')
			pids := numbers(first)
			require.Len(t, pids, 2, "%s", first)
			if random.IntN(3) == 0 { // a worker, and the run goes on
				time.Sleep(time.Duration(random.IntN(60_000)) * time.Microsecond)
				_ = syscall.Kill(pids[random.IntN(2)], syscall.SIGKILL) // it may be gone
				killed++
			}
			if random.IntN(5) > 0 {
				time.Sleep(time.Duration(random.IntN(100_000)) * time.Microsecond)
				require.NoError(t, cmd.Process.Kill())
				killed++
			}
			last, _ := lines.ReadString('\n')
			_ = cmd.Wait() // by the signal, or not
			if finished = last != ""; finished {
				require.Equal(t, "<nil>\n", last)
			}
			ran := r.ran(t)
			for _, row := range done {
				require.False(t, slices.Contains(ran, row), "row %d was recorded and has run", row)
			}
			spared += len(done)
			now := r.done(t)
			require.Subset(t, now, done, "records are gone")
			done = now
		}
		r.right(t)
		assert.Empty(t, rest(done))
		require.NoError(t, r.args.Out.Close())
	}
	t.Logf("%d kills, %d lives, %d rows not computed again", killed, lives, spared)
	assert.Positive(t, spared)
}

// numbers are those in a line as [1 2 3].
func numbers(line string) (all []int) {
	for _, word := range strings.Fields(strings.Trim(line, "[]\n")) {
		var n int
		if _, err := fmt.Sscan(word, &n); err == nil {
			all = append(all, n)
		}
	}
	return all
}
