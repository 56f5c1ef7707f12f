package park

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Word is an atomic number that one goroutine at a time can sleep on. The
// zero Word is ready. What its values mean is for its user to say.
//
// The sleeper waits in the runtime's poller for an eventfd, and who wakes it
// writes there. A futex needs no descriptor and is faster by some microseconds, but
// it is a system call, and the runtime cannot know that this one will last. Its
// monitor finds out, takes the processor from it, and then looks at least 50 times,
// every 20 to 70 us, for more of the kind. A program whose helpers park every few
// milliseconds has 10,000 such looks a second, each an interrupt and two switches
// on the processor where somebody computes. In a virtual machine they took 12 to
// 20 percent of it, 0.3 this way; 20 bodies of 5 us on two workers took 63 us
// instead of 52, and the program's sequential parts suffered alike (BenchmarkFine).
//
// Where the system refuses an eventfd, the sleeper has the futex.
//
// Invariant: the sleeper sets bell before it looks at the number, and who wakes it
// changes the number before it looks for the bell. So either the sleeper sees the
// change, or the other the bell; and what is written before the read ends it at
// once.
type Word struct {
	atomic.Uint32
	bell atomic.Pointer[bell] // from a Wait until Close
}

// A bell is an eventfd.
type bell struct {
	file  *os.File
	raw   syscall.RawConn // of file; holds it open while it is written to
	count [8]byte         // what the sleeper reads
}

// newBell returns nil if the system refuses.
func newBell() *bell {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil
	}
	b := &bell{file: os.NewFile(uintptr(fd), "eventfd")}
	b.raw, err = b.file.SyscallConn()
	if err != nil || b.file.SetReadDeadline(time.Time{}) != nil { // the poller has no place for it
		b.file.Close()
		return nil
	}
	return b
}

// ring adds 1 to the number in an eventfd. That does not block, so the runtime need
// not know.
func ring(fd uintptr) {
	one := uint64(1)
	// unsafe: the kernel wants the address of the number.
	unix.RawSyscall(unix.SYS_WRITE, fd, uintptr(unsafe.Pointer(&one)), 8)
}

// Wait sleeps while the word is old, until Wake or for d at most. It may
// return early: the caller looks at the word and decides.
func (w *Word) Wait(old uint32, d time.Duration) {
	b := w.bell.Load()
	if b == nil {
		b = newBell()
		w.bell.Store(b)
	}
	switch {
	case b == nil:
		w.waitFutex(old, d)
	case w.Load() == old:
		_ = b.file.SetReadDeadline(time.Now().Add(d)) // it took one before
		_, _ = b.file.Read(b.count[:])                // rung or too late: the caller looks
	}
}

// Close gives back what the system lent the sleeper; another Wait borrows it
// again. Only the sleeper may call it, when it does not sleep.
func (w *Word) Close() {
	if b := w.bell.Swap(nil); b != nil {
		b.file.Close()
	}
}

// Wake ends the sleep of the goroutine in Wait, if there is one. The word must
// have been changed before: who is about to sleep then does not.
func (w *Word) Wake() {
	if b := w.bell.Load(); b == nil || b.raw.Control(ring) != nil {
		w.wakeFutex()
	}
}

const (
	futexWait = 0 | 128 // FUTEX_WAIT, FUTEX_PRIVATE_FLAG
	futexWake = 1 | 128
)

// waitFutex is Wait without a bell.
//
// The sleep is a Syscall, not a RawSyscall: the runtime must know of it, or
// the garbage collector waits for its end.
func (w *Word) waitFutex(old uint32, d time.Duration) {
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

func (w *Word) wakeFutex() {
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexWake, 1, 0, 0, 0)
}

// Yield lets another thread have the caller's processor, if one waits for it.
//
// It is a RawSyscall: for the runtime it is as if the kernel had interrupted the
// goroutine there, as it can anywhere.
func Yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
