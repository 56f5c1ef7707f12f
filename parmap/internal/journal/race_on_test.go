//go:build race

package journal_test

// raced is whether the race detector watches, which makes a test ten times as slow.
const raced = true
