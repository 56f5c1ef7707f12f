//go:build linux && !race

package proc_test

const slowness = 1
