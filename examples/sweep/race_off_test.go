//go:build !race

package main

import "time"

// cellTimeout is long: on a busy machine a fit that takes all memory takes its time.
const cellTimeout = 5 * time.Second
