package main

import (
	"testing"

	"github.com/parfor-go/parfor/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m) }
