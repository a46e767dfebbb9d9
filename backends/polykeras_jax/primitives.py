"""The primitives in JAX.

Each runs with 64-bit types allowed, by a context and not by a setting, so that float64 and int64 mean
what they say. Products ask for full float32 precision, whatever the accelerator's default.
"""

import builtins
import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from polykeras import dtypes, spec

HIGHEST = lax.Precision.HIGHEST


def wide(function):
    """Run a function with 64-bit types allowed."""

    @functools.wraps(function)
    def call(*args):
        with jax.enable_x64(True):
            return function(*args)

    return call


def abs(x):
    if jnp.issubdtype(x.dtype, jnp.floating):
        return x * lax.stop_gradient(jnp.sign(x))  # lax.abs has gradient 1 at 0
    return x if jnp.issubdtype(x.dtype, jnp.unsignedinteger) else lax.abs(x)


negative, exp, expm1, log, log1p = lax.neg, lax.exp, lax.expm1, lax.log, lax.log1p
sqrt, sin, cos, tanh = lax.sqrt, lax.sin, lax.cos, lax.tanh
sigmoid, erf, floor = lax.logistic, lax.erf, lax.floor


def round(x):
    return lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN)


add, subtract, multiply, divide = jnp.add, jnp.subtract, jnp.multiply, jnp.true_divide
maximum, minimum = jnp.maximum, jnp.minimum
floor_divide, mod, arctan2 = jnp.floor_divide, jnp.mod, jnp.arctan2
equal, less = jnp.equal, jnp.less
bitwise_and, bitwise_or, bitwise_xor = jnp.bitwise_and, jnp.bitwise_or, jnp.bitwise_xor
left_shift, right_shift = jnp.left_shift, jnp.right_shift
where = jnp.where


def power(x, y):
    # at y = 0 the base gets no gradient; the formula would make NaN of 0 * inf there
    return jnp.power(jnp.where(y == 0, lax.stop_gradient(x), x), y)


def sum(x, axes, keepdims):
    return jnp.sum(x, axis=axes, keepdims=keepdims, dtype=x.dtype)


def prod(x, axes, keepdims):
    return jnp.prod(x, axis=axes, keepdims=keepdims, dtype=x.dtype)


def max(x, axes, keepdims):
    if x.size:
        return jnp.max(x, axis=axes, keepdims=keepdims)
    least = -math.inf if jnp.issubdtype(x.dtype, jnp.floating) else jnp.iinfo(x.dtype).min
    return jnp.max(x, axis=axes, keepdims=keepdims, initial=least)  # initial would take part in ties at -inf


def argmax(x, axis):
    return lax.argmax(x, axis, jnp.int32)


def argsort(x, axis):
    return jnp.argsort(x, axis=axis, stable=True).astype(jnp.int32)


def cumsum(x, axis):
    wide = jnp.float32 if x.dtype.itemsize == 2 and jnp.issubdtype(x.dtype, jnp.floating) else x.dtype
    return jnp.cumsum(x, axis=axis, dtype=wide).astype(x.dtype)


def matmul(x, y):
    return jnp.matmul(x, y, precision=HIGHEST)


def _padding(padding):
    return padding.upper() if isinstance(padding, str) else padding


def conv(x, kernel, strides, padding, dilation, groups):
    spatial = "DHW"[3 - len(strides) :]
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        _padding(padding),
        rhs_dilation=dilation,
        dimension_numbers=(f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"),
        feature_group_count=groups,
        precision=HIGHEST,
    )


COMPARED = 12  # sides of a window together, up to which maxima by comparisons are the faster ones


def pool(x, kind, size, strides, padding):
    if kind == "max" and builtins.sum(size) <= COMPARED:
        return _first_largest(x, size, strides, spec.padding_pairs(padding, x.shape[1:-1], size, strides))
    start, combine = (-jnp.inf, lax.max) if kind == "max" else (0.0, lax.add)
    pairs = _padding(padding) if isinstance(padding, str) else ((0, 0), *padding, (0, 0))
    return lax.reduce_window(x, np.array(start, x.dtype), combine, (1, *size, 1), (1, *strides, 1), pairs)


def _first_largest(x, size, strides, pairs):
    """Take the largest of each window by comparisons, axis by axis, the last first: so the first of equals gets the gradient.

    XLA's own gradient takes many times as long on a CPU.
    """
    x = jnp.pad(x, ((0, 0), *pairs, (0, 0)), constant_values=-math.inf)
    for axis in reversed(range(1, len(size) + 1)):
        window, stride = size[axis - 1], strides[axis - 1]
        span = (x.shape[axis] - window) // stride * stride + 1
        views = [lax.slice_in_dim(x, start, start + span, stride, axis) for start in range(window)]
        x = functools.reduce(lambda largest, view: jnp.where((view > largest) | jnp.isnan(view), view, largest), views)
    return x


reshape, transpose, broadcast_to = jnp.reshape, jnp.transpose, jnp.broadcast_to
concatenate, flip = jnp.concatenate, jnp.flip


def slice(x, starts, stops, steps):
    return lax.slice(x, starts, stops, steps)


def pad(x, widths, value):
    return jnp.pad(x, widths, constant_values=value) if widths else x


def take(x, indices, axis):
    return jnp.take(x, indices, axis=axis, mode="clip")


def take_along_axis(x, indices, axis):
    return jnp.take_along_axis(x, indices, axis=axis, mode="clip")


def scatter_add(x, indices, updates):
    return x.at[indices].add(updates, mode="promise_in_bounds")


def full(shape, value, dtype):
    return jnp.full(shape, value, dtypes.to_numpy(dtype))


def arange(size, dtype):
    return lax.iota(dtypes.to_numpy(dtype), size)


def cast(x, dtype):
    if dtype == "bool":
        return x != 0
    return x.astype(dtypes.to_numpy(dtype))


stop_gradient = lax.stop_gradient
