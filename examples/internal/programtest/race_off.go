//go:build !race

package programtest

// Raced tells that the race detector is on.
const Raced = false
