package shmarray

import "os"

// File returns what a process maps that is given the array.
func File[T Elem](a *Array[T]) *os.File { return a.seg.File() }
