package docs_test

import (
	"path"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Every name of a package that a page has, in tables and in the middle of sentences too,
// is exported there.
func TestNamesOnPages(t *testing.T) {
	exported := map[string][]string{}
	for _, dir := range []string{"chunk", "parmap", "parmap/batch", "parmap/proc", "parmap/progress", "parmap/timeline", "shmarray"} {
		exported[path.Base(dir)] = namesOf(t, dir)
	}
	names := 0
	for page, text := range pages(t) {
		if page == "CHANGELOG.md" {
			continue // has names of the past
		}
		for _, m := range namePattern.FindAllStringSubmatch(text, -1) {
			names++
			assert.True(t, slices.Contains(exported[m[1]], m[2]), "%s: %s", page, m[0])
		}
	}
	assert.Greater(t, names, 200)
}

var namePattern = regexp.MustCompile(`\b(chunk|parmap|batch|proc|progress|timeline|shmarray)\.([A-Z]\w*)`)

// namesOf returns what a package exports.
func namesOf(t *testing.T, dir string) (all []string) {
	t.Helper()
	pkg := documented(t, dir)
	values, funcs := append(pkg.Consts, pkg.Vars...), pkg.Funcs
	for _, typ := range pkg.Types {
		all = append(all, typ.Name)
		values = append(append(values, typ.Consts...), typ.Vars...)
		funcs = append(funcs, typ.Funcs...)
	}
	for _, v := range values {
		all = append(all, v.Names...)
	}
	for _, f := range funcs {
		all = append(all, f.Name)
	}
	return all
}

func TestNamesAreChecked(t *testing.T) {
	names := namesOf(t, "parmap")
	for _, name := range []string{"For", "Kernel", "NewKernel", "Auto", "CollectErrors"} {
		assert.Contains(t, names, name)
	}
	assert.NotContains(t, names, "ForEach")
	assert.Equal(t, [][]string{{"proc.Start", "proc", "Start"}}, namePattern.FindAllStringSubmatch("(`proc.Start(4)`, subproc.Start, chunk.len)", -1))
}
