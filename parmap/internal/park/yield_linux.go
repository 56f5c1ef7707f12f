package park

import "golang.org/x/sys/unix"

// Yield lets another thread have the caller's processor, if one waits for it.
//
// It is a RawSyscall: for the runtime it is as if the kernel had interrupted the
// goroutine there, as it can anywhere. A Syscall in a program that was idle before
// wakes the runtime's monitor, which then looks every 20 to 70 us what the program
// does, for a few milliseconds: in worker processes 100 us of work took 112 us on
// two, and takes 72 to 91 (BenchmarkLoad in package bench).
func Yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
