package docs_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every function of the packages that a loop needs has an example whose output is
// compared.
func TestFunctionsHaveExamples(t *testing.T) {
	elsewhere := map[string]string{"On": "examples/workers"} // it needs processes
	functions := 0
	for _, dir := range []string{"chunk", "parmap", "parmap/progress", "parmap/timeline"} {
		pkg := documented(t, dir)
		all := pkg.Funcs
		for _, typ := range pkg.Types {
			all = append(all, typ.Funcs...)
		}
		for _, f := range all {
			functions++
			if where, ok := elsewhere[f.Name]; ok {
				assert.Contains(t, read(t, where+"/main.go"), pkg.Name+"."+f.Name+"(")
				continue
			}
			compared := false
			for _, e := range f.Examples {
				compared = compared || e.Output != "" || e.EmptyOutput
			}
			assert.True(t, compared, "no example with output for %s.%s", pkg.Name, f.Name)
		}
	}
	assert.Greater(t, functions, 30)
}

// documented returns the documentation of a package, with the examples of its tests.
func documented(t *testing.T, dir string) *doc.Package {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
	require.NoError(t, err)
	set := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(set, files, "github.com/parfor-go/parfor/"+dir)
	require.NoError(t, err)
	return pkg
}
