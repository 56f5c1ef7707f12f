package park

import (
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Word is an atomic number that one goroutine at a time can sleep on. The
// zero Word is ready. What its values mean is for its user to say.
type Word struct{ atomic.Uint32 }

const (
	futexWait = 0 | 128 // FUTEX_WAIT, FUTEX_PRIVATE_FLAG
	futexWake = 1 | 128
)

// Wait sleeps while the word is old, until Wake or for d at most. It may
// return early: the caller looks at the word and decides.
//
// The sleep is a Syscall, not a RawSyscall: the runtime must know of it, or
// the garbage collector waits for its end.
func (w *Word) Wait(old uint32, d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	// unsafe: the kernel wants the addresses of the word and of the timeout.
	_, _, e := unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexWait,
		uintptr(old), uintptr(unsafe.Pointer(&ts)), 0, 0)
	switch e {
	case 0, unix.EAGAIN, unix.EINTR, unix.ETIMEDOUT:
	default: // a sandbox without futex: poll
		time.Sleep(min(d, time.Millisecond))
	}
}

// Wake ends the sleep of the goroutine in Wait, if there is one. The word must
// have been changed before: who is about to sleep then does not.
func (w *Word) Wake() {
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexWake, 1, 0, 0, 0)
}

// Yield lets another thread have the caller's processor, if one waits for it.
// As Wait it is a Syscall: that can last.
func Yield() { unix.Syscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
