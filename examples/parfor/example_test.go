package main

import (
	"testing"

	"github.com/parfor-go/parfor/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }

func Example() {
	main()
	// Output:
	// [0 1 4 9 16 25 36 49 64 81]
	// [1024 81 125 49]
	// [0.00 1.00 1.41 1.73 2.00 2.24 2.45 2.65 2.83 3.00]
	// [0 1 2 3 4 5 6 7 8 9]
}
