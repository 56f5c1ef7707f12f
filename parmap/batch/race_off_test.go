//go:build !race

package batch_test

const raced = false
