//go:build linux

package proc_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/parmap"
	"github.com/parfor-go/parfor/parmap/proc"
)

// dawdle takes 100 ms for each index, of time in which it is not stopped.
var dawdle = parmap.NewKernel("dawdle", func(context.Context, int, int, struct{}) error {
	for range 20 {
		time.Sleep(5 * time.Millisecond)
	}
	return nil
})

// patient is a program whose chunks take a tenth of their time limit. It prints
// the number of its worker, and how its run ended.
func patient() {
	p, err := proc.Start(context.Background(), 1, proc.ChunkTimeout(time.Second))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.PIDs()[0])
	fmt.Println(dawdle.Run(context.Background(), 5, struct{}{}, parmap.On(p), parmap.Grain(1)))
	p.Close()
}

// TestSuspension holds that the time does not count in which the program and
// its workers were stopped, as when a laptop is shut.
func TestSuspension(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=patient")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan())
	var worker int
	_, err = fmt.Sscan(lines.Text(), &worker)
	require.NoError(t, err)
	time.Sleep(150 * time.Millisecond) // into the second chunk
	both := []int{cmd.Process.Pid, worker}
	for _, pid := range both {
		require.NoError(t, syscall.Kill(pid, syscall.SIGSTOP))
	}
	time.Sleep(1500 * time.Millisecond)
	for _, pid := range both {
		require.NoError(t, syscall.Kill(pid, syscall.SIGCONT))
	}
	require.True(t, lines.Scan())
	assert.Equal(t, "<nil>", lines.Text())
	assert.NoError(t, cmd.Wait())
}

// TestIgnoredSIGCHLD is of a program that somebody starts who ignores the end
// of children, which the program inherits.
func TestIgnoredSIGCHLD(t *testing.T) {
	cmd := exec.Command("sh", "-c", `trap '' CHLD; exec "$0"`, os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"=patient")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "<nil>\n")
}
