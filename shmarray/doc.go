// Package shmarray holds numeric arrays in memory that other processes can
// map too. An array hands out ordinary slices and gonum matrices that share
// its memory, so a loop that fills one needs no change.
//
// # Overview
//
// Zeros, Ones, New, Full, Like, OnesLike and Copy create an array; FromSlice
// and FromMatrix bring data in. Data, Row, At and Set reach the elements.
// Sub, Slice and Reshape are views. Dense, Vec, CDense and General32 give the
// array to gonum. Close gives the memory back.
//
// # Words
//
// An array has a shape: the number of indices along each axis. A shape
// without axes, which has one element, is 0-d; a shape with a 0 in it has
// none. Axis 0 is the first: its indices are the rows, whatever lies under
// them. A view is an array that shares the memory of the array it was made
// from, which is its owner. A segment is a range of mapped bytes; each array
// that is not a view owns one.
//
// # Invariants
//
// Elements lie in row-major order without gaps, also in views, so Data of
// any array is one slice. A shape never changes. Elements begin as zeros.
// Slices end where the array, the row or the view ends, in capacity too:
// append cannot run into a neighbour. The memory of an array is reserved when
// it is created: a later access cannot fail for want of space.
//
// # Memory
//
// On Linux an array is a memfd: it has no name, is not bounded by the size
// of /dev/shm, and is gone with the last process that has it. Other Unix
// systems, and sandboxes without memfd_create, use an unnamed temporary file.
// Elsewhere creating an array returns an error that wraps
// errors.ErrUnsupported.
//
// The memory is not in the Go heap. GOGC and GOMEMLIMIT do not count it, and
// the garbage collector neither scans nor frees it. A program that sets
// GOMEMLIMIT subtracts its arrays from it. Creating an array compares its
// size with the memory that the machine and the process's cgroups have left,
// without swap, and returns an error rather than bring on the system's
// out-of-memory killer. Each open array takes one file descriptor.
//
// The race detector does not see accesses to an array.
//
// # Lifetime
//
// An array lives until Close of the owner. Nothing else unmaps it: an array
// that is dropped without Close is leaked until the process ends, because a
// slice or a matrix taken from it may live longer than the Array.
//
// Closing frees the memory at once. Methods of the closed array and of its
// views panic, or return ErrClosed where they return an error; only Shape and
// Len still answer. A slice or a matrix taken earlier must not be used any
// more. If it is, the access is a fault that ends the program, and not a
// silent read or write of another array: the addresses of closed arrays are
// used again only after many later closes.
//
// # Concurrency
//
// Any number of goroutines may read an array, and write elements of it that
// no other goroutine reads or writes meanwhile, as with a slice. Close must
// happen after the last access.
package shmarray
