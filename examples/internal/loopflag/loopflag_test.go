package loopflag_test

import (
	"bytes"
	"flag"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/examples/internal/loopflag"
	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/parmap"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

// parse returns the options of a command line, what was written, and the error.
func parse(line string) (opts []parmap.Option, stdout string, err error) {
	var b bytes.Buffer
	s := loopflag.New("prog", "most at once")
	s.Bool("check", true, "compare")
	err = s.Parse(strings.Fields(line), &b)
	return s.Options(), b.String(), err
}

func TestOptions(t *testing.T) {
	for schedule := parmap.Auto; schedule <= parmap.Serial; schedule++ {
		opts, stdout, err := parse("-check=false -workers 2 -schedule " + strings.ToLower(schedule.String()))
		require.NoError(t, err)
		assert.Equal(t, []parmap.Option{parmap.Workers(2), schedule}, opts)
		assert.Empty(t, stdout)
	}
	opts, _, err := parse("")
	require.NoError(t, err)
	assert.Equal(t, []parmap.Option{parmap.Workers(0), parmap.Auto}, opts)
}

func TestParseRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"-workers -1":    "-workers -1: negative",
		"-schedule fair": "want auto, static, dynamic, guided or serial",
		"-frobnicate":    "frobnicate",
		"stray":          `unexpected argument "stray"`,
	} {
		_, stdout, err := parse(line)
		assert.ErrorContains(t, err, want, line)
		assert.Empty(t, stdout, line)
	}
}

func TestHelp(t *testing.T) {
	_, stdout, err := parse("-h")
	require.ErrorIs(t, err, flag.ErrHelp)
	assert.True(t, strings.HasPrefix(stdout, "usage: prog [flags]\n"), stdout)
	for _, want := range []string{"  -check\n", "  -schedule rule\n", "  -workers int\n    \tmost at once; 0: PARFOR_WORKERS or else GOMAXPROCS\n"} {
		assert.Contains(t, stdout, want)
	}
}
