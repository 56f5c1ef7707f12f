package main

import (
	"testing"

	"github.com/parfor-go/parfor/internal/leakcheck"
	"github.com/parfor-go/parfor/parmap/proc"
)

func TestMain(m *testing.M) {
	proc.WorkerMain()
	leakcheck.Main(m)
}
