"""The contract's primitives in MLX. Where MLX's own function means the same it stands as it is."""

import functools
import itertools
import math

import mlx.core as mx
import numpy as np

from polykeras import dtypes
from polykeras.spec import padding_pairs
from polykeras_mlx.functions import cos, erf, exp, expm1, sigmoid, sin  # noqa: F401  primitives too

NAMES = {getattr(mx, "bool_" if name == "bool" else name): name for name in dtypes.ALL}
DTYPES = {name: kind for kind, name in NAMES.items()}
HALVES = (mx.float16, mx.bfloat16)
cut, every = slice, slice(None)  # Python's own, before the primitive takes the name
LONG = 512  # terms beyond which a float32 sum is added up in float64: MLX adds them one by one

negative, log, log1p, sqrt, tanh, floor = mx.negative, mx.log, mx.log1p, mx.sqrt, mx.tanh, mx.floor
abs, round, stop_gradient = mx.abs, mx.round, mx.stop_gradient
add, subtract, multiply, divide, mod = mx.add, mx.subtract, mx.multiply, mx.divide, mx.remainder
arctan2, equal, less = mx.arctan2, mx.equal, mx.less
bitwise_and, bitwise_or, bitwise_xor = mx.bitwise_and, mx.bitwise_or, mx.bitwise_xor
left_shift, right_shift = mx.left_shift, mx.right_shift
reshape, transpose, broadcast_to, concatenate = mx.reshape, mx.transpose, mx.broadcast_to, mx.concatenate


def is_float(x):
    """Whether an array is of floats."""
    return mx.issubdtype(x.dtype, mx.floating)


def full(shape, value, dtype):
    return mx.broadcast_to(mx.array(np.asarray(value, dtypes.to_numpy(dtype)), dtype=DTYPES[dtype]), shape)


def arange(size, dtype):
    return mx.arange(0, size, 1, dtype=mx.int32).astype(DTYPES[dtype])


# -- two arguments -----------------------------------------------------------------------------------


_where = mx.custom_function(lambda condition, x, y: mx.where(condition, x, y))


@_where.vjp
def _(arrays, g, out):
    # MLX multiplies by the condition, which lets an infinite g through as NaN
    condition, zero = arrays[0], mx.zeros_like(g)
    return mx.zeros_like(condition), mx.where(condition, g, zero), mx.where(condition, zero, g)


def where(condition, x, y):
    return _where(*mx.broadcast_arrays(mx.stop_gradient(condition), x, y))


def power(x, y):
    # the gradient that the contract has as 0 is NaN in MLX: it is stopped where the value does not need it
    base = where(y == 0, mx.stop_gradient(x), x)
    return mx.power(base, where((x == 0) & (y >= 0), mx.stop_gradient(y), y))


def _shared_at_ties(function):
    """Make a maximum or minimum give half the gradient to each at a tie; MLX gives all to the second."""

    def either(x, y):
        return 0.5 * function(x, y) + 0.5 * function(y, x) if is_float(x) else function(x, y)

    return either


maximum, minimum = _shared_at_ties(mx.maximum), _shared_at_ties(mx.minimum)


def floor_divide(x, y):
    if not is_float(x):
        return mx.floor_divide(x, y)
    x, y = mx.stop_gradient(x), mx.stop_gradient(y)
    largest = full((), dtypes.largest(NAMES[y.dtype]), NAMES[y.dtype])
    finite = mx.clip(y, -largest, largest)
    # x / y may round up to a whole number that the exact quotient does not reach
    return mx.where(y == 0, mx.floor(x / y), mx.round((x - mx.remainder(x, finite)) / finite))


# -- along axes --------------------------------------------------------------------------------------


def _wide(x, axes):
    """Return an array in a dtype in which as many terms as these axes have can be added up."""
    if x.dtype in HALVES:
        x = x.astype(mx.float32)
    return x.astype(mx.float64) if x.dtype == mx.float32 and math.prod(x.shape[axis] for axis in axes) > LONG else x


def _reduction(function, neutral, width=lambda x, axes: x):
    """Make a reduction. Of no elements MLX (0.32) reads memory that is not its own: it hangs at times."""

    def reduced(x, axes, keepdims):
        if x.size:
            return function(width(x, axes), axes, keepdims=keepdims).astype(x.dtype)
        shape = [1 if axis in axes else size for axis, size in enumerate(x.shape) if keepdims or axis not in axes]
        return full(shape, neutral(x), NAMES[x.dtype])

    return reduced


sum, prod = _reduction(mx.sum, lambda x: 0, _wide), _reduction(mx.prod, lambda x: 1, _wide)
max = _reduction(mx.max, lambda x: -math.inf if is_float(x) else mx.iinfo(x.dtype).min)


def cumsum(x, axis):
    return mx.cumsum(_wide(x, (axis,)), axis=axis).astype(x.dtype)


def argmax(x, axis):
    if not x.size:
        return full(x.shape[:axis] + x.shape[axis + 1 :], 0, "int32")
    return mx.argmax(x, axis).astype(mx.int32)


def argsort(x, axis):
    return mx.argsort(x, axis).astype(mx.int32)


# -- contraction and windows -------------------------------------------------------------------------


def matmul(x, y):
    return mx.matmul(_wide(x, ()), _wide(y, ())).astype(x.dtype)


def _cells(x, window, strides, dilation):
    """Return for each place in a window, row by row, what of x stands there: (n, ...windows, channels)."""
    counts = [(length - (extent - 1) * d - 1) // s + 1 for length, extent, s, d in zip(x.shape[1:-1], window, strides, dilation)]
    starts = itertools.product(*(range(0, extent * d, d) for extent, d in zip(window, dilation)))
    stops = lambda start: (first + (count - 1) * s + 1 for first, count, s in zip(start, counts, strides))
    return [x[(every, *map(cut, start, stops(start), strides))] for start in starts]


def _padded(x, window, strides, padding, dilation, value):
    return pad(x, ((0, 0), *padding_pairs(padding, x.shape[1:-1], window, strides, dilation), (0, 0)), value)


def conv(x, kernel, strides, padding, dilation, groups):
    # mx.conv_general is slower on the CPU (up to 3 times with its gradient), knows float64 only in
    # part and with float32's digits, and no groups in three dimensions
    *window, depth, channels = kernel.shape
    cells = _cells(_padded(x, window, strides, padding, dilation, 0), window, strides, dilation)
    if groups == 1:
        return matmul(mx.concatenate(cells, -1), mx.reshape(kernel, (-1, channels)))
    shape = cells[0].shape[:-1]
    patches = mx.concatenate([mx.reshape(cell, (math.prod(shape), groups, depth)) for cell in cells], -1)
    kernel = mx.reshape(kernel, (len(cells) * depth, groups, channels // groups))
    made = matmul(mx.transpose(patches, (1, 0, 2)), mx.transpose(kernel, (1, 0, 2)))
    return mx.reshape(mx.transpose(made, (1, 0, 2)), (*shape, channels))


def pool(x, kind, size, strides, padding):
    ones = (1,) * len(size)
    cells = _cells(_padded(x, size, strides, padding, ones, -math.inf if kind == "max" else 0), size, strides, ones)
    # not cell > best: NaN wins, and the first of equals keeps the gradient
    larger = lambda best, cell: where((best >= cell) | mx.isnan(best), best, cell)
    if kind == "max":
        return functools.reduce(larger, cells)
    return functools.reduce(mx.add, (_wide(cell, ()) for cell in cells)).astype(x.dtype)


# -- shape and indices -------------------------------------------------------------------------------


def slice(x, starts, stops, steps):
    return x[tuple(map(cut, starts, stops, steps))]


def flip(x, axes):
    return x[tuple(cut(None, None, -1 if axis in axes else 1) for axis in range(x.ndim))]


def pad(x, widths, value):
    return mx.pad(x, list(widths), constant_values=full((), value, NAMES[x.dtype])) if x.ndim else x


def take(x, indices, axis):
    return mx.take(x, mx.stop_gradient(indices), axis)


def take_along_axis(x, indices, axis):
    return mx.take_along_axis(x, mx.stop_gradient(indices), axis)  # MLX would differentiate by indices that depend on x


def scatter_add(x, indices, updates):
    return x.at[indices].add(updates)


def cast(x, dtype):
    wanted = DTYPES[dtype]
    if is_float(x) and mx.issubdtype(wanted, mx.floating):
        return x.astype(wanted)
    x = mx.stop_gradient(x)
    if not is_float(x):
        return x.astype(wanted)
    if dtype == "bool":
        return x != 0
    low, high = mx.iinfo(wanted).min, mx.iinfo(wanted).max
    bounds = [full((), float(bound), "float64").astype(x.dtype) for bound in (low, high)]
    inside = (x > bounds[0]) & (x < bounds[1])
    whole = mx.where(inside, x, mx.zeros_like(x)).astype(wanted)
    over = mx.where(x >= bounds[1], full((), high, dtype), full((), 0, dtype))
    return mx.where(inside, whole, mx.where(x <= bounds[0], full((), low, dtype), over))
