package park

import "golang.org/x/sys/unix"

// Yield lets another thread have the caller's processor, if one waits for it.
//
// It is a RawSyscall: for the runtime it is as if the kernel had interrupted the
// goroutine there, as it can anywhere.
func Yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
