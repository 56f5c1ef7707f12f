"""The other half of python_test.go: does what it is told, a line at a time.

A request is a line of JSON: a statement, or an expression whose value is
wanted. The answer is a line of JSON too: {"value": ...} or {"error": ...}.
"""

import ast
import json
import os
import signal
import struct
import sys

import numpy as np
from numpy.lib import format

# If the test is killed while this program is in a loop, it ends by itself.
signal.alarm(180)


def text(v):
    """A number as decimal, or as the bits of a float64, or two of these."""
    if isinstance(v, complex):
        return text(v.real) + " " + text(v.imag)
    if isinstance(v, float):
        return struct.pack(">d", v).hex()
    return str(v)


def texts(a):
    """The elements of a in row-major order."""
    return [text(v) for v in np.asarray(a).ravel().tolist()]


def numbers(texts, dtype, shape=(-1,)):
    """An array of what texts returned."""

    def bits(s):
        return struct.unpack(">d", bytes.fromhex(s))[0]

    dtype = np.dtype(dtype)
    of = {"i": int, "u": int, "f": bits, "c": lambda s: complex(*map(bits, s.split()))}[dtype.kind]
    return np.array([of(s) for s in texts], dtype=dtype).reshape(shape)


def describe(a):
    """All that an array is."""
    return {
        "dtype": a.dtype.name,
        "shape": a.shape,
        "texts": texts(a),
        "sound": bool(a.dtype.isnative and a.flags.c_contiguous and a.flags.aligned),
    }


def read(path):
    """What NumPy makes of a file: its header, and the array in every mode."""
    with open(path, "rb") as f:
        version = format.read_magic(f)
        shape, fortran, dtype = format.read_array_header_1_0(f)
        found = {"header": [version, shape, fortran, dtype.name, f.tell()], "arrays": {}}
        f.seek(len(format.magic(1, 0)) + 2)
        head = f.read(found["header"][-1] - f.tell()).decode()
    found["own"] = head.endswith(" \n") and ast.literal_eval(head) == format.header_data_from_array_1_0(np.load(path))
    for mode in None, "r", "r+", "c":
        try:
            got = describe(np.load(path, mmap_mode=mode))
        except ValueError as e:
            got = {"error": str(e)}
        found["arrays"][mode or "copy"] = got
    return found


SHAPES = [(), (0,), (5,), (3, 4), (2, 3, 4), (2, 0, 4)]


def write_all(folder, name, values):
    """Writes values in every form that a file can have, and returns the forms.

    A layout is C, F, or D: what is written as F, by a program that does not
    look whether C would be the same, as np.save does.
    """
    forms = []
    for shape in SHAPES:
        for order in "<>":
            dtype = np.dtype(name).newbyteorder(order)
            n = int(np.prod(shape, dtype=int))
            a = numbers(values[:n], dtype, shape)
            for layout in "CFD":
                path = os.path.join(folder, f"{name}-{len(forms)}.npy")
                b = np.array(a, order="C" if layout == "C" else "F")
                if layout == "D":
                    with open(path, "wb") as f:
                        format.write_array_header_1_0(f, {"descr": b.dtype.str, "fortran_order": True, "shape": shape})
                        f.write(b.tobytes("F"))
                else:
                    np.save(path, b)
                forms.append({
                    "path": path,
                    "shape": shape,
                    "swapped": not b.dtype.isnative,
                    "columns": not b.flags.c_contiguous,
                    "n": n,
                })
    return forms


def write_at(path, offset, a):
    """Writes a file whose data begin at offset."""
    head = repr({"descr": a.dtype.str, "fortran_order": False, "shape": a.shape})
    head = head.ljust(offset - 11) + "\n"
    with open(path, "wb") as f:
        f.write(format.magic(1, 0) + struct.pack("<H", len(head)) + head.encode() + a.tobytes())
    assert texts(np.load(path)) == texts(a)


class Trap:
    """What makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def write_others(folder):
    """Writes files of types that Go does not have, and returns their paths."""
    dtypes = {
        "bool": "?",
        "half": "f2",
        "string": "S3",
        "unicode": "U3",
        "void": "V8",
        "date": "M8[s]",
        "duration": "m8[ns]",
        "structured": [("a", "i4"), ("b", "f8")],
        "one-field": [("a", "f8")],
        "nested": [("a", [("b", "u1")], (2,))],
    }
    if np.dtype("g").itemsize > 8:
        dtypes["long-double"] = "g"
        dtypes["long-complex"] = "G"
    paths = []
    for name, dtype in dtypes.items():
        for shape in (2, 3), (), (0,):
            paths.append(os.path.join(folder, f"{name}-{len(paths)}.npy"))
            np.save(paths[-1], np.zeros(shape, dtype))
    for shape in (2, 3), (), (0,):
        paths.append(os.path.join(folder, f"object-{len(paths)}.npy"))
        np.save(paths[-1], np.full(shape, Trap(os.path.join(folder, "trap")), dtype=object), allow_pickle=True)
    return paths


def play(a, rounds):
    """Answers in a[1] whenever another program counts a[0] up."""
    for k in range(1, rounds + 1):
        while a[0] != k:
            pass
        a[1] = k


def main():
    names = dict(globals())
    for request in sys.stdin:
        source = json.loads(request)
        answer = {}
        try:
            try:
                code = compile(source, "request", "eval")
            except SyntaxError:
                exec(compile(source, "request", "exec"), names)
            else:
                answer["value"] = eval(code, names)
            line = json.dumps(answer)
        except Exception as e:
            line = json.dumps({"error": f"{type(e).__name__}: {e}"})
        print(line, flush=True)


main()
