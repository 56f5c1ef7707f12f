package beyond_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/parfor-go/parfor/bench/work"
)

// benchmarks are the names of what a child measures, without the way. A child in
// Python has only some of them.
func benchmarks(inPython, spins bool) []string {
	all := []string{"BenchmarkEmpty", "BenchmarkMandelbrot", "BenchmarkExpSin", "BenchmarkDistances"}
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, n := range []int{1000, 100_000} {
		add("BenchmarkTrivialRange/%d", n)
	}
	if spins {
		add("BenchmarkControl")
		for _, gap := range []int{0, 50, 200, 2000} {
			add("BenchmarkFine/gap-%dus", gap)
		}
		for _, shape := range work.Shapes {
			for _, total := range []float64{0.1, 1, 20} {
				add("BenchmarkLoad/%s/%gms", shape.Name, total)
			}
		}
	}
	if inPython {
		return all
	}
	for _, n := range []int{1000, 100_000} {
		add("BenchmarkTrivialEach/%d", n)
	}
	for _, s := range work.Sweeps {
		add("BenchmarkSweep/heap/%s", s.Name)
	}
	for _, name := range []string{"sum", "dot"} {
		for _, n := range []int{100_000, 1 << 24} {
			add("BenchmarkReduce/%s/%d", name, n)
		}
	}
	add("BenchmarkFirstFill/heap")
	return all
}

func TestEveryNameIsThatOfABenchmarkInGo(t *testing.T) {
	inGo := map[string]bool{}
	for _, dir := range []string{"..", "../.."} {
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		require.NoError(t, err)
		for _, name := range files {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			require.NoError(t, err)
			for _, d := range f.Decls {
				if d, ok := d.(*ast.FuncDecl); ok {
					inGo[d.Name.Name] = true
				}
			}
		}
	}
	for _, name := range benchmarks(false, true) {
		function, _, _ := strings.Cut(name, "/")
		assert.True(t, inGo[function], name)
	}
}
