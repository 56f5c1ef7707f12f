//go:build !race

package parmap_test

const raced = false
