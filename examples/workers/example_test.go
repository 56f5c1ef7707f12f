//go:build linux

package main

import (
	"context"
	"fmt"
)

func Example() {
	if err := fill(context.Background(), 100); err != nil {
		fmt.Println(err)
	}
	// Output: 5 99
}
