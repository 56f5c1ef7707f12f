package parmap

// A Journal makes the run of a kernel one that can be killed at any instant, with
// the power of the machine too: started again by the same call it computes what is
// missing, and the arrays end as the same bits. When nothing is missing the bodies
// do not run. A program that can be started again opens its array if it is there:
//
//	out, err := shmarray.OpenOrCreate[float64]("out.npy", n, 3)
//
// Path is the file that remembers which chunks are done; the run makes it if there
// is none. A relative one is looked up once, as the run begins. Version stands for what
// the program computes: change it with the kernel's body. The file also has the kernel's
// name, n, the number of indices in a chunk, the type and shape of each [Output], and the
// arguments: for each field of a struct its value if that is a number or a short string,
// or else a digest. If one of these is another one now, the run touches nothing and
// returns a [*JournalError] that names it. In a digest maps have no order, and what
// encodes itself is its encoding, which has to be the same each time. An array is its
// element type and shape, and its path if it is in a file, but an Output is its number.
// Any other array is its elements: if a body writes to them, the next run is another one.
//
// A journal needs an Output, and every array of it in a file: one that has the methods
// Path and Sync, as a *shmarray.Array of shmarray.OpenOrCreate. What bodies write elsewhere
// is not remembered. Every argument counts, also one that does not change the rows. The
// run's chunks are the cells of a grid, also on goroutines: [Grain] indices, or about a
// 4096th of n.
//
// Once a second the rows of the chunks that are done are synced, and then the file
// records them, each with the CRC-32C of its rows. A killed run loses the chunks since.
// A chunk whose context was cancelled when its body returned is not recorded. If
// something cannot be synced, or this file or an array's loses its name, the run ends
// with a [*JournalError]: it is started again. A program that goes on closes its arrays
// before that and opens them again, as the error of a sync stays. At its beginning a run
// reads the rows of all recorded chunks; it computes again those whose checksum is
// another. If anything is to be computed, an array that is ReadOnly is an error.
//
// One run has a journal at a time. Another one returns [ErrJournalInUse], after it has
// waited two seconds for the worker processes of a run that was killed to end. Nobody
// looks after two runs with two journals and one array. Remove the file when the arrays
// are complete, or to begin anew. Where the system has no such locks, or no mapped files,
// the error wraps errors.ErrUnsupported.
//
// The digests take 0.1 us for each number in the arguments, reading the rows 0.1 s a GB
// if they are in memory, and a chunk as long as its checksum, at 10 GB/s. An empty
// Path panics.
type Journal struct{ Path, Version string }

func (Journal) runOption() {}
