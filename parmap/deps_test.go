package parmap_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDependencies holds that who runs loops on goroutines does not link what
// only processes need.
func TestDependencies(t *testing.T) {
	tool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go tool:", err)
	}
	cmd := exec.Command(tool, "list", "-deps", "github.com/parfor-go/parfor/parmap")
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, "%s", said.String())
	deps := strings.Fields(string(out))
	require.Contains(t, deps, "context", "a list of dependencies")
	require.Contains(t, deps, "github.com/parfor-go/parfor/parmap")
	for _, heavy := range []string{
		"encoding/gob", "os/exec", "net",
		"github.com/parfor-go/parfor/parmap/proc", "github.com/parfor-go/parfor/shmarray",
	} {
		assert.NotContains(t, deps, heavy)
	}
}
