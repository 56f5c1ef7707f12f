//go:build !race

package shmarray_test

const raced = false
