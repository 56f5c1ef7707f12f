package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPatternsAreThoseOfGoTestForOneNameEach(t *testing.T) {
	names := []string{"BenchmarkEmpty", "BenchmarkFine", "BenchmarkLoad"}
	for pattern, want := range map[string]map[string]string{
		".":             {"BenchmarkEmpty": "^BenchmarkEmpty$", "BenchmarkFine": "^BenchmarkFine$", "BenchmarkLoad": "^BenchmarkLoad$"},
		"Empty/2|^Fine": {"BenchmarkEmpty": "^BenchmarkEmpty$/2", "BenchmarkFine": "^BenchmarkFine$"},
		"Load/even|Load/heavy/(1|20)ms": {
			"BenchmarkLoad": "^BenchmarkLoad$/even|^BenchmarkLoad$/heavy/(1|20)ms",
		},
		"^BenchmarkLoad$/[a|b]": {"BenchmarkLoad": "^BenchmarkLoad$/[a|b]"},
		`Load/a\|b`:             {"BenchmarkLoad": `^BenchmarkLoad$/a\|b`},
		"Nothing":               {},
	} {
		chosen, each, err := patterns(pattern, names)
		require.NoError(t, err)
		assert.Equal(t, want, each, pattern)
		assert.Len(t, chosen, len(want))
		assert.Subset(t, names, chosen)
	}
	_, _, err := patterns("(", names)
	assert.Error(t, err)
}
