package parmap_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDependencies holds that who runs loops on goroutines does not link what
// only processes need, and that a program with workers needs no C library, which
// each of them would load.
func TestDependencies(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool:", err)
	}
	const parmap, workers = "github.com/parfor-go/parfor/parmap", "github.com/parfor-go/parfor/parmap/proc"
	for pkg, heavy := range map[string][]string{
		parmap:  {"encoding/gob", "os/exec", "net", workers, "github.com/parfor-go/parfor/shmarray"},
		workers: {"os/exec", "net", "os/user", "runtime/cgo"},
	} {
		cmd := exec.Command(tool, "list", "-deps", pkg)
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		require.NoError(t, err, "%s", said.String())
		deps := strings.Fields(string(out))
		require.Contains(t, deps, "context", "a list of dependencies")
		require.Contains(t, deps, pkg)
		for _, h := range heavy {
			assert.NotContains(t, deps, h)
		}
	}
}
