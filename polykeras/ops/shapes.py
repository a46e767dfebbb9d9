"""Ops that rearrange: shapes, axes, joining, cutting, repeating."""

import numpy as np

from polykeras import dtypes
from polykeras.errors import ShapeError
from polykeras.ops.dispatch import axes_of, axis_of, constant, op, p
from polykeras.sizes import is_static, product
from polykeras.spec import resolve_shape


def _sizes(x):
    return p.shape(x)


def _rank(x):
    return len(p.shape(x))


@op("x")
def reshape(x, newshape):
    """Return x in another shape; one size may be -1 and is worked out.

    >>> reshape([1, 2, 3, 4], (2, -1))
    array([[1, 2],
           [3, 4]], dtype=int32)
    """
    newshape = (newshape,) if isinstance(newshape, (int, np.integer)) else tuple(newshape)
    if any(size is None for size in newshape):
        if sum(size is None for size in newshape) > 1:
            raise ShapeError(f"reshape: got shape {newshape} with several unknown sizes. Take them from ops.shape(x).")
        newshape = tuple(-1 if size is None else size for size in newshape)
    sizes = p.shape(x)
    if all(map(_countable, (*sizes, *newshape))):
        newshape = resolve_shape(product(sizes), newshape)
    return p.reshape(x, newshape)


def _countable(size):
    return is_static(size) or hasattr(size, "terms")


@op("x")
def ravel(x):
    """Return x as one long axis. (...) -> (n,)"""
    return p.reshape(x, (-1,)) if not all(map(_countable, p.shape(x))) else p.reshape(x, (product(p.shape(x)),))


@op("x")
def transpose(x, axes=None):
    """Return x with its axes reversed, or in the given order."""
    rank = _rank(x)
    order = tuple(reversed(range(rank))) if axes is None else tuple(axis_of(axis, rank) for axis in axes)
    return x if order == tuple(range(rank)) else p.transpose(x, order)


@op("x")
def moveaxis(x, source, destination):
    """Return x with some axes moved to other places, the rest in order."""
    rank = _rank(x)
    several = lambda axis: [axis_of(a, rank) for a in ([axis] if isinstance(axis, int) else axis)]
    source, destination = several(source), several(destination)
    order = [axis for axis in range(rank) if axis not in source]
    for target, axis in sorted(zip(destination, source)):
        order.insert(target, axis)
    return transpose(x, order)


@op("x")
def swapaxes(x, axis1, axis2):
    """Return x with two axes exchanged."""
    rank = _rank(x)
    order = list(range(rank))
    first, second = axis_of(axis1, rank), axis_of(axis2, rank)
    order[first], order[second] = order[second], order[first]
    return transpose(x, order)


@op("x")
def expand_dims(x, axis):
    """Return x with an axis of size 1 at each given place of the result."""
    wanted = (axis,) if isinstance(axis, int) else tuple(axis)
    places = axes_of(wanted, _rank(x) + len(wanted))
    sizes = list(p.shape(x))
    for place in places:
        sizes.insert(place, 1)
    return p.reshape(x, tuple(sizes))


@op("x")
def squeeze(x, axis=None):
    """Return x without its axes of size 1, or without the given ones.

    Raises:
        ShapeError: a given axis has another size.
    """
    sizes = p.shape(x)
    if axis is None:
        gone = tuple(place for place, size in enumerate(sizes) if is_static(size) and size == 1)
    else:
        gone = axes_of(axis, len(sizes))
        wrong = [place for place in gone if is_static(sizes[place]) and sizes[place] != 1]
        if wrong:
            raise ShapeError(f"squeeze: axis {wrong[0]} of shape {sizes} has size {sizes[wrong[0]]}, expected 1.")
    return p.reshape(x, tuple(size for place, size in enumerate(sizes) if place not in gone))


@op("x")
def broadcast_to(x, shape):
    """Return x repeated to a shape that it broadcasts to."""
    return p.broadcast_to(x, tuple(shape))


def _common(xs):
    dtype = dtypes.result_type(*{p.dtype(x) for x in xs})
    return [x if p.dtype(x) == dtype else p.cast(x, dtype) for x in xs]


@op("xs*")
def concatenate(xs, axis=0):
    """Return arrays joined along an axis; dtypes are promoted."""
    xs = _common(xs)
    return xs[0] if len(xs) == 1 else p.concatenate(xs, axis_of(axis, _rank(xs[0])))


@op("x*")
def stack(x, axis=0):
    """Return arrays of one shape joined along a new axis."""
    xs = _common(x)
    place = axis_of(axis, _rank(xs[0]) + 1)
    return p.concatenate([expand_dims(x, place) for x in xs], place)


@op("xs*")
def vstack(xs):
    """Return arrays joined along the first axis; vectors become rows."""
    return concatenate([expand_dims(x, 0) if _rank(x) < 2 else x for x in xs], 0)


@op("xs*")
def hstack(xs):
    """Return arrays joined along the second axis; vectors along their only one."""
    return concatenate(xs, 0 if _rank(xs[0]) == 1 else 1)


def _cut(x, axis, start, stop):
    sizes = p.shape(x)
    starts = tuple(start if place == axis else 0 for place in range(len(sizes)))
    stops = tuple(stop if place == axis else size for place, size in enumerate(sizes))
    return p.slice(x, starts, stops, (1,) * len(sizes))


@op("x")
def split(x, indices_or_sections, axis=0):
    """Return x cut along an axis: into equal parts, or at the given places.

    Raises:
        ShapeError: the size is no multiple of the number of parts.
    """
    axis = axis_of(axis, _rank(x))
    size = p.shape(x)[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        parts = int(indices_or_sections)
        if is_static(size) and size % parts:
            raise ShapeError(f"split: size {size} of axis {axis} is no multiple of {parts}.")
        places = [size // parts * index for index in range(1, parts)]
    else:
        places = [int(place) for place in indices_or_sections]
    return [_cut(x, axis, start, stop) for start, stop in zip([0, *places], [*places, size])]


@op("x")
def unstack(x, num=None, axis=0):
    """Return the slices of x along an axis, without it."""
    axis = axis_of(axis, _rank(x))
    count = p.shape(x)[axis] if num is None else num
    return [squeeze(_cut(x, axis, index, index + 1), axis) for index in range(count)]


@op("x")
def tile(x, repeats):
    """Return x repeated as a whole, so many times along each axis."""
    repeats = (repeats,) if isinstance(repeats, int) else tuple(repeats)
    sizes = p.shape(x)
    rank = max(len(sizes), len(repeats))
    sizes = (1,) * (rank - len(sizes)) + tuple(sizes)
    repeats = (1,) * (rank - len(repeats)) + repeats
    spread = p.reshape(x, tuple(part for size in sizes for part in (1, size)))
    spread = p.broadcast_to(spread, tuple(part for count, size in zip(repeats, sizes) for part in (count, size)))
    return p.reshape(spread, tuple(count * size for count, size in zip(repeats, sizes)))


@op("x")
def repeat(x, repeats, axis=None):
    """Return each element repeated, along an axis or of all in order; repeats may be one number per place."""
    x, axis = (ravel(x), 0) if axis is None else (x, axis_of(axis, _rank(x)))
    if not isinstance(repeats, (int, np.integer)):
        places = np.repeat(np.arange(p.shape(x)[axis], dtype=np.int32), np.asarray(repeats))
        return p.take(x, p.from_numpy(places, None), axis)
    sizes, count = p.shape(x), int(repeats)
    spread = p.reshape(x, (*sizes[: axis + 1], 1, *sizes[axis + 1 :]))
    spread = p.broadcast_to(spread, (*sizes[: axis + 1], count, *sizes[axis + 1 :]))
    return p.reshape(spread, (*sizes[:axis], sizes[axis] * count, *sizes[axis + 1 :]))


@op("x")
def flip(x, axis=None):
    """Return x with its order reversed along axes, all of them for None."""
    return p.flip(x, axes_of(axis, _rank(x)))


@op("x")
def roll(x, shift, axis=None):
    """Return x moved around along axes, what falls off one end coming in at the other."""
    if axis is None:
        return p.reshape(roll(ravel(x), shift, 0), p.shape(x))
    shifts = (shift,) if isinstance(shift, int) else tuple(shift)
    places = (axis,) if isinstance(axis, int) else tuple(axis)
    for move, place in zip(shifts * (len(places) // len(shifts)), places):
        place = axis_of(place, _rank(x))
        size = p.shape(x)[place]
        cut = (-move) % size
        x = p.concatenate([_cut(x, place, cut, size), _cut(x, place, 0, cut)], place)
    return x


@op("x")
def pad(x, pad_width, mode="constant", constant_values=None):
    """Return x with places added around it.

    Args:
        pad_width: (before, after) for every axis, or one such pair, or one int.
        mode: "constant", "reflect" (the edge not repeated), "symmetric" (repeated) or "edge".
        constant_values: the number to fill with in mode "constant", 0 unless given.
    """
    rank = _rank(x)
    pairs = np.broadcast_to(np.asarray(pad_width, dtype=np.int64), (rank, 2)).tolist()
    if mode == "constant":
        return p.pad(x, tuple(map(tuple, pairs)), 0 if constant_values is None else constant_values)
    if mode not in _MIRRORS:
        raise ValueError(f"pad: expected mode 'constant', 'reflect', 'symmetric' or 'edge', got {mode!r}.")
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            size = p.shape(x)[axis]
            places = [_MIRRORS[mode](place, size) for place in range(-before, size + after)]
            x = p.take(x, p.from_numpy(np.asarray(places, np.int32), None), axis)
    return x


def _reflected(place, size):
    if size == 1:
        return 0
    place %= 2 * (size - 1)
    return place if place < size else 2 * (size - 1) - place


def _symmetric(place, size):
    place %= 2 * size
    return place if place < size else 2 * size - 1 - place


_MIRRORS = {"reflect": _reflected, "symmetric": _symmetric, "edge": lambda place, size: min(max(place, 0), size - 1)}


@op("x")
def diagonal(x, offset=0, axis1=0, axis2=1):
    """Return the diagonal of two axes as the last axis."""
    rank = _rank(x)
    first, second = axis_of(axis1, rank), axis_of(axis2, rank)
    x = moveaxis(x, (first, second), (-2, -1))
    *others, rows, columns = p.shape(x)
    start = offset if offset >= 0 else -offset * columns
    count = max(min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns), 0)
    flat = p.reshape(x, (*others, rows * columns))
    places = np.asarray([start + index * (columns + 1) for index in range(count)], np.int32)
    return p.take(flat, p.from_numpy(places, None), len(others))


@op("x")
def diag(x, k=0):
    """Return a matrix with x on its k-th diagonal, or the k-th diagonal of a matrix."""
    if _rank(x) == 2:
        return diagonal(x, k)
    size = p.shape(x)[0] + abs(k)
    wide = p.pad(x, ((max(k, 0), max(-k, 0)),), 0)
    across = p.broadcast_to(p.reshape(wide, (1, size)), (size, size))
    rows = p.add(p.reshape(p.arange(size, "int32"), (size, 1)), p.full((), k, "int32"))
    hit = p.equal(rows, p.reshape(p.arange(size, "int32"), (1, size)))
    return p.where(hit, across, constant(0, x))


def meshgrid(*x, indexing="xy"):
    """Return the coordinates of a grid: one array per vector, each of the grid's shape."""
    return list(_meshgrid(list(x), indexing))


@op("x*")
def _meshgrid(x, indexing):
    order = [1, 0, *range(2, len(x))] if indexing == "xy" and len(x) > 1 else list(range(len(x)))
    sizes = [product(p.shape(v)) for v in x]
    shape = tuple(sizes[place] for place in order)
    made = []
    for index, vector in enumerate(x):
        place = order.index(index)
        row = p.reshape(vector, tuple(sizes[index] if axis == place else 1 for axis in range(len(x))))
        made.append(p.broadcast_to(row, shape))
    return made

