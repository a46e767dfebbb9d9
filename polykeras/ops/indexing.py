"""Ops that pick and place: slices, gathers, scatters, sorting, one-hot.

Negative indices count from the end. An index out of range gives NaN (0 in integers) when read and is
dropped when written, alike on every backend; data with labels out of range is refused before.
"""

import math

import numpy as np

from polykeras import config, dtypes
from polykeras.errors import ShapeError
from polykeras.ops.dispatch import as_float, axis_of, constant, convert, op, p, promoted, scope
from polykeras.ops.elementwise import bitwise_not, logical_not
from polykeras.ops.shapes import moveaxis
from polykeras.sizes import is_static, product


def _integers(x):
    return x if p.dtype(x) in ("int32", "int64") else p.cast(x, "int32")


def _wrapped(indices, size):
    """Return indices with negatives counted from the end, and where they are in range."""
    zero, limit = constant(0, indices), constant(size, indices)
    places = p.where(p.less(indices, zero), p.add(indices, limit), indices)
    inside = p.bitwise_and(p.less(places, limit), logical_not(p.less(places, zero)))
    return places, inside


def _missing(x):
    return constant(math.nan if dtypes.is_float(p.dtype(x)) else 0, x)


@op("x indices")
def take(x, indices, axis=None):
    """Return slices of x at indices along an axis, of all elements in order for None.

    >>> take([10.0, 20.0, 30.0], [-1, 0, 5])
    array([30., 10., nan], dtype=float32)
    """
    x, axis = (p.reshape(x, (product(p.shape(x)),)), 0) if axis is None else (x, axis_of(axis, len(p.shape(x))))
    places, inside = _wrapped(_integers(indices), p.shape(x)[axis])
    found = p.take(x, p.where(inside, places, constant(0, places)), axis)
    mask = p.reshape(inside, (*p.shape(indices), *(1 for _ in p.shape(x)[axis + 1 :])))
    return p.where(mask, found, _missing(x))


@op("x indices")
def take_along_axis(x, indices, axis=None):
    """Return one element per index along an axis; the other axes of x and indices agree."""
    if axis is None:
        x, axis = p.reshape(x, (product(p.shape(x)),)), 0
    axis = axis_of(axis, len(p.shape(x)))
    places, inside = _wrapped(_integers(indices), p.shape(x)[axis])
    shape = tuple(p.shape(x)[i] if i != axis and size == 1 else size for i, size in enumerate(p.shape(indices)))
    picked = p.where(inside, places, constant(0, places))
    found = p.take_along_axis(x, p.broadcast_to(picked, shape), axis)
    return p.where(inside, found, _missing(x))


def get_item(x, key):
    """Return x[key]: ints, slices, None, Ellipsis, and integer arrays (one axis each)."""
    keys = key if isinstance(key, tuple) else (key,)
    indices, plan = [], []
    for part in keys:
        if isinstance(part, (slice_type, int, np.integer, type(None), type(Ellipsis))):
            plan.append(part)
        else:
            plan.append(_Index(len(indices)))
            indices.append(part)
    return _get_item(x, indices, tuple(plan))


slice_type = type(np.s_[:])


class _Index(int):
    """The place of an array among the arrays of an index."""


@op("x indices*")
def _get_item(x, indices, plan):
    sizes = p.shape(x)
    taken = sum(part is not None and part is not Ellipsis for part in plan)
    if taken > len(sizes):
        raise ShapeError(f"index: got {taken} indices for an array of shape {sizes}.")
    spare = (np.s_[:],) * (len(sizes) - taken)
    if Ellipsis in [part for part in plan if part is Ellipsis]:
        place = next(i for i, part in enumerate(plan) if part is Ellipsis)
        plan = plan[:place] + spare + plan[place + 1 :]
    else:
        plan = plan + spare
    return _arranged(_sliced(x, plan), plan, indices)


def _sliced(x, plan):
    """Cut the slices and the ints of an index out of x, axis by axis."""
    starts, stops, steps, flips = [], [], [], []
    cuts = [part for part in plan if part is not None]
    for axis, (part, size) in enumerate(zip(cuts, p.shape(x))):
        start, stop, step = 0, size, 1
        if isinstance(part, slice_type):
            start, stop, step = _bounds(part, size)
        elif not isinstance(part, _Index):
            start = _place(part, size, axis)
            stop = start + 1
        if step < 0:
            flips.append(axis)
            start, stop, step = size - 1 - start, size - 1 - stop, -step
        starts.append(start), stops.append(stop), steps.append(step)
    if flips:
        x = p.flip(x, tuple(flips))
    return p.slice(x, tuple(starts), tuple(stops), tuple(steps))


def _place(index, size, axis):
    if is_static(size) and not -size <= index < size:
        raise ShapeError(f"index {index} is out of range for axis {axis} with size {size}.")
    return index if index >= 0 else size + index


def _bounds(part, size):
    if is_static(size):
        start, stop, step = part.indices(size)
        return start, stop if (stop - start) * step > 0 else start, step
    step = 1 if part.step is None else part.step
    if step < 0 and (part.start, part.stop) != (None, None):
        raise ShapeError("index: a slice backwards over a size not known yet must be whole, as in x[::-1].")
    if step < 0:
        return size - 1, -1, step
    start = 0 if part.start is None else part.start if part.start >= 0 else size + part.start
    stop = size if part.stop is None else part.stop if part.stop >= 0 else size + part.stop
    return start, stop, step


def _arranged(x, plan, indices):
    """Drop the axes of ints, add those of None, and gather along those of arrays."""
    sizes, shape, arrays = list(p.shape(x)), [], []
    for part in plan:
        if part is None:
            shape.append(1)
            continue
        size = sizes.pop(0)
        if isinstance(part, _Index):
            arrays.append((len(shape), indices[int(part)]))
        if isinstance(part, (slice_type, _Index)):
            shape.append(size)
    x = p.reshape(x, tuple(shape))
    if not arrays:
        return x
    if len(arrays) == 1:
        return take(x, arrays[0][1], arrays[0][0])
    return _gathered(x, arrays)


def _gathered(x, arrays):
    """Gather along several axes at once, by one flat index."""
    axes = [axis for axis, _ in arrays]
    together = axes == list(range(axes[0], axes[0] + len(axes)))
    x = moveaxis(x, axes, list(range(len(axes))))
    sizes = p.shape(x)[: len(axes)]
    flat, inside = _flattened([(_integers(index), size) for (_, index), size in zip(arrays, sizes)])
    flat = p.where(inside, flat, constant(product(sizes), flat))
    rest = p.shape(x)[len(axes) :]
    found = take(p.reshape(x, (product(sizes), *rest)), flat, 0)
    if not together:
        return found
    picked = len(p.shape(flat))
    return moveaxis(found, list(range(picked)), list(range(axes[0], axes[0] + picked)))


@op("inputs start_indices")
def slice(inputs, start_indices, shape):
    """Return a block of x of a given shape; the starts may be values, and are held within range."""
    for axis, size in enumerate(shape):
        start = p.reshape(p.slice(start_indices, (axis,), (axis + 1,), (1,)), ())
        start = _integers(start)
        last = constant(p.shape(inputs)[axis] - size, start)
        start = p.minimum(p.maximum(start, constant(0, start)), last)
        inputs = p.take(inputs, p.add(p.arange(size, p.dtype(start)), start), axis)
    return inputs


@op("inputs start_indices updates")
def slice_update(inputs, start_indices, updates):
    """Return x with a block replaced; the starts may be values, and are held within range."""
    inside, source = None, updates
    rank = len(p.shape(inputs))
    for axis, (size, block) in enumerate(zip(p.shape(inputs), p.shape(updates))):
        start = _integers(p.reshape(p.slice(start_indices, (axis,), (axis + 1,), (1,)), ()))
        start = p.minimum(p.maximum(start, constant(0, start)), constant(size - block, start))
        places, hit = p.subtract(p.arange(size, p.dtype(start)), start), None
        hit = p.bitwise_and(p.less(places, constant(block, places)), logical_not(p.less(places, constant(0, places))))
        source = p.take(source, p.where(hit, places, constant(0, places)), axis)
        hit = p.reshape(hit, tuple(size if i == axis else 1 for i in range(rank)))
        inside = hit if inside is None else p.bitwise_and(inside, hit)
    return p.where(inside, p.cast(source, p.dtype(inputs)), inputs)


def _flat_places(indices, shape):
    """Return (n, k) indices of the first k axes as flat ones, and where they are in range."""
    indices, rows = _integers(indices), p.shape(indices)[0]
    columns = [p.reshape(p.slice(indices, (0, axis), (rows, axis + 1), (1, 1)), (rows,)) for axis in range(len(shape))]
    return _flattened(list(zip(columns, shape)))


def _flattened(columns):
    """Return (index, size) of several axes as one index in row-major order, and where all are in range."""
    flat, inside = None, None
    for index, size in columns:
        place, fits = _wrapped(index, size)
        flat = place if flat is None else p.add(p.multiply(flat, constant(size, flat)), place)
        inside = fits if inside is None else p.bitwise_and(inside, fits)
    return flat, inside


@op("x indices updates")
def scatter_add(x, indices, updates):
    """Return x with updates added at indices; repeats add up, indices out of range are dropped.

    Args:
        x: (a, b, ..., rest...).
        indices: (n, k), one index per row for the first k axes of x.
        updates: (n, rest...).
    """
    shape, count = p.shape(x), p.shape(indices)[-1]
    rest, total = shape[count:], product(shape[:count])
    indices = p.reshape(indices, (-1, count))
    flat, inside = _flat_places(indices, shape[:count])
    flat = p.where(inside, flat, constant(total, flat))  # one row more, for what is dropped
    base = p.pad(p.reshape(x, (total, *rest)), ((0, 1), *((0, 0) for _ in rest)), 0)
    updates = p.reshape(p.cast(updates, p.dtype(x)), (p.shape(flat)[0], *rest))
    summed = p.scatter_add(base, flat, updates)
    kept = p.slice(summed, (0,) * (1 + len(rest)), (total, *rest), (1,) * (1 + len(rest)))
    return p.reshape(kept, shape)


@op("indices values")
def scatter(indices, values, shape):
    """Return zeros of a shape with values added at indices; see scatter_add."""
    return scatter_add(p.full(tuple(shape), 0, p.dtype(values)), indices, values)


@op("inputs indices updates")
def scatter_update(inputs, indices, updates, reduction=None):
    """Return x with the places at indices replaced; of repeats the last wins.

    Args:
        reduction: None, or "add" to add instead of replacing.
    """
    if reduction not in (None, "add"):
        raise ValueError(f"scatter_update: expected reduction None or 'add', got {reduction!r}.")
    if reduction == "add":
        return scatter_add(inputs, indices, updates)
    shape, count = p.shape(inputs), p.shape(indices)[-1]
    rest, total = shape[count:], product(shape[:count])
    indices = p.reshape(indices, (-1, count))
    rows = p.shape(indices)[0]
    flat, inside = _flat_places(indices, shape[:count])
    flat = p.where(inside, flat, constant(total, flat))
    order = p.argsort(flat, 0)
    ordered = p.take(flat, order, 0)
    after = p.pad(p.slice(ordered, (1,), (rows,), (1,)), ((0, 1),), -1)
    last = p.take(logical_not(p.equal(ordered, after)), p.argsort(order, 0), 0)  # of each place, the last row
    flat = p.where(last, flat, constant(total, flat))
    updates = p.reshape(p.cast(updates, p.dtype(inputs)), (rows, *rest))
    hits = scatter_add(p.full((total,), 0, "int32"), p.reshape(flat, (-1, 1)), p.full((rows,), 1, "int32"))
    fresh = scatter_add(p.full((total, *rest), 0, p.dtype(inputs)), p.reshape(flat, (-1, 1)), updates)
    mask = p.reshape(p.cast(hits, "bool"), (total, *(1 for _ in rest)))
    return p.reshape(p.where(mask, fresh, p.reshape(inputs, (total, *rest))), shape)


@op("data segment_ids")
def segment_sum(data, segment_ids, num_segments=None, sorted=False):
    """Return the sum of the rows of each segment. (n, ...), (n,) -> (num_segments, ...)"""
    if num_segments is None:
        raise ShapeError("segment_sum: expected num_segments: the result's shape must be known before the values are.")
    base = p.full((num_segments, *p.shape(data)[1:]), 0, p.dtype(data))
    return scatter_add(base, p.reshape(segment_ids, (-1, 1)), data)


@op("x")
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """Return 1 at each class's place and 0 elsewhere; zeros for classes out of range.

    >>> one_hot([2, 0, 7], 3)
    array([[0., 0., 1.],
           [1., 0., 0.],
           [0., 0., 0.]], dtype=float32)
    """
    if sparse:
        raise ValueError("one_hot: got sparse=True, expected False: sparse arrays are not supported.")
    places = _integers(x)
    rank = len(p.shape(x))
    hits = p.equal(p.reshape(places, (*p.shape(x), 1)), p.arange(num_classes, p.dtype(places)))
    made = p.cast(hits, dtypes.standardize(dtype or config.floatx()))
    return moveaxis(made, -1, axis_of(axis, rank + 1))


@op("x")
def argsort(x, axis=-1):
    """Return the indices that sort, as int32: stable, NaN last."""
    x, axis = (p.reshape(x, (-1,)), 0) if axis is None else (x, axis_of(axis, len(p.shape(x))))
    return p.argsort(x, axis)


@op("x")
def sort(x, axis=-1):
    """Return x sorted along an axis, NaN last."""
    axis = axis_of(axis, len(p.shape(x)))
    return p.take_along_axis(x, p.argsort(x, axis), axis)


@op("x")
def top_k(x, k, sorted=True):
    """Return (values, indices) of the k largest of the last axis, the lowest index first at ties."""
    axis = len(p.shape(x)) - 1
    falling = p.negative(x) if dtypes.is_float(p.dtype(x)) else bitwise_not(x)
    order = p.argsort(falling, axis)
    sizes = p.shape(x)
    if is_static(sizes[-1]) and k > sizes[-1]:
        raise ShapeError(f"top_k: got k={k}, expected at most the size {sizes[-1]} of the last axis of {sizes}.")
    indices = p.slice(order, (0,) * len(sizes), (*sizes[:-1], k), (1,) * len(sizes))
    return p.take_along_axis(x, indices, axis), indices


@op("targets predictions")
def in_top_k(targets, predictions, k):
    """Return whether each target class is among the k highest predictions; ties count as in.

    Args:
        targets: (n,) ints.
        predictions: (n, classes); a row with a value at the target that is not finite gives False.
    """
    places = p.reshape(_integers(targets), (-1, 1))
    mine = take_along_axis(predictions, places, 1)
    higher = p.sum(p.cast(p.less(mine, predictions), "int32"), (1,), False)
    finite = p.reshape(p.less(p.abs(mine), constant(math.inf, mine)), (-1,))
    return p.bitwise_and(p.less(higher, p.full((), k, "int32")), finite)


@op("sorted_sequence values")
def searchsorted(sorted_sequence, values, side="left"):
    """Return where each value would go in a sorted vector, as int32; NaN goes last."""
    ordered, values = promoted(sorted_sequence, values)
    wide = p.reshape(values, (*p.shape(values), 1))
    before = p.less(ordered, wide) if side == "left" else logical_not(p.less(wide, ordered))
    nan = logical_not(p.equal(wide, wide))
    return p.sum(p.cast(p.bitwise_or(before, nan), "int32"), (len(p.shape(values)),), False)


@op("x")
def bincount(x, weights=None, minlength=0, sparse=False):
    """Return how often each of 0 .. minlength - 1 occurs, or the sum of their weights; others are dropped."""
    hits = one_hot(p.reshape(x, (-1,)), minlength, dtype="int32")
    if weights is None:
        return p.sum(hits, (0,), False)
    weights = as_float(convert(scope.running(), weights))
    return p.sum(p.multiply(p.cast(hits, p.dtype(weights)), p.reshape(weights, (-1, 1))), (0,), False)

