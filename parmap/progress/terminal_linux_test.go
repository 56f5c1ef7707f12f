package progress_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/parfor-go/parfor/parmap/progress"
)

// openTerminal returns the two ends of a pseudo-terminal: what is written to the program's
// is read from the screen's.
func openTerminal(t *testing.T) (screen, program *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { screen.Close() })
	number := 0
	control(t, screen, func(fd int) (err error) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return err
	})
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { program.Close() })
	return screen, program
}

func control(t *testing.T, f *os.File, do func(fd int) error) {
	t.Helper()
	conn, err := f.SyscallConn()
	require.NoError(t, err)
	var failed error
	require.NoError(t, conn.Control(func(fd uintptr) { failed = do(int(fd)) }))
	require.NoError(t, failed)
}

func resize(t *testing.T, f *os.File, columns uint16) {
	t.Helper()
	control(t, f, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	})
}

// wrapped hides all of a file but two methods.
type wrapped struct{ f *os.File }

func (w wrapped) Write(b []byte) (int, error) { return w.f.Write(b) }
func (w wrapped) Fd() uintptr                 { return w.f.Fd() }

// TestPseudoTerminal holds that a terminal is recognised, and its width at the time is
// heeded.
func TestPseudoTerminal(t *testing.T) {
	for name, wrap := range map[string]func(f *os.File) io.Writer{
		"file": func(f *os.File) io.Writer { return f },
		"Fd":   func(f *os.File) io.Writer { return wrapped{f} },
	} {
		t.Run(name, func(t *testing.T) {
			screen, program := openTerminal(t)
			w := wrap(program)
			show := progress.Show(w, progress.Columns, plain)
			for _, columns := range []uint16{50, 20, 0} {
				resize(t, program, columns)
				n, ok := progress.Columns(w)
				assert.True(t, ok)
				assert.EqualValues(t, columns, n)
				show(after(time.Second, 370, 370, 1000))
			}
			show(end(3*time.Second, 1000, 1000))
			require.NoError(t, program.Close())
			_, ok := progress.Columns(w)
			assert.False(t, ok, "a closed file")
			// Reading fails when nobody has the other end and all is read.
			seen, err := io.ReadAll(screen)
			require.ErrorIs(t, err, unix.EIO)
			assert.Equal(t, "\r 37%  |###      |   370/1000    370/s  left 00:02\x1b[K\r"+
				"\r\x1b[J 37%  left 00:02\x1b[K\r"+
				"\r 37%  |########                |   370/1000    370/s  elapsed 00:01  left 00:02\x1b[K\r"+
				"\r1000 of 1000 in 3.0 s, 333 a second\x1b[K\r\n", string(seen))
		})
	}
}

// TestNoTerminals holds that other files are none.
func TestNoTerminals(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer file.Close()
	r, pipe, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	defer pipe.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	var none *os.File
	for name, w := range map[string]io.Writer{
		"file": file, "pipe": pipe, "null": null, "nil file": none, "wrapped file": wrapped{file}, "buffer": &bytes.Buffer{},
	} {
		_, ok := progress.Columns(w)
		assert.False(t, ok, name)
	}
	show := progress.Show(file, progress.Columns, plain)
	show(after(12*time.Second, 370, 370, 1000))
	show(end(13*time.Second, 1000, 1000))
	said, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	assert.Equal(t, "370 of 1000 (37%) in 12 s, 31 a second, 20 s left\n1000 of 1000 in 13 s, 77 a second\n", string(said))
}
