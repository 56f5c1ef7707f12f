//go:build !race

package main

import "time"

const cellTimeout = 600 * time.Millisecond
