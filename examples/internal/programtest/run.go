package programtest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/leakcheck"
)

// asMain, set in the environment, makes the test binary the program itself.
const asMain = "PARFOR_EXAMPLE_MAIN"

// patience bounds the life of a process, in case it hangs.
const patience = 2 * time.Minute

// Main is the body of a TestMain. In the processes of Command it runs main in place of
// the tests.
func Main(m *testing.M, main func()) {
	if os.Getenv(asMain) != "" {
		main()
		return
	}
	leakcheck.Main(m)
}

// Command returns the command that runs the program with these arguments.
func Command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Env = append(os.Environ(), asMain+"=1")
	c.WaitDelay = patience
	return c
}

// Failure runs the program, which has to end with status 1 and to say why in one line,
// and returns that line.
func Failure(t *testing.T, args ...string) string {
	t.Helper()
	c := Command(t, args...)
	c.Dir = t.TempDir() // where a picture would be
	var stderr bytes.Buffer
	c.Stderr = &stderr
	var exit *exec.ExitError
	require.ErrorAs(t, c.Run(), &exit)
	assert.Equal(t, 1, exit.ExitCode())
	line, more, _ := strings.Cut(stderr.String(), "\n")
	assert.Empty(t, more, "after %q", line)
	return line
}
