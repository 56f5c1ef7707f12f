package beyond_test

import (
	"context"
	"fmt"
	"math"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/rivals/beyond"
	"github.com/parfor-go/parfor/bench/work"
)

// TestPrograms builds what it can; all else that there is to test needs a program.
func TestPrograms(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel) // the parallel tests come after the return
	programs, missing, err := beyond.Build(ctx, t.TempDir())
	require.NoError(t, err)
	assert.Len(t, append(names(missing), names(programs)...), 4)
	for _, m := range missing {
		t.Run(m.Name, func(t *testing.T) { t.Skipf("%v\n%v", m, m.Err) })
	}
	for _, p := range programs {
		t.Run(p.Name, func(t *testing.T) {
			if p.Name != "openmp" { // whose threads leave no processor to others while they wait
				t.Parallel()
			}
			assert.NotEmpty(t, p.Version)
			t.Run("checks", func(t *testing.T) { testChecks(ctx, t, p) })
			t.Run("table", func(t *testing.T) { testTable(ctx, t, p) })
			t.Run("flags", func(t *testing.T) { testFlags(ctx, t, p) })
		})
	}
}

func names[T fmt.Stringer](v []T) []string {
	all := make([]string, len(v))
	for i := range v {
		all[i] = v[i].String()
	}
	return all
}

// lines runs p and returns what it prints.
func lines(ctx context.Context, t *testing.T, p beyond.Program, args ...string) []string {
	var errs strings.Builder
	cmd := p.Command(ctx, args...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, "%v\n%s%s", args, out, errs.String())
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// inPython reports whether p measures less than those in C do.
func inPython(p beyond.Program) bool { return len(p.Argv) > 1 }

// spins reports whether there was a compiler for the spins of Python.
func spins() bool {
	_, err := exec.LookPath("gcc")
	return err == nil
}

// testChecks lets p check itself, on one worker and on more than there may be
// processors, and compares its work with that in Go.
func testChecks(ctx context.Context, t *testing.T, p beyond.Program) {
	for _, cpu := range []string{"1", "3"} {
		checked, digests := []string{}, map[string]float64{}
		for _, line := range lines(ctx, t, p, "-test", "-cpu", cpu) {
			switch f := strings.Fields(line); f[0] {
			case "checked":
				checked = append(checked, f[1])
			case "digest":
				v, err := strconv.ParseFloat(f[2], 64)
				require.NoError(t, err, line)
				digests[f[1]] = v
			default:
				t.Error(line)
			}
		}
		assert.Equal(t, p.Ways, checked)
		want := digestsInGo(!inPython(p) || spins())
		require.Len(t, digests, len(want))
		for name, v := range want {
			assert.InEpsilon(t, v, digests[name], tolerance(), name)
		}
	}
}

// tolerance is for libraries of exp and sin that differ in a last bit. Where a
// product and a sum are one instruction to some compilers, a point next to the
// Mandelbrot set can escape a step earlier or later.
func tolerance() float64 {
	if runtime.GOARCH == "amd64" {
		return 1e-12
	}
	return 1e-4
}

// digestsInGo are what children print of the work, with that made of spins or
// without it: see check.c.
func digestsInGo(spins bool) map[string]float64 {
	all := map[string]float64{}
	add := func(name string, v []float64) {
		for i, v := range v {
			all[name] += v * float64(i%101+1)
		}
	}
	for _, s := range work.Shapes {
		if !spins {
			break
		}
		const n, turns = 1000, 1234567
		sum := 0
		for i := range n {
			sum += s.Cost(i, n)
		}
		v := make([]float64, n)
		cost, begin := 0, 0.
		for i := range n {
			cost += s.Cost(i, n)
			end := math.Round(turns * (float64(cost) / float64(sum)))
			v[i] = end - begin
			begin = end
		}
		add(s.Name, v)
	}
	for name, r := range map[string]work.Rows{
		"Mandelbrot": work.Mandelbrot(64, 100), "ExpSin": work.ExpSin(64), "Distances": work.Distances(64),
	} {
		m := r.New()
		r.Range(m, 0, r.N)
		add(name, m)
	}
	return all
}

// row is a line of a table, as package testing prints it: name, workers, figures.
var row = regexp.MustCompile(`^(Benchmark[^\s-]\S*?)(?:-(\d+))?\s*\t\s*\d+\t\s*([\d.]+) ns/op(?:\t\s*([\d.]+) (?:MB/s|of-ideal))?$`)

// testTable looks at every line of all that p measures.
func testTable(ctx context.Context, t *testing.T, p beyond.Program) {
	all := lines(ctx, t, p, "-tiny", "-benchtime", "1x", "-cpu", "2")
	require.Greater(t, len(all), 3)
	assert.Equal(t, []string{"goos: " + runtime.GOOS, "goarch: " + runtime.GOARCH}, all[:2])
	ways, got := map[string]bool{}, map[string]bool{}
	for _, line := range all[2:] {
		if strings.HasPrefix(line, "cpu: ") {
			continue
		}
		f := row.FindStringSubmatch(line)
		if !assert.NotNil(t, f, "%q", line) {
			continue
		}
		assert.Equal(t, "2", f[2], line)
		for _, figure := range f[3:] {
			if v, err := strconv.ParseFloat(figure, 64); figure != "" {
				assert.NoError(t, err, line)
				assert.Positive(t, v, line)
			}
		}
		name, way, _ := strings.Cut(f[1], "/way=")
		got[name] = true
		if way != "" {
			ways[way] = true
		}
	}
	assert.ElementsMatch(t, benchmarks(inPython(p), spins()), keys(got))
	assert.ElementsMatch(t, p.Ways, keys(ways))
}

func keys(m map[string]bool) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	return all
}

func testFlags(ctx context.Context, t *testing.T, p beyond.Program) {
	asked := "^BenchmarkEmpty/way=" + p.Ways[1] + "$"
	one := lines(ctx, t, p, "-bench", asked, "-benchtime", "20ms", "-short", "-cpu", "1")
	f := row.FindStringSubmatch(one[len(one)-1])
	require.NotNil(t, f, "%q", one)
	assert.Equal(t, "BenchmarkEmpty/way="+p.Ways[1], f[1], "one worker has no suffix")
	assert.Empty(t, f[2])
	assert.NotContains(t, one[len(one)-2], "Benchmark", "the one that was asked for")

	for _, wrong := range [][]string{{"-nonsense"}, {"-cpu", "0"}, {"-benchtime", "soon"}, {"-bench", "("}} {
		cmd := p.Command(ctx, wrong...)
		var exit *exec.ExitError
		assert.ErrorAs(t, cmd.Run(), &exit, "%v", wrong)
	}
}
