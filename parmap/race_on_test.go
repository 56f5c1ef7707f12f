//go:build race

package parmap_test

// raced is whether the race detector watches, which makes a Stream some thirty
// times as slow.
const raced = true
