"""Pools of Python processes: multiprocessing.Pool, and joblib with loky.

The pool is made once, before anything is timed. The bodies write into arrays in
shared memory, in files that the processes map, as the documentation of joblib
recommends; what comes back from a call is None.
"""

import os
import platform
import shutil
import sys
import tempfile
import threading
from contextlib import ExitStack
from functools import partial

import numpy as np

import clock
import work

# The number of chunks for each worker where ranges are to be handed out. No
# documentation names one; the rivals in Go have the same.
CHUNKS_PER_WORKER = 8


def chunks(n, workers):
    count = min(n, workers * CHUNKS_PER_WORKER)
    return [(k * n // count, (k + 1) * n // count) for k in range(count)]


class Sequential:
    """The plain loop, in this process."""

    def each(self, body, items):
        work.bundle(body, items)


class Map:
    """Pool.map, with the chunks that it makes by default: four a worker."""

    def __init__(self, pool):
        self.each = pool.map


class Imap:
    """Pool.imap_unordered with a chunksize, which the documentation recommends
    for long iterables."""

    def __init__(self, pool, workers):
        self.pool, self.workers = pool, workers

    def each(self, body, items):
        size = max(1, len(items) // (self.workers * CHUNKS_PER_WORKER))
        for _ in self.pool.imap_unordered(body, items, size):
            pass


class Loky:
    """joblib.Parallel as a context manager, which the documentation recommends
    for several loops, as it keeps the workers; the number of items that one of
    them gets at once is what it finds out, its default."""

    def __init__(self, parallel, delayed):
        self.parallel, self.delayed = parallel, delayed

    def each(self, body, items):
        call = self.delayed(body)
        self.parallel(call(item) for item in items)


class LokyChunked(Loky):
    """Loky with the items in bundles that the caller made, for whom the default
    finds out too late how short they are."""

    def __init__(self, parallel, delayed, workers):
        super().__init__(parallel, delayed)
        self.workers = workers

    def each(self, body, items):
        bundles = [items[lo:hi] for lo, hi in chunks(len(items), self.workers)]
        super().each(partial(work.bundle, body), bundles)


def open_multiprocessing(workers, stack):
    import multiprocessing

    pool = stack.enter_context(multiprocessing.Pool(workers))
    return {"multiprocessing-map": Map(pool), "multiprocessing-imap": Imap(pool, workers)}


def open_joblib(workers, stack):
    import joblib

    parallel = stack.enter_context(joblib.Parallel(n_jobs=workers))
    return {
        "joblib-loky": Loky(parallel, joblib.delayed),
        "joblib-loky-chunked": LokyChunked(parallel, joblib.delayed, workers),
    }


POOLS = {"multiprocessing": open_multiprocessing, "joblib": open_joblib}


def run(clock, ways, directory):
    """The benchmarks, for ways of which the first is the plain loop."""
    flags = clock.flags
    sequential = next(iter(ways.values()))

    def pairs(name, body, items, **how):
        for way, loop in ways.items():
            if clock.wants(full := f"{name}/way={way}"):
                plain, parallel = (lambda: sequential.each(body, items)), (lambda: loop.each(body, items))
                clock.pair(full, plain, parallel, **how)

    def wholes(name, body, items):
        for way, loop in ways.items():
            if clock.wants(full := f"{name}/way={way}"):
                clock.whole(full, lambda: loop.each(body, items))

    c = work.library()
    if c and clock.wants("BenchmarkControl"):
        control(clock, c.turns_in(20e6))
    wholes("BenchmarkEmpty", work.nothing, range(flags.cpu))
    if c:
        for gap in 0, 50, 200, 2000:
            pause = c.turns_in(gap * 1e3)
            items = [c.turns_in(5e3)] * 20
            before = partial(work.spin, pause)
            pairs(f"BenchmarkFine/gap-{gap}us", work.spin, items, calls=10, hot=True, before=before)
    for n in 1000, 100_000:
        x = work.Array(directory, (n,))
        wholes(f"BenchmarkTrivialRange/{n}", partial(work.ramp, x.key), chunks(n, flags.cpu))
        x.remove()
    if c:
        for number, shape in enumerate(work.shapes()):
            for total in 0.1, 1, 20:
                turns = work.share(number, 1000, c.turns_in(total * (1e5 if flags.tiny else 1e6)))
                pairs(f"BenchmarkLoad/{shape}/{total:g}ms", work.spin, turns, hot=True)
    for name, size, body in (
        ("Mandelbrot", 2048, partial(work.mandelbrot, limit=100)),
        ("ExpSin", 4000, work.expsin),
        ("Distances", 3376, work.distances),
    ):
        if not any(clock.wants(f"Benchmark{name}/way={way}") for way in ways):
            continue
        size = 64 if flags.tiny else size
        m = work.Array(directory, (size, size))
        fill = partial(work.row, body, m.key)
        for loop in ways.values():
            loop.each(fill, range(size))  # the first fill is another matter, in each process
        pairs(f"Benchmark{name}", fill, range(size))
        m.remove()


def control(clock, turns):
    """Of threads: a call of a function in C lets the others run."""
    workers = clock.flags.cpu

    def parallel():
        threads = [threading.Thread(target=work.spin, args=(turns,)) for _ in range(workers)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    clock.pair("BenchmarkControl", lambda: work.bundle(work.spin, [turns] * workers), parallel)


def check(ways, directory):
    """The tests: every way does what the plain loop does. Returns the failures."""
    failures = 0
    for name, loop in ways.items():
        for n in 0, 1, 7, 1000, 7:
            visits = work.Array(directory, (max(n, 1),), "int64")
            loop.each(partial(work.visit, visits.key), range(n))
            if (visits.data()[:n] != 1).any():
                failures += 1
                print(f"FAIL: {name}: visit of {n}")
            visits.remove()
        x = work.Array(directory, (1000,))
        loop.each(partial(work.ramp, x.key), chunks(1000, 5))
        same = (x.data() == np.arange(1000)).all()
        x.remove()
        bodies = (partial(work.mandelbrot, limit=50), 65), (work.expsin, 64), (work.distances, 63)
        for body, size in bodies:
            want = work.Array(directory, (size, size))
            got = work.Array(directory, (size, size))
            Sequential().each(partial(work.row, body, want.key), range(size))
            loop.each(partial(work.row, body, got.key), range(size))
            same = same and (got.data() == want.data()).all()
            want.remove()
            got.remove()
        if not same:
            failures += 1
            print(f"FAIL: {name}: rows")
        print("checked", name)
    return failures


def digest(name, x):
    """Prints a number that changes with any element; see check.c."""
    print(f"digest {name} {np.sum(x.ravel() * (np.arange(x.size) % 101 + 1)):.17g}")


def digests(directory):
    for number, shape in enumerate(work.shapes() if work.library() else []):
        digest(shape, np.array(work.share(number, 1000, 1234567), dtype="float64"))
    for name, body in (
        ("Mandelbrot", partial(work.mandelbrot, limit=100)),
        ("ExpSin", work.expsin),
        ("Distances", work.distances),
    ):
        m = work.Array(directory, (64, 64))
        Sequential().each(partial(work.row, body, m.key), range(64))
        digest(name, m.data())
        m.remove()


def version(pool):
    v = f"Python {platform.python_version()}, NumPy {np.__version__}"
    if pool == "joblib":
        import joblib

        v += f", joblib {joblib.__version__}"
    return v


def memory():
    """A directory for the arrays: memory, where there is a gibibyte of it."""
    shm = "/dev/shm"
    return shm if os.path.isdir(shm) and shutil.disk_usage(shm).free >= 1 << 30 else None


def main():
    flags = clock.parse(list(POOLS))
    if flags.version:
        print(version(flags.pool))
        return 0
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(dir=memory()))
        ways = {flags.pool + "-sequential": Sequential()}
        ways |= POOLS[flags.pool](flags.cpu, stack)
        for loop in ways.values():
            loop.each(work.nothing, range(1000))  # some workers begin with the first call
        if flags.test:
            digests(directory)
            return 1 if check(ways, directory) else 0
        clock.header()
        run(clock.Clock(flags), ways, directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
