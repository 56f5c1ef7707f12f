//go:build !linux

package park

// Yield does nothing: the runtime has no call that gives up the thread's
// processor and not the goroutine's.
func Yield() {}
