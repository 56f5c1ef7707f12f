package main

import (
	"regexp"
	"strings"
)

// patterns returns, for each name that pattern selects, the pattern that selects
// the same of this name alone. As for go test, a pattern is alternatives of
// regular expressions with slashes between the levels of a name.
func patterns(pattern string, names []string) (chosen []string, each map[string]string, err error) {
	each = map[string]string{}
	for _, alternative := range alternatives(pattern) {
		top, rest, nested := strings.Cut(alternative, "/")
		match, err := regexp.Compile(top)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range names {
			if !match.MatchString(strings.TrimPrefix(name, "Benchmark")) && !match.MatchString(name) {
				continue
			}
			one := "^" + name + "$"
			if nested {
				one += "/" + rest
			}
			if before, ok := each[name]; ok {
				one = before + "|" + one
			} else {
				chosen = append(chosen, name)
			}
			each[name] = one
		}
	}
	return chosen, each, nil
}

// alternatives splits a pattern at every | that is in no brackets.
func alternatives(pattern string) (all []string) {
	depth, from := 0, 0
	for at := 0; at < len(pattern); at++ {
		switch pattern[at] {
		case '\\':
			at++
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case '|':
			if depth == 0 {
				all = append(all, pattern[from:at])
				from = at + 1
			}
		}
	}
	return append(all, pattern[from:])
}
