"""The primitives in NumPy: the executable meaning of the contract.

Long sums are added up in float64 and rounded once; transcendental functions are computed in float64
and rounded once. Arrays are np.ndarray, and the NumPy scalars that its operations return.
"""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from polykeras import dtypes, spec


def _rounded_once(function):
    """Compute in float64, round to the arguments' dtype."""

    def rounded(x, *others):
        wide = (y.astype(np.float64) for y in (x, *others))
        return function(*wide).astype(x.dtype)

    return rounded


def _sigmoid(x):
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


negative, abs, floor, round = np.negative, np.abs, np.floor, np.rint
exp, expm1, log, log1p = map(_rounded_once, (np.exp, np.expm1, np.log, np.log1p))
sqrt, sin, cos, tanh = np.sqrt, *map(_rounded_once, (np.sin, np.cos, np.tanh))
sigmoid = _rounded_once(_sigmoid)
erf = _rounded_once(np.vectorize(math.erf, otypes=[np.float64]))

add, subtract, multiply, divide = np.add, np.subtract, np.multiply, np.true_divide
power, arctan2 = _rounded_once(np.power), _rounded_once(np.arctan2)
maximum, minimum = np.maximum, np.minimum
floor_divide, mod = np.floor_divide, np.mod
equal, less = np.equal, np.less
bitwise_and, bitwise_or, bitwise_xor = np.bitwise_and, np.bitwise_or, np.bitwise_xor
left_shift, right_shift = np.left_shift, np.right_shift
where = np.where


def _accumulator(x):
    return np.float64 if dtypes.is_float(x.dtype.name) else x.dtype


def sum(x, axes, keepdims):
    return np.sum(x, axis=axes, keepdims=keepdims, dtype=_accumulator(x)).astype(x.dtype)


def prod(x, axes, keepdims):
    return np.prod(x, axis=axes, keepdims=keepdims, dtype=_accumulator(x)).astype(x.dtype)


def _least(dtype):
    return -math.inf if dtypes.is_float(dtype.name) else np.iinfo(dtype).min


def max(x, axes, keepdims):
    return np.max(x, axis=axes, keepdims=keepdims, initial=_least(x.dtype)).astype(x.dtype)


def argmax(x, axis):
    return np.argmax(x, axis=axis).astype(np.int32)


def argsort(x, axis):
    x = x.astype(np.float32) if x.dtype.name == "bfloat16" else x  # NumPy would not sort its NaN last
    return np.argsort(x, axis=axis, kind="stable").astype(np.int32)


def cumsum(x, axis):
    return np.cumsum(x, axis=axis, dtype=_accumulator(x)).astype(x.dtype)


def matmul(x, y):
    return np.matmul(x.astype(np.float64), y.astype(np.float64)).astype(x.dtype)


def _windows(x, window, strides, padding, dilation, value):
    """Return the places under each window: (batch, *spatial, channels) -> (batch, *out, channels, *window)."""
    pairs = spec.padding_pairs(padding, x.shape[1:-1], window, strides, dilation)
    padded = np.pad(x, ((0, 0), *pairs, (0, 0)), constant_values=value)
    extents = tuple((size - 1) * spread + 1 for size, spread in zip(window, dilation))
    views = sliding_window_view(padded, extents, axis=tuple(range(1, x.ndim - 1)))
    every = tuple(np.s_[::stride] for stride in strides), tuple(np.s_[::spread] for spread in dilation)
    return views[(np.s_[:], *every[0], np.s_[:], *every[1])]


def conv(x, kernel, strides, padding, dilation, groups):
    window, (per_group, filters) = kernel.shape[:-2], kernel.shape[-2:]
    views = _windows(x.astype(np.float64), window, strides, padding, dilation, 0)
    spatial = len(window)
    out = views.shape[: spatial + 1]
    rows = np.moveaxis(views, spatial + 1, -1).reshape(math.prod(out), math.prod(window), groups, per_group)
    rows = rows.transpose(2, 0, 1, 3).reshape(groups, math.prod(out), math.prod(window) * per_group)
    cells = kernel.astype(np.float64).reshape(-1, groups, filters // groups).transpose(1, 0, 2)
    result = np.matmul(rows, cells).transpose(1, 0, 2)
    return result.reshape(*out, filters).astype(x.dtype)


def pool(x, kind, size, strides, padding):
    ones = (1,) * len(size)
    views = _windows(x, size, strides, padding, ones, -math.inf if kind == "max" else 0)
    axes = tuple(range(len(size) + 2, views.ndim))
    return max(views, axes, False) if kind == "max" else sum(views, axes, False)


def reshape(x, shape):
    return np.reshape(x, shape)


def transpose(x, axes):
    return np.transpose(x, axes)


def broadcast_to(x, shape):
    return np.broadcast_to(x, shape)


def concatenate(xs, axis):
    return np.concatenate(xs, axis)


def slice(x, starts, stops, steps):
    return x[tuple(np.s_[start:stop:step] for start, stop, step in zip(starts, stops, steps))]


def flip(x, axes):
    return np.flip(x, axes)


def pad(x, widths, value):
    return np.pad(x, widths, constant_values=value) if widths else x


def take(x, indices, axis):
    return np.take(x, indices, axis)


def take_along_axis(x, indices, axis):
    return np.take_along_axis(x, indices, axis)


def scatter_add(x, indices, updates):
    total = x.astype(_accumulator(x))
    np.add.at(total, indices, updates.astype(total.dtype))
    return total.astype(x.dtype)


def full(shape, value, dtype):
    return np.full(shape, value, dtypes.to_numpy(dtype))


def arange(size, dtype):
    return np.arange(size).astype(dtypes.to_numpy(dtype))


def cast(x, dtype):
    source, target = x.dtype.name, dtypes.to_numpy(dtype)
    if dtype == "bool":
        return x != 0
    if dtypes.is_float(source) and dtypes.is_int(dtype):
        low, high = np.iinfo(target).min, np.iinfo(target).max
        wide = np.trunc(x.astype(np.float64))
        inside = (wide >= low) & (wide < float(high) + 1)
        whole = np.where(inside, wide, 0).astype(target)
        return np.where(inside | np.isnan(wide), whole, np.where(wide > 0, target.type(high), target.type(low)))
    return x.astype(target)


def stop_gradient(x):
    return x
