#!/usr/bin/env python3
"""Shows an array in a .npy file while another program fills it.

    python3 plot.py live.npy

The file is mapped, so that what the other program stores is seen at once. A row
with a zero counts as one that is not filled yet, and looks like the filled one
above it. With matplotlib there is a window; without it, or with --text, the
picture is made of characters.
"""
import argparse
import os
import sys
import time
import zlib

import numpy as np

SHADES = " .:-=+*#%@"


def main():
    parser = argparse.ArgumentParser(description="Show an array in a .npy file while it is filled.")
    parser.add_argument("path", nargs="?", default="live.npy")
    parser.add_argument("--text", action="store_true", help="characters, also where there is matplotlib")
    parser.add_argument("--every", type=float, default=0.5, metavar="SECONDS", help="between two looks (default 0.5)")
    parser.add_argument("--frames", type=int, default=0, metavar="N", help="end after so many looks (default: when it is full)")
    parser.add_argument("--once", action="store_true", help="the same as --frames 1")
    parser.add_argument("--pgm", metavar="FILE", help="write the last look as a picture that most viewers know")
    args = parser.parse_args()

    a = open_array(args.path, args.every)
    show = in_text if args.text else in_window(a) or in_text
    looks, last = 1 if args.once else args.frames, 0
    while True:
        full = filled(a)
        show(picture(a, full), f"{full.sum()} of {len(a)} rows")
        last += 1
        if full.all() or last == looks:
            break
        wait(show, args.every)
    print(f"saw {full.sum()} of {len(a)} rows, crc32 {zlib.crc32(a):08x}", flush=True)
    if args.pgm:
        write_pgm(args.pgm, picture(a, full))
    if show is not in_text and looks == 0:
        show.keep()


def open_array(path, every):
    """Maps the file, when it is there. It gets its name when it is whole."""
    if not os.path.exists(path):
        print(f"waiting for {path}", flush=True)
        while not os.path.exists(path):
            time.sleep(every)
    a = np.load(path, mmap_mode="r")
    if a.ndim != 2 or a.size == 0:
        sys.exit(f"plot.py: {path} has the shape {a.shape}: want rows and columns")
    return a


def filled(a):
    """Tells which rows have no zero."""
    return (a[:] != 0).all(axis=1)


def picture(a, full):
    """Returns gray values, each row that is not filled being the one above it."""
    above = np.maximum.accumulate(np.where(full, np.arange(len(a)), 0))
    seen = np.where(full[above][:, None], a[above], 0)
    low, high = (a[full].min(), a[full].max()) if full.any() else (0, 1)
    span = high - low if high > low else 1
    return np.clip((seen - low) / span * 255, 0, 255).astype(np.uint8)


def in_text(gray, title):
    """Prints a picture of 72 columns, characters being twice as high as wide."""
    cols = min(72, gray.shape[1])
    rows = max(1, gray.shape[0] * cols // gray.shape[1] // 2)
    i = np.arange(rows) * gray.shape[0] // rows
    j = np.arange(cols) * gray.shape[1] // cols
    for line in gray[np.ix_(i, j)] // 26:
        print("".join(SHADES[shade] for shade in line))
    print(title, flush=True)


class Window:
    """A window of matplotlib, which is called like in_text."""

    def __init__(self, plt, shape):
        self.plt = plt
        plt.ion()
        self.figure, axes = plt.subplots(figsize=(9.6, 9.6 * shape[0] / shape[1] + 0.5), layout="constrained")
        axes.axis("off")
        self.image = axes.imshow(np.zeros(shape, np.uint8), cmap="magma", vmin=0, vmax=255)
        self.axes = axes

    def __call__(self, gray, title):
        self.image.set_data(gray)
        self.axes.set_title(title)
        self.plt.pause(0.01)

    def keep(self):
        self.plt.show(block=True)


def in_window(a):
    """Returns a window, or None where there is no matplotlib or no screen."""
    try:
        import matplotlib
        import matplotlib.pyplot as plt

        window = Window(plt, a.shape)
        return window if matplotlib.get_backend().lower() not in ("agg", "pdf", "ps", "svg", "cairo", "template") else None
    except Exception as e:  # also a screen that cannot be reached
        print(f"no window: {e}", file=sys.stderr)
        return None


def wait(show, seconds):
    if show is in_text:
        time.sleep(seconds)
    else:
        show.plt.pause(seconds)


def write_pgm(path, gray):
    with open(path, "wb") as f:
        f.write(b"P5 %d %d 255\n" % (gray.shape[1], gray.shape[0]))
        f.write(gray.tobytes())


if __name__ == "__main__":
    main()
