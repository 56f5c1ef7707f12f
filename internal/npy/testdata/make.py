#!/usr/bin/python3
"""Writes the .npy files beside this script, with NumPy 1.17 or later.

The k-th element of every array, in row-major order and counted from 0, is
k+1, or (k+1)-(k+1)j if the type is complex. A file's name says the rest:

    type_order_layout_version_shape.npy
    float64_big_f_v1_2x3.npy

    type      NumPy's name, which is also Go's
    order     little, big, or none for types of one byte
    layout    c if fortran_order is False, f if it is True
    version   v1, v2 or v3: as numpy.lib.format.write_array writes it;
              old: version 1.0 as NumPy before 1.14 wrote it, padded to a
              multiple of 16 bytes, here 80;
              py2: the same by Python 2, whose integers could end in L;
              4096: version 1.0 padded to 4096 bytes
    shape     2x3; 0d for a shape without axes
"""

import itertools
import os
import struct

import numpy as np
from numpy.lib import format

HERE = os.path.dirname(os.path.abspath(__file__))
INTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
TYPES = INTS + ["float32", "float64", "complex64", "complex128"]
VERSIONS = {"v1": (1, 0), "v2": (2, 0), "v3": (3, 0)}


def array(name, order, layout, shape):
    """Returns the array that a file's name describes."""
    dtype = np.dtype(name).newbyteorder({"big": ">", "little": "<", "none": "|"}[order])
    values = np.arange(1, int(np.prod(shape, dtype=int)) + 1).astype(dtype)
    if dtype.kind == "c":
        values = (values - 1j * values).astype(dtype)
    return np.array(values.reshape(shape), order=layout.upper())


def write(name, order, layout, version, shape):
    """Writes one file."""
    a = array(name, order, layout, shape)
    axes = "x".join(map(str, shape)) or "0d"
    path = os.path.join(HERE, f"{name}_{order}_{layout}_{version}_{axes}.npy")
    with open(path, "wb") as f:
        if version in VERSIONS:
            format.write_array(f, a, version=VERSIONS[version])
        else:
            f.write(old_header(a, layout, version))
            f.write(a.tobytes(order=layout.upper()))
    with open(path, "rb") as f:
        assert format.read_magic(f) == VERSIONS.get(version, (1, 0)), path
    b = np.load(path)
    assert b.dtype == a.dtype and b.shape == a.shape and (b == a).all(), path
    assert os.path.getsize(path) < 6 * 1024, path


def old_header(a, layout, version):
    """Returns a header that today's NumPy reads but does not write."""
    suffix = "L" if version == "py2" else ""
    axes = ", ".join(f"{n}{suffix}" for n in a.shape)
    text = f"{{'descr': '{a.dtype.str}', 'fortran_order': {layout == 'f'}, 'shape': ({axes}), }}"
    size = {"old": 80, "py2": 80, "4096": 4096}[version]
    text = text.ljust(size - 11) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("latin1")


def main():
    # Every type, both orders and both layouts; the versions take turns.
    turn = itertools.cycle(VERSIONS)
    for name in TYPES:
        for order in ["none"] if name.endswith("int8") else ["little", "big"]:
            for layout in "cf":
                write(name, order, layout, next(turn), (2, 3))
    # Shapes. Where the two layouts are the same, NumPy writes False.
    shapes = [(), (0,), (1,), (5,), (0, 3), (3, 0), (1, 1), (2, 3, 4), (1, 2, 1, 3, 1, 1, 2, 1)]
    for version, shape in zip(itertools.cycle(VERSIONS), shapes):
        write("float64", "little", "c", version, shape)
    for version, shape in zip(itertools.cycle(VERSIONS), [(7, 2), (2, 3, 4), (3, 1, 2, 2)]):
        write("int16", "big", "f", version, shape)
        write("complex64", "little", "f", version, shape)
    # Headers of other sizes.
    for version in ["old", "py2", "4096"]:
        write("float64", "little", "c", version, (3, 4))
        write("int32", "big", "f", version, (3, 4))


main()
