//go:build race

package main

import "time"

// cellTimeout is long: under the race detector a fit takes ten times as long.
const cellTimeout = 6 * time.Second
