package segment

import "unsafe"

// Sizeof returns the size of a T in bytes.
func Sizeof[T any]() int {
	var v T
	return int(unsafe.Sizeof(v)) // unsafe: only reads a size
}

// Cast returns the bytes of b as elements of T, sharing memory. T must hold
// no pointers: the garbage collector does not look into mapped memory. Cast
// panics if b does not begin at a multiple of T's alignment or is not a whole
// number of elements.
func Cast[T any](b []byte) []T {
	if len(b) == 0 {
		return []T{}
	}
	var v T
	if len(b)%int(unsafe.Sizeof(v)) != 0 {
		panic("segment: cast of a part of an element")
	}
	// unsafe: Go has no other way to see mapped bytes as numbers. The result
	// covers b exactly, and the address was checked to suit T.
	p := unsafe.Pointer(unsafe.SliceData(b))
	if uintptr(p)%unsafe.Alignof(v) != 0 {
		panic("segment: cast of misaligned bytes")
	}
	return unsafe.Slice((*T)(p), len(b)/int(unsafe.Sizeof(v)))
}

// Within reports whether inner is not empty and each of its elements lies in
// the memory of outer's elements. Neither slice is dereferenced.
func Within[T any](outer, inner []T) bool {
	if len(inner) == 0 || len(inner) > len(outer) {
		return false
	}
	// unsafe: addresses are only compared. They do not move in mapped memory,
	// and if outer is mapped, no stack or heap address falls into it.
	var v T
	lo := uintptr(unsafe.Pointer(unsafe.SliceData(outer)))
	p := uintptr(unsafe.Pointer(unsafe.SliceData(inner)))
	return p >= lo && p-lo <= uintptr(len(outer)-len(inner))*unsafe.Sizeof(v)
}

// BytesOf returns the bytes of s, sharing memory. T must hold no pointers.
func BytesOf[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	// unsafe: every bit pattern is a byte, and bytes need no alignment.
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*Sizeof[T]())
}

// addressOf returns the address of b's first byte.
func addressOf(b []byte) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(b))) // unsafe: the address is only compared
}
