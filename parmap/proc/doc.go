// Package proc runs kernels in worker processes, which may crash, hang or be
// killed without losing the run.
//
// # Overview
//
// A body that is to run elsewhere has a name: it is a [parmap.Kernel], or a
// [parmap.Func] if it maps items to results. Two lines more, and its chunks are
// run by processes:
//
//	var scale = parmap.NewKernel("scale", func(ctx context.Context, lo, hi int, a args) error { ... })
//
//	func main() {
//		proc.WorkerMain()
//		pool, err := proc.Start(ctx, 0)
//		if err != nil { ... }
//		defer pool.Close()
//		err = scale.Run(ctx, n, a, parmap.On(pool), parmap.Output(a.Out))
//	}
//
// A worker is this program, started again as far as [WorkerMain]: so that is
// the first call in main, and in TestMain. A [Pool] can be used for any number
// of runs, by several goroutines; its runs take turns. A worker is ready after
// some 4 ms. A run costs some 5 microseconds where the workers still look for
// one, which they do for 50, and 100 where they sleep; a chunk some 25 ns.
//
// # What a body may rely on
//
// It sees its arguments, and what the program's package variables are when
// WorkerMain is called; nothing that main sets, and what an earlier body set
// only by chance, if that ran in the same worker. So a flag that main parses
// has its default in a worker: hand its value over in the arguments. The
// arrays of the arguments are the caller's memory, not copies. Those that
// share no memory with an Output are read-only: a write is a panic that says
// so. Everything else in them is the worker's copy, slices and maps too: what a
// body writes there the caller never sees.
//
// Every index is run, unless an error or a cancelled context ends the run.
// Chunks are cells of a grid that depends on n and Grain only. What a body
// wrote to an array happens before Run returns, and no body runs any more then,
// except as said below of goroutines. A worker runs one chunk at a time, always
// on its main goroutine. Its standard input is empty; what it writes to
// standard output and standard error goes where [Stderr] says.
//
// An error ends the run as on goroutines, or is collected under CollectErrors.
// It comes back as its text: of what it wraps errors.Is finds only
// context.Canceled and context.DeadlineExceeded. A panic is such an error,
// final, a [*parmap.PanicError] with the body's stack; its worker is replaced,
// as nobody knows what it left behind.
//
// # Crashes and retries
//
// However a worker ends in the middle of a chunk, by a signal, os.Exit, a fault
// in a goroutine of its own, the end of its memory or runtime.Goexit, that is a
// crash. Only the chunk that it had is lost. When the process has been reaped,
// so that it cannot write any more, a fresh worker zeroes the rows of the chunk
// in each Output and runs it again, up to [Retries] times; then it fails with a
// [*CrashError] in a [*parmap.ChunkError]. So a body may run more than once for
// an index, and its rows are as if it had run once, if it is a function of its
// arguments and finds in an Output what it wrote there in the same chunk. What
// it does elsewhere, in files or undeclared arrays, it has to be able to do
// twice. A run without an Output is therefore not retried, unless Retries is
// given.
//
// # Time limits and cancellation
//
// [ChunkTimeout] bounds the time of each chunk: who takes longer is killed,
// which is a crash. Without it a body that hangs, or a worker that somebody
// stopped, is waited for.
//
// When the context of a run ends, or a body fails, nobody begins another chunk,
// and the contexts of the bodies that run are cancelled. A body that goes on
// for two seconds more is killed with its worker. [Pool.Close], and the end of
// the context that Start was given, kill at once: a run under way returns
// [ErrClosed], or an error that wraps it and the context's cause. So that a
// run can be cancelled and the pool used again, Start is given a context that
// outlives the run's.
//
// # What travels
//
// Arguments, items and results travel by encoding/gob, once each; arrays of
// package shmarray in arguments and items as references, wherever they are.
// Those of shmarray.Private do not: no other process can have them. An array
// is handed to a worker when a run names it first, and kept there until it is
// closed.
//
// # Resources
//
// A worker is a process with a group of its own, so that Ctrl-C is the parent's
// to handle, and what it started is killed when it ends. The parent has a
// socket, an eventfd, two pipes, a few goroutines and a thread, which waits for
// its end, for each, and one more thread for all; a worker has a descriptor for
// each array. GOMAXPROCS of a worker, and the numbers of threads that BLAS
// libraries read, are its share of the processors. [MemoryLimit] bounds its
// memory, [RecycleAfter] its life, [Pin] binds it to a processor. In whatever way
// the parent ends, so do the workers, and the memory that they shared is free.
//
// # What is not promised
//
// A goroutine that a body starts and that outlives it is on its own: it may
// find arrays unmapped, it may write to rows of another run, and it ends with
// its worker without notice. A panic or a fault in it is a crash of whatever
// chunk the worker has.
//
// Processes that a body starts die with its worker, but not when the parent is
// killed by a signal that it cannot catch.
//
// Devices are not shared: a GPU, a connection or an open file of the parent is
// not the worker's, which opens its own; and nothing divides a GPU among the
// workers.
//
// A writer given to Stderr that blocks holds up the workers, and the end of a
// run in which one died.
//
// # Platforms
//
// Linux only. The package compiles everywhere, WorkerMain returns at once, and
// Start returns an error that wraps errors.ErrUnsupported.
package proc
