//go:build race

package shmarray_test

// raced is whether the race detector watches, which takes memory of its own.
const raced = true
