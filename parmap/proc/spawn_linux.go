package proc

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const supported = true

// socketFD is the descriptor of a worker's socket.
const socketFD = 3

// guardSocket keeps the socket from programs that this process starts.
func guardSocket() { unix.CloseOnExec(socketFD) }

// newSecret returns what a worker that this process starts has to say.
func newSecret() (string, error) {
	var b [16]byte
	if _, err := unix.Getrandom(b[:], 0); err != nil { // up to 256 bytes come whole
		return "", os.NewSyscallError("getrandom", err)
	}
	return hex.EncodeToString(b[:]) + "." + strconv.Itoa(os.Getpid()), nil
}

// parentOf returns the socket to the parent, or nil if this process is not a
// worker, whatever its environment says: then descriptor 3 is something else,
// often the Go runtime's own, or the other end is not the parent's. It does not
// return in a process that was started as a worker and cannot be one: that must
// not run main.
func parentOf(secret string) *socket {
	var st unix.Stat_t
	if unix.Fstat(socketFD, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil
	}
	addr, err := unix.Getsockname(socketFD)
	if _, ok := addr.(*unix.SockaddrUnix); err != nil || !ok {
		return nil
	}
	peer, err := unix.GetsockoptUcred(socketFD, unix.SOL_SOCKET, unix.SO_PEERCRED)
	parent := os.Getppid()
	if err != nil || int(peer.Pid) != parent {
		return nil
	}
	if _, pid, ok := strings.Cut(secret, "."); !ok || pid != strconv.Itoa(parent) {
		return nil
	}
	if int(peer.Uid) != os.Geteuid() {
		die("the parent is another user's")
	}
	theirs, err := os.Stat(fmt.Sprintf("/proc/%d/exe", parent))
	if err != nil {
		die(err)
	}
	ours, err := os.Stat("/proc/self/exe")
	if err != nil {
		die(err)
	}
	if !os.SameFile(ours, theirs) {
		die("the parent is another program")
	}
	conn, err := newSocket(socketFD)
	if err != nil {
		die(err)
	}
	limitMemory()
	// Started as /proc/self/exe, it would be "exe" in lists of processes.
	_ = os.WriteFile("/proc/self/comm", []byte(filepath.Base(os.Args[0])), 0)
	// Who runs out of memory should be a worker, not the program that can
	// replace it. A refusal changes nothing.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0)
	return conn
}

// memoryEnv has the bytes that a worker may have beside what it has at first.
const memoryEnv = "PARFOR_WORKER_MEMORY"

// limitMemory bounds the private memory of this process. A limit on the address
// space would refuse shared mappings too.
func limitMemory() {
	s, ok := os.LookupEnv(memoryEnv)
	if !ok {
		return
	}
	os.Unsetenv(memoryEnv)
	nbytes, err := strconv.ParseUint(s, 10, 62)
	if err != nil {
		return
	}
	// A stack that grows is there twice, old and new.
	debug.SetMaxStack(int(min(nbytes/2, 1<<29)))
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_DATA, &l) != nil {
		return
	}
	assign(&l.Cur, min(nbytes+dataBytes(), uint64(l.Max)))
	_ = unix.Setrlimit(unix.RLIMIT_DATA, &l)
}

// assign exists because limits have another type on some systems.
func assign[T ~int64 | ~uint64](p *T, v uint64) { *p = T(min(v, math.MaxInt64)) }

// dataBytes returns the private memory that this process has now.
func dataBytes() uint64 {
	b, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(b), "VmData:")
	var kib uint64
	_, _ = fmt.Sscan(rest, &kib)
	return kib << 10
}

// newBell returns what wakes a worker: a counter that it reads, which blocks
// while that is 0. A message on the socket would wake the parent's poller too,
// when the worker has read it, and reach the main goroutine by way of another.
func newBell() (*os.File, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("eventfd2", err)
	}
	return os.NewFile(uintptr(fd), "bell"), nil // blocking, so that no poller of ours has it
}

// ring wakes the worker. It does not block: nobody rings 2^64 times.
func (p *process) ring() {
	_, _ = p.bell.Write(binary.NativeEndian.AppendUint64(nil, 1))
}

// polled returns f, a blocking file, as one for which a goroutine waits without
// a thread.
func polled(f *os.File) (*os.File, error) {
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// A process is a worker as the system sees it.
type process struct {
	pid  int
	conn *socket
	bell *os.File // wakes it, see newBell
	out  *os.File // what it writes to standard output
	err  *os.File // and to standard error
	p    *os.Process
}

// A launch is what a process is to be started with.
type launch struct {
	secret string
	procs  int // GOMAXPROCS
	memory int64
	cpu    int // -1: any
	reply  chan<- launched
}

type launched struct {
	p   *process
	err error
}

// spawn starts processes until launches is closed.
//
// It has a thread of its own until then: the system kills the workers when the
// thread ends that started them, not when the process does.
func spawn(launches <-chan launch) {
	runtime.LockOSThread()
	// Not unlocked: the thread ends with the goroutine, after the last worker.
	for l := range launches {
		p, err := start(l)
		l.reply <- launched{p, err}
	}
}

func start(l launch) (_ *process, err error) {
	var all []*os.File
	defer func() {
		if err != nil {
			for _, f := range all {
				f.Close()
			}
		}
	}()
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	all = append(all, ours.File, theirs)
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	all = append(all, outR, outW)
	bell, err := newBell()
	if err != nil {
		return nil, err
	}
	all = append(all, bell)
	errR, errW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	all = append(all, errR, errW)
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	all = append(all, null)
	if l.cpu >= 0 {
		restore, err := pin(l.cpu)
		if err != nil {
			return nil, err
		}
		defer restore()
	}
	// Not os.Executable: /proc/self/exe is this program also when its file was
	// removed or replaced.
	p, err := os.StartProcess("/proc/self/exe", os.Args, &os.ProcAttr{
		Env:   environment(l),
		Files: []*os.File{null, outW, errW, theirs},
		Sys: &syscall.SysProcAttr{
			Setpgid:   true, // Ctrl-C is the parent's to handle
			Pdeathsig: syscall.SIGKILL,
		},
	})
	if err != nil {
		return nil, err
	}
	for _, f := range []*os.File{theirs, outW, errW, null} {
		f.Close()
	}
	return &process{pid: p.Pid, conn: ours, bell: bell, out: outR, err: errR, p: p}, nil
}

// environment returns the environment of a worker. Libraries that start threads
// of their own are to start as many as its share of the processors.
func environment(l launch) []string {
	procs := strconv.Itoa(l.procs)
	set := []string{
		secretEnv + "=" + l.secret,
		"GOMAXPROCS=" + procs,
		"OMP_NUM_THREADS=" + procs,
		"OPENBLAS_NUM_THREADS=" + procs,
		"MKL_NUM_THREADS=" + procs,
		"BLIS_NUM_THREADS=" + procs,
		"PARFOR_WORKERS=" + procs,
	}
	if l.memory > 0 {
		set = append(set, memoryEnv+"="+strconv.FormatInt(l.memory, 10),
			// The heap's limit: the rest is for stacks, threads and the like.
			"GOMEMLIMIT="+strconv.FormatInt(l.memory-l.memory/8, 10))
	}
	env := slices.DeleteFunc(os.Environ(), func(s string) bool {
		return slices.ContainsFunc(set, func(v string) bool {
			name, _, _ := strings.Cut(v, "=")
			return strings.HasPrefix(s, name+"=")
		})
	})
	return append(env, set...)
}

// processors returns those that this process may use.
func processors() (all []int) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil {
		return nil
	}
	for i := range 8 * 128 {
		if set.IsSet(i) {
			all = append(all, i)
		}
	}
	return all
}

// pin binds the calling thread, and so what it starts, to one processor.
func pin(cpu int) (restore func(), err error) {
	var old, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &old); err != nil {
		return nil, os.NewSyscallError("sched_getaffinity", err)
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return nil, os.NewSyscallError("sched_setaffinity", err)
	}
	return func() { _ = unix.SchedSetaffinity(0, &old) }, nil
}

// kill ends the process at once.
func (p *process) kill() { _ = p.p.Kill() }

// wait returns how the process ended, when it has, and what it had started too.
func (p *process) wait() string {
	// Its process group is killed before the process is reaped: after that its
	// number could be another's.
	err := error(unix.EINTR)
	for err == unix.EINTR {
		err = unix.Waitid(unix.P_PID, p.pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
	}
	if err == nil || err == unix.ECHILD { // the program ignores SIGCHLD: its group may live
		_ = unix.Kill(-p.pid, unix.SIGKILL)
	}
	state, err := p.p.Wait()
	if err != nil { // somebody else has reaped it, or SIGCHLD is ignored
		_ = p.p.Release()
		return "unknown: " + err.Error()
	}
	return state.String()
}
