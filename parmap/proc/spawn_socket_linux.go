package proc

import (
	"cmp"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A socket is an end of a pair, on which descriptors can be sent along. It waits
// in the runtime's poller, and its deadlines are those of files.
//
// Not a net.UnixConn: package net links the C library, which every worker would
// load when it starts, for 1.3 ms.
type socket struct {
	*os.File
	raw syscall.RawConn
}

// newSocket takes over the descriptor.
func newSocket(fd int) (*socket, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	f := os.NewFile(uintptr(fd), "socket")
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &socket{f, raw}, nil
}

// socketPair returns the two ends. The second is a file for a process to be
// started.
func socketPair() (ours *socket, theirs *os.File, err error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	theirs = os.NewFile(uintptr(pair[1]), "worker")
	if ours, err = newSocket(pair[0]); err != nil {
		theirs.Close()
		return nil, nil, err
	}
	return ours, theirs, nil
}

// send writes some of b, at least a byte, and all of files with the first.
func (s *socket) send(b []byte, files []*os.File) (n int, err error) {
	var oob []byte
	if len(files) > 0 {
		fds := make([]int, len(files))
		for i, f := range files {
			fds[i] = int(f.Fd())
		}
		oob = unix.UnixRights(fds...)
	}
	var waiting error
	for end := time.Now().Add(postTimeout); ; time.Sleep(100 * time.Microsecond) {
		waiting = s.raw.Write(func(fd uintptr) (done bool) {
			for {
				n, err = unix.SendmsgN(int(fd), b, oob, nil, unix.MSG_NOSIGNAL)
				if err != unix.EINTR {
					return err != unix.EAGAIN
				}
			}
		})
		// This user has more descriptors on their way, to all workers, than it may
		// have open: until some have been read.
		if err != unix.ETOOMANYREFS || time.Now().After(end) {
			break
		}
	}
	return n, cmp.Or(waiting, os.NewSyscallError("sendmsg", err))
}

// receive reads what there is, at least a byte, and the descriptors that came
// along. At the end it returns 0 bytes and no error.
func (s *socket) receive(b []byte) (n int, files []*os.File, err error) {
	var oob [256]byte // SCM_RIGHTS of one write never joins another's
	var m, flags int
	waiting := s.raw.Read(func(fd uintptr) (done bool) {
		for {
			n, m, flags, _, err = unix.Recvmsg(int(fd), b, oob[:], unix.MSG_CMSG_CLOEXEC)
			if err != unix.EINTR {
				return err != unix.EAGAIN
			}
		}
	})
	if err := cmp.Or(waiting, os.NewSyscallError("recvmsg", err)); err != nil {
		return 0, nil, err
	}
	if flags&unix.MSG_CTRUNC != 0 {
		return 0, nil, errLost
	}
	if m > 0 {
		messages, _ := unix.ParseSocketControlMessage(oob[:m])
		for i := range messages {
			fds, _ := unix.ParseUnixRights(&messages[i])
			for _, fd := range fds {
				files = append(files, os.NewFile(uintptr(fd), "loan"))
			}
		}
	}
	return n, files, nil
}

// closeRead ends reading: what has come can still be read.
func (s *socket) closeRead() {
	_ = s.raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_RD) })
}
