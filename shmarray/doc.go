// Package shmarray holds numeric arrays in memory that other processes can
// map too, and in .npy files that NumPy has open at the same time. An array
// hands out ordinary slices and gonum matrices that share its memory, so a
// loop that fills one needs no change.
//
// # Overview
//
// Zeros, Ones, New, Full, Like, OnesLike and Copy create an array; FromSlice
// and FromMatrix bring data in. Create makes one that is a .npy file, Open maps
// such a file, OpenOrCreate does what is needed, Load reads one of any kind.
// Private is for arrays that no other process needs.
//
// Data, Row, At and Set reach the elements, Fill and Zero set all of them. Sub,
// Slice and Reshape are views. Dense, Vec, CDense and General32 give the array to
// gonum. Sync puts a file on the disk, Close gives the memory back.
//
// # Words
//
// An array has a shape: the number of indices along each axis. A shape
// without axes, which has one element, is 0-d; a shape with a 0 in it has
// none. Axis 0 is the first: its indices are the rows, whatever lies under
// them. A view is an array that shares the memory of the array it was made
// from, which is its owner. A segment is a range of mapped bytes; each array
// that is not a view owns one, or a share in one if a file was opened more
// than once. An array without a file is anonymous. A reference says where an
// array is, so that another process can find it.
//
// # Invariants
//
// Elements lie in row-major order without gaps, also in views, so Data of
// any array is one slice. A shape never changes. Elements begin as zeros, or
// as what the file holds. Slices end where the array, the row or the view ends,
// in capacity too: append cannot run into a neighbour. The memory of an array,
// or its place on the disk, is reserved when it is created: a later access
// cannot fail for want of space. (A CopyOnWrite array takes memory when it is
// written to, and a file that another program made may have holes.)
//
// A process maps a file once, however often it is opened, under whichever
// name. So two slices share memory only if their addresses say so, which is
// how gonum finds out. A CopyOnWrite array shares with none: while its file is
// open ReadWrite too, it is a copy.
//
// # Memory
//
// On Linux an anonymous array is a memfd: it has no name, is not bounded by
// the size of /dev/shm, and is gone with the last process that has it. Other
// Unix systems, and sandboxes without memfd_create, use an unnamed temporary
// file. Elsewhere creating an array returns an error that wraps
// errors.ErrUnsupported.
//
// The memory is not in the Go heap. GOGC and GOMEMLIMIT do not count it, and
// the garbage collector neither scans nor frees it. A program that sets
// GOMEMLIMIT subtracts its arrays from it. Creating an array compares its
// size with the memory that the machine and the process's cgroups have left,
// without swap, and returns an error rather than bring on the system's
// out-of-memory killer. Each mapping takes one file descriptor, but for those of
// Private.
//
// Under the race detector arrays lie on pages of the Go heap, because it sees
// accesses to no other. GOGC and GOMEMLIMIT count them there. An array of more
// than a quarter of the memory there is lies elsewhere, unseen; so does every
// array on systems other than Linux.
//
// # Lifetime
//
// An array lives until Close of the owner. Nothing else unmaps it: an array
// that is dropped without Close is leaked until the process ends, because a
// slice or a matrix taken from it may live longer than the Array.
//
// Closing frees the memory at once. Methods of the closed array and of its
// views panic, or return ErrClosed where they return an error; only Shape, Len
// and Path still answer. A slice or a matrix taken earlier must not be used any
// more. If it is, the access is a fault, and not a silent read or write of
// another array: the addresses of closed arrays are used again only after many
// later closes. Package parmap turns a fault of a body into an error that names
// the array; anywhere else it ends the program, but in Fill, Zero, Copy, FromSlice
// and FromMatrix, which panic.
//
// docs/guarantees.md has these rules with their reasons.
//
// # Concurrency
//
// Any number of goroutines may read an array, and write elements of it that
// no other goroutine reads or writes meanwhile, as with a slice. Close must
// happen after the last access.
//
// Between processes that map one file or memfd a store is seen by every later
// load. Nothing else is promised: there is no lock, a complex128, and on a
// 32-bit machine any element of 8 bytes, can be seen half written, and two
// elements in either order.
package shmarray
