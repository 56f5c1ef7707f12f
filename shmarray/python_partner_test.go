//go:build unix

package shmarray_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/shmarray"
)

// pythonTime bounds the life of every Python process, in case one hangs.
const pythonTime = 2 * time.Minute

// python returns a python3 that has NumPy, or skips the test.
func python(t testing.TB) string {
	path := findPython()
	if path == "" {
		t.Skip("needs python3 with NumPy: apt-get install python3-numpy")
	}
	return path
}

var findPython = sync.OnceValue(func() string {
	for _, path := range []string{"/usr/bin/python3", "python3"} {
		ctx, cancel := context.WithTimeout(context.Background(), pythonTime)
		err := exec.CommandContext(ctx, path, "-c", "import numpy").Run()
		cancel()
		if err == nil {
			return path
		}
	}
	return ""
})

// A partner is a Python process that runs testdata/partner.py: it does what it
// is told while this program goes on.
type partner struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	stderr bytes.Buffer
}

// newPartner starts a partner, which ends with the test.
func newPartner(t *testing.T) *partner {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), pythonTime)
	p := &partner{cmd: exec.CommandContext(ctx, python(t), "testdata/partner.py")}
	p.cmd.Env = append(os.Environ(), "OPENBLAS_NUM_THREADS=1")
	p.cmd.Stderr = &p.stderr
	p.cmd.WaitDelay = pythonTime
	var err error
	p.in, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.out = bufio.NewReader(out)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		defer cancel()
		p.in.Close()
		switch {
		case p.cmd.ProcessState != nil: // was killed
		case t.Failed(): // who knows what it does
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		default:
			assert.NoError(t, p.cmd.Wait(), "%s", &p.stderr)
		}
	})
	return p
}

// tell sends a statement or an expression.
func (p *partner) tell(t *testing.T, source string) {
	t.Helper()
	b, err := json.Marshal(source)
	require.NoError(t, err)
	_, err = p.in.Write(append(b, '\n'))
	require.NoError(t, err)
}

// listen waits for what was told to be done and stores the expression's value.
func (p *partner) listen(t *testing.T, value any) {
	t.Helper()
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		_ = p.cmd.Wait()
		t.Fatalf("python is gone: %v\n%s", p.cmd.ProcessState, &p.stderr)
	}
	var answer struct {
		Value json.RawMessage
		Error string
	}
	require.NoError(t, json.Unmarshal(line, &answer))
	require.Empty(t, answer.Error)
	if value != nil {
		require.NoError(t, json.Unmarshal(answer.Value, value))
	}
}

func (p *partner) do(t *testing.T, source string) {
	t.Helper()
	p.tell(t, source)
	p.listen(t, nil)
}

// let sets a variable: strings, numbers and lists of them are the same in JSON
// and in Python.
func (p *partner) let(t *testing.T, name string, value any) {
	t.Helper()
	b, err := json.Marshal(value)
	require.NoError(t, err)
	p.do(t, name+" = "+string(b))
}

// texts returns the elements of an array of Python's.
func (p *partner) texts(t *testing.T, array string) []string {
	t.Helper()
	var all []string
	p.tell(t, "texts("+array+")")
	p.listen(t, &all)
	return all
}

// kill ends the process in the middle of whatever it does.
func (p *partner) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	require.Error(t, p.cmd.Wait())
	assert.Equal(t, syscall.SIGKILL, p.cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
}

// text returns a number as partner.py has it: without a word about its type or
// its bytes.
func text(v any) string {
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return strconv.FormatInt(r.Int(), 10)
	case r.CanUint():
		return strconv.FormatUint(r.Uint(), 10)
	case r.CanFloat():
		return fmt.Sprintf("%016x", math.Float64bits(r.Float()))
	}
	c := r.Complex()
	return text(real(c)) + " " + text(imag(c))
}

func texts[T shmarray.Elem](data []T) []string {
	all := make([]string, len(data))
	for i, v := range data {
		all[i] = text(v)
	}
	return all
}

// awkward returns n numbers: the extremes of the type, then such whose bytes
// tell them apart. Each seed has numbers of its own.
func awkward[T shmarray.Elem](n int, seed uint64) []T {
	random := rand.New(rand.NewPCG(seed, 0))
	data := make([]T, n)
	for i := range data {
		v := reflect.ValueOf(&data[i]).Elem()
		bits := v.Type().Bits()
		switch {
		case v.CanInt():
			v.SetInt(pick(i, random.Int64(), math.MinInt64>>(64-bits), math.MaxInt64>>(64-bits), -1))
		case v.CanUint():
			v.SetUint(pick(i, random.Uint64(), math.MaxUint64>>(64-bits), 1<<(bits-1)))
		case v.CanFloat():
			v.SetFloat(awkwardFloat(i, bits, random))
		default:
			v.SetComplex(complex(awkwardFloat(i, bits/2, random), awkwardFloat(i+1, bits/2, random)))
		}
	}
	return data
}

func awkwardFloat(i, bits int, random *rand.Rand) float64 {
	largest, smallest := math.MaxFloat64, math.SmallestNonzeroFloat64
	if bits == 32 {
		largest, smallest = math.MaxFloat32, math.SmallestNonzeroFloat32
	}
	return pick(i, random.NormFloat64(), -largest, smallest, math.NaN(), math.Inf(1), math.Copysign(0, -1))
}

// pick returns first[i], or other when there are not as many.
func pick[N any](i int, other N, first ...N) N {
	if i < len(first) {
		return first[i]
	}
	return other
}
