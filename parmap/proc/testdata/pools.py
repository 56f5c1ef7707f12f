"""Times Python's pools of two processes: an empty run, and 10,000 bodies of 1 us.

Prints lines of a name and a number. Microseconds for an empty run, a multiple
of the ideal time for the bodies.
"""

import concurrent.futures
import multiprocessing
import statistics
import time

N = 10_000


def nothing(i):
    return None


def turns_in(seconds):
    turns = 1 << 20
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        work(turns)
        best = min(best, time.perf_counter() - start)
    return max(1, int(turns * seconds / best))


def work(turns):
    for _ in range(turns):
        pass


def median(f, rounds):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def report(name, seconds, unit):
    print(name, round(seconds * unit, 3), flush=True)


def main():
    turns = turns_in(1e-6)
    ideal = N * 1e-6 / 2
    with multiprocessing.Pool(2) as pool:
        pool.map(nothing, range(2))
        report("Pool.map-us", median(lambda: pool.map(nothing, range(2)), 500), 1e6)
        report("Pool.map-of-ideal", median(lambda: pool.map(work, [turns] * N), 20), 1 / ideal)
        report("Pool.map-chunksize-1-of-ideal", median(lambda: pool.map(work, [turns] * N, 1), 3), 1 / ideal)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        list(pool.map(nothing, range(2)))
        report("ProcessPoolExecutor-us", median(lambda: list(pool.map(nothing, range(2))), 500), 1e6)
    try:
        import joblib
    except ImportError:
        return
    with joblib.Parallel(n_jobs=2) as parallel:
        parallel(joblib.delayed(nothing)(i) for i in range(2))
        report("joblib-us", median(lambda: parallel(joblib.delayed(nothing)(i) for i in range(2)), 100), 1e6)


if __name__ == "__main__":
    main()
