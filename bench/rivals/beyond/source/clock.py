"""Flags, time and table rows for Python: see clock.h."""

import argparse
import os
import platform
import re
import statistics
import sys
from time import perf_counter_ns as now

UNITS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9}


def parse(pools):
    """The flags: those of clock.h, and -pool for one of the given names."""
    p = argparse.ArgumentParser(allow_abbrev=False)
    p.add_argument("-pool", choices=pools, required=True)
    p.add_argument("-bench", type=re.compile, default=".")
    p.add_argument("-benchtime", default="1s")
    p.add_argument("-cpu", type=int, default=os.cpu_count())
    p.add_argument("-short", action="store_true")
    p.add_argument("-tiny", action="store_true")
    p.add_argument("-test", action="store_true")
    p.add_argument("-version", action="store_true")
    flags = p.parse_args()
    if flags.cpu < 1:
        p.error("-cpu takes one positive number")
    time = re.fullmatch(r"(\d+)x|(\d*\.?\d+)(ns|us|ms|s|m)", flags.benchtime)
    if time is None:
        p.error("-benchtime takes a time with a unit, or 100x")
    flags.iterations = int(time[1] or 0)  # 0 is as long as benchtime, in ns
    flags.benchtime = float(time[2] or 0) * UNITS.get(time[3], 0)
    return flags


def header():
    machines = {"x86_64": "amd64", "aarch64": "arm64"}
    print("goos:", platform.system().lower())
    print("goarch:", machines.get(platform.machine(), platform.machine()))
    try:
        with open("/proc/cpuinfo") as f:
            names = (line.split(":")[1].strip() for line in f if line.startswith("model name"))
            print("cpu:", next(names))
    except (OSError, StopIteration):
        pass
    sys.stdout.flush()


class Clock:
    """Measures what the flags ask for, and prints a row for each."""

    def __init__(self, flags):
        self.flags = flags

    def wants(self, name):
        return self.flags.bench.search(name) is not None

    def pair(self, name, sequential, parallel, calls=1, hot=False, before=None):
        """Both in turn in every iteration; what is reported is medians."""
        times, ratios = [], []
        for _ in self.loop():
            one = elapsed(sequential, calls)
            if hot:
                parallel()
            other = elapsed(parallel, calls, before)
            times.append(other / calls)
            ratios.append(other * self.flags.cpu / one)
        self.print(name, len(times), statistics.median_high(times), statistics.median_high(ratios))

    def whole(self, name, call):
        start = now()
        iterations = 0
        for _ in self.loop():
            call()
            iterations += 1
        self.print(name, iterations, (now() - start) / iterations)

    def loop(self):
        """Yields as often as the flags say. It looks at the clock every time,
        which is little beside a call to another process."""
        start, done = now(), 0
        while done == 0 or done < self.flags.iterations or now() - start < self.flags.benchtime:
            yield
            done += 1

    def print(self, name, iterations, ns, ratio=None):
        suffix = f"-{self.flags.cpu}" if self.flags.cpu > 1 else ""  # as package testing has it
        figures = f"\t{figure(ns)} ns/op" + (f"\t{figure(ratio)} of-ideal" if ratio is not None else "")
        print(f"{name + suffix:<56}\t{iterations:8}{figures}", flush=True)


def elapsed(call, calls, before=None):
    total = 0
    for _ in range(calls):
        if before:
            before()
        start = now()
        call()
        total += now() - start
    return max(total, 1)


def figure(v):
    return f"{v:12.{0 if v >= 1000 else 1 if v >= 100 else 2 if v >= 10 else 3}f}"
