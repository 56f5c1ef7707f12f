//go:build linux

package proc_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
	"github.com/parfor-go/parfor/shmarray"
)

// parent is a program that loops runs until it is killed. It prints the numbers
// of its workers when they are there.
func parent() {
	p, err := proc.Start(context.Background(), 3)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.PIDs())
	out, err := shmarray.Zeros(crashRows)
	for err == nil {
		err = crash.Run(context.Background(), crashRows, crashArgs{Out: out, At: -1}, parmap.On(p), parmap.Output(out), parmap.Grain(1))
	}
	fmt.Println(err)
	os.Exit(1)
}

// TestOrphans kills programs that have a pool, also while it starts.
func TestOrphans(t *testing.T) {
	rounds := 20
	if storm {
		rounds = 100
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range rounds {
		marked := mark(t)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), roleEnv+"=parent")
		stdout, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		ready := make(chan string, 1)
		go func() {
			line, _ := bufio.NewReader(stdout).ReadString('\n')
			ready <- line
		}()
		stopped := "none"
		if round%2 == 0 { // at start-up, which takes some 20 ms
			time.Sleep(time.Duration(random.IntN(30_000)) * time.Microsecond)
		} else {
			line := <-ready
			ready <- line
			pids := strings.Fields(strings.Trim(line, "[]\n"))
			require.Len(t, pids, 3, "%s", line)
			time.Sleep(time.Duration(random.IntN(20_000)) * time.Microsecond)
			if round%4 == 1 {
				var pid int
				_, err := fmt.Sscan(pids[random.IntN(3)], &pid)
				require.NoError(t, err)
				require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
				stopped = fmt.Sprint(pid)
			}
		}
		require.NoError(t, cmd.Process.Kill())
		killed := time.Now()
		<-ready
		assert.EqualError(t, cmd.Wait(), "signal: killed")
		left := marked()
		for len(left) > 0 && time.Since(killed) < time.Second*slowness {
			left = marked()
		}
		require.Empty(t, left, "round %d, stopped: %s", round, stopped)
	}
}
