"""What the loops have to do, for Python: see work.h.

It is a module of its own, not part of the program, so that a process which is
asked to call one of its functions finds it by name. An array is given by its
path and shape: each process maps the file once and keeps it.
"""

import ctypes
import functools
import itertools
import math
import os
from ctypes import POINTER, c_char_p, c_double, c_int, c_int64, c_uint64

import numpy as np

LIBRARY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libwork.so")


@functools.cache
def library():
    """The functions of work.c, or None if there was no compiler."""
    if not os.path.exists(LIBRARY):
        return None
    c = ctypes.CDLL(LIBRARY)
    c.spin.argtypes, c.spin.restype = [c_int64], c_uint64
    c.turns_in.argtypes, c.turns_in.restype = [c_double], c_int64
    c.shape_name.argtypes, c.shape_name.restype = [c_int], c_char_p
    c.share.argtypes, c.share.restype = [c_int, c_int, c_int64, POINTER(c_int64)], None
    return c


def shapes():
    """The names of the shapes, in the order of their numbers."""
    names, c = [], library()
    while (name := c.shape_name(len(names))) is not None:
        names.append(name.decode())
    return names


def share(shape, n, turns):
    """The turns of the n bodies of a shape, which are so many together."""
    out = (c_int64 * n)()
    library().share(shape, n, turns, out)
    return list(out)


@functools.lru_cache(maxsize=4)
def mapped(path, shape, dtype):
    m = np.memmap(path, dtype=dtype, mode="r+", shape=shape)
    return np.asarray(m)  # plain from here on: a slice of a memmap takes longer


class Array:
    """An array of zeros in a file that every process can map, each under a name
    of its own: a process may still have mapped those that are gone."""

    names = itertools.count()

    def __init__(self, directory, shape, dtype="float64"):
        self.key = os.path.join(directory, str(next(Array.names))), shape, dtype
        np.memmap(self.key[0], dtype=dtype, mode="w+", shape=shape).flush()

    def data(self):
        return mapped(*self.key)

    def remove(self):
        mapped.cache_clear()
        os.remove(self.key[0])


# Bodies. What they are called with for each index, or for each range, comes last:
# functools.partial has the rest.


def bundle(body, items):
    for item in items:
        body(item)


def nothing(i):
    pass


def visit(key, i):
    mapped(*key)[i] += 1


def spin(turns):
    library().spin(turns)


def ramp(key, bounds):
    lo, hi = bounds
    mapped(*key)[lo:hi] = np.arange(lo, hi)


def row(fill, key, i):
    fill(mapped(*key)[i], i)


def mandelbrot(row, i, limit):
    """All points at once: those that are outside leave the vectors."""
    size, edge = len(row), 2.5
    at = np.arange(size)
    re = -2 + edge / 2 * (2 * at + 1) / size
    im = edge / 2 * (2 * i + 1 - size) / size
    x, y = np.zeros(size), np.zeros(size)
    row[:] = limit
    for k in range(limit):
        xx, yy = x * x, y * y
        outside = xx + yy > 4
        if outside.any():
            row[at[outside]] = k
            stay = ~outside
            at, re, x, y, xx, yy = (v[stay] for v in (at, re, x, y, xx, yy))
            if len(at) == 0:
                return
        x, y = xx - yy + re, 2 * x * y + im


def expsin(row, i):
    y = i / len(row)
    x = np.arange(len(row)) / len(row)
    row[:] = np.exp(-x * y) * np.sin(x + 10 * y)


@functools.cache
def points(n):
    i = np.arange(n)
    sin_lat = 1 - (2 * i + 1) / n
    lon = math.pi * (3 - math.sqrt(5)) * i  # the golden angle
    return np.arcsin(sin_lat), lon, np.sqrt(1 - sin_lat * sin_lat)


def distances(row, i):
    earth_radius = 6371.0088
    lat, lon, cos_lat = points(len(row))
    sin_lat = np.sin((lat - lat[i]) / 2)
    sin_lon = np.sin((lon - lon[i]) / 2)
    h = sin_lat * sin_lat + cos_lat[i] * cos_lat * sin_lon * sin_lon
    row[:] = 2 * earth_radius * np.arcsin(np.sqrt(np.minimum(h, 1)))
