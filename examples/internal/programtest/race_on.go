//go:build race

package programtest

// Raced tells that the race detector is on: then everything is ten times slower, and
// the pools of package sync allocate.
const Raced = true
