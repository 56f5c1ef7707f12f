//go:build race

package parmap_test

// raced is whether the race detector watches, which makes a test some thirty
// times as slow.
const raced = true
