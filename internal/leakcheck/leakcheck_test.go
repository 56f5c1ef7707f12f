package leakcheck_test

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/internal/segment"
)

const leakEnv = "LEAKCHECK_TEST_LEAK"

func TestMain(m *testing.M) { leakcheck.Main(m) }

// leaks are run in processes of their own, by TestLeak.
var leaks = map[string]struct {
	leak  func(t *testing.T)
	linux bool   // found on Linux only
	want  string // in what is printed; "": nothing leaks
}{
	"nothing":   {func(*testing.T) {}, false, ""},
	"goroutine": {func(*testing.T) { go park() }, false, "leakcheck_test.park"},
	"descriptor": {func(t *testing.T) {
		f, err := os.Open(os.DevNull)
		require.NoError(t, err)
		kept = f
	}, true, "descriptor"},
	"child": {func(t *testing.T) {
		cmd := exec.Command("true")
		require.NoError(t, cmd.Start()) // and no Wait
		kept = cmd
	}, true, "child process"},
	"segment": {func(t *testing.T) {
		s, err := segment.New(1, "test")
		require.NoError(t, err)
		kept = s
	}, true, "left behind: mapping"},
	"closed segment": {func(t *testing.T) {
		s, err := segment.New(1, "test")
		require.NoError(t, err)
		require.NoError(t, s.Close())
	}, true, ""},
	"late goroutine": {func(*testing.T) { go finish() }, false, ""},
}

var (
	kept any // what a leak leaves reachable
	stop = make(chan int)
)

func park() { <-stop }

// finish outlives the tests, but not for long.
func finish() { time.Sleep(200 * time.Millisecond) }

func TestLeak(t *testing.T) {
	if l, ok := leaks[os.Getenv(leakEnv)]; ok {
		l.leak(t)
		return
	}
	// All at once: a leak takes as long as Main is patient.
	outputs, children := map[string]*bytes.Buffer{}, map[string]*exec.Cmd{}
	for name, l := range leaks {
		if l.linux && runtime.GOOS != "linux" {
			continue
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestLeak$")
		cmd.Env = append(os.Environ(), leakEnv+"="+name)
		outputs[name] = new(bytes.Buffer)
		cmd.Stdout, cmd.Stderr = outputs[name], outputs[name]
		require.NoError(t, cmd.Start())
		children[name] = cmd
	}
	for name, l := range leaks {
		t.Run(name, func(t *testing.T) {
			if children[name] == nil {
				t.Skip("found through /proc, which is missing")
			}
			err, out := children[name].Wait(), outputs[name].String()
			if l.want == "" {
				assert.NoError(t, err, "%s", out)
				return
			}
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "%s", out)
			assert.Equal(t, 1, exit.ExitCode())
			assert.Contains(t, out, "PASS")
			assert.Contains(t, out, "leakcheck: left behind: ")
			assert.Contains(t, out, l.want)
		})
	}
}
