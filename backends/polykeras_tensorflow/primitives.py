"""The primitives in TensorFlow, for eager code, tf.function and graphs alike.

TensorFlow's own kernels lose NaN in a few places (argmax and max pooling always, max only under XLA)
and sort it anywhere; those primitives look for NaN first. `guards.xla` tells them that XLA will
compile what is being traced.
"""

import builtins
import math
import threading

import numpy as np
import tensorflow as tf

from polykeras import dtypes, spec


class _Guards(threading.local):
    xla = False


guards = _Guards()

exp, expm1, log, log1p = tf.exp, tf.math.expm1, tf.math.log, tf.math.log1p
sqrt, sin, cos, tanh, sigmoid = tf.sqrt, tf.sin, tf.cos, tf.tanh, tf.sigmoid
floor, round = tf.floor, tf.round
add, subtract, multiply, divide = tf.add, tf.subtract, tf.multiply, tf.divide
mod, arctan2, equal, where = tf.math.floormod, tf.atan2, tf.equal, tf.where


def _is_float(x):
    return x.dtype.is_floating


def negative(x):
    return tf.zeros([], x.dtype) - x if x.dtype.is_unsigned else tf.negative(x)


def abs(x):
    return x if x.dtype.is_unsigned else tf.abs(x)


def erf(x):
    return tf.where(tf.math.is_inf(x), tf.sign(x), tf.math.erf(x))  # the float64 kernel gives NaN at infinity


def less(x, y):
    return tf.logical_and(tf.logical_not(x), y) if x.dtype == tf.bool else tf.less(x, y)


def _extreme(native, first_wins):
    """Make maximum or minimum: NaN wins under XLA too, and a tie shares the gradient."""

    def choose(x, y):
        if not _is_float(x):
            return native(x, y)
        halves = 0.5 * x + 0.5 * y
        larger = tf.where(tf.logical_or(first_wins(x, y), tf.math.is_nan(x)), x, y)
        return tf.where(tf.equal(x, y), halves, larger)

    return choose


maximum, minimum = _extreme(tf.maximum, tf.greater), _extreme(tf.minimum, tf.less)


@tf.custom_gradient
def power(x, y):
    made = tf.pow(x, y)

    def gradient(g):
        zero = tf.zeros([], x.dtype)
        slope = y * tf.pow(x, y - 1)
        base = tf.where(tf.equal(y, 0), zero, g * slope)
        flat = tf.logical_and(tf.equal(x, 0), tf.greater_equal(y, 0))
        exponent = tf.where(flat, zero, g * tf.math.log(x) * made)
        return _summed_to(base, x), _summed_to(exponent, y)

    return made, gradient


def _summed_to(g, x):
    """Undo a broadcast."""
    if g.shape.is_fully_defined() and x.shape.is_fully_defined() and g.shape == x.shape:
        return g
    _, axes = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(g), s1=tf.shape(x))
    return tf.reshape(tf.reduce_sum(g, axes), tf.shape(x))


def floor_divide(x, y):
    if not _is_float(x):
        return tf.math.floordiv(x, y)
    # the quotient of the exact remainder: 1.0 // 0.1 is 9
    x, y = tf.stop_gradient(x), tf.stop_gradient(y)
    whole = tf.round((x - tf.math.floormod(x, y)) / y)
    whole = tf.where(tf.logical_and(tf.math.is_inf(y), tf.math.is_finite(x)), tf.floor(0.5 * tf.sign(x) * tf.sign(y)), whole)
    return tf.where(tf.equal(y, 0), x / y, whole)


def _bits(of_bools, of_integers):
    return lambda x, y: of_bools(x, y) if x.dtype == tf.bool else of_integers(x, y)


bitwise_and = _bits(tf.logical_and, tf.bitwise.bitwise_and)
bitwise_or = _bits(tf.logical_or, tf.bitwise.bitwise_or)
bitwise_xor = _bits(tf.math.logical_xor, tf.bitwise.bitwise_xor)
left_shift, right_shift = tf.bitwise.left_shift, tf.bitwise.right_shift


LONG = 4096  # terms; TensorFlow adds float32 one after another, and 65,536 of 0.1 give 6,557


def sum(x, axes, keepdims):
    terms = [x.shape[axis] for axis in axes]
    if x.dtype != tf.float32 or None not in terms and math.prod(terms) < LONG:
        return tf.reduce_sum(x, axes, keepdims)
    leading = None not in x.shape and list(axes) == list(range(len(axes)))
    run = _run(math.prod(terms)) if leading and not guards.xla else 1
    if run == 1:
        return tf.cast(tf.reduce_sum(tf.cast(x, tf.float64), axes, keepdims), tf.float32)
    made = tf.reduce_sum(tf.reduce_sum(tf.reshape(x, (-1, run, *x.shape[len(axes) :])), 1), 0)
    return tf.reshape(made, (*[1] * len(axes), *made.shape)) if keepdims else made


def _run(count):
    """Return a divisor of a count of terms, some way about its root; 1 if there is none: sums of sums round less, in one pass."""
    root = math.isqrt(count)
    return next((size for size in range(root, root // 4, -1) if count % size == 0), 1)


def prod(x, axes, keepdims):
    for axis in axes if _is_float(x) else ():
        x = _halved(x, axis)
    return tf.reduce_prod(x, axes, keepdims)


def _halved(x, axis):
    """Multiply an axis down to one place, half by half: TensorFlow's own second gradient is wrong at zeros."""
    while (x.shape[axis] or 0) > 1:
        half, odd = divmod(x.shape[axis], 2)
        first, second, *rest = tf.split(x, [half, half, odd] if odd else 2, axis)
        x = tf.concat([first * second, *rest], axis)
    return x


def max(x, axes, keepdims):
    made = tf.reduce_max(x, axes, keepdims)
    if not (guards.xla and _is_float(x)):
        return made
    lost = tf.reduce_any(tf.math.is_nan(x), axes, keepdims)
    return tf.where(lost, tf.constant(math.nan, x.dtype), made)


def argmax(x, axis):
    if x.dtype == tf.bool:
        x = tf.cast(x, tf.int32)
    found = tf.argmax(x, axis, tf.int32)
    if not _is_float(x):
        return found
    nan = tf.math.is_nan(x)
    return tf.where(tf.reduce_any(nan, axis), tf.argmax(tf.cast(nan, tf.int32), axis, tf.int32), found)


def argsort(x, axis):
    return tf.argsort(_ordered(x), axis, stable=True)


def _ordered(x):
    """Return integers in the order of x: NaN largest, -0 as 0."""
    if x.dtype == tf.uint64:
        return tf.bitwise.bitwise_xor(tf.bitcast(x, tf.int64), tf.int64.min)
    if not _is_float(x):
        return tf.cast(x, tf.int32 if x.dtype.size < 4 else tf.int64)
    if x.dtype.size < 4:
        x = tf.cast(x, tf.float32)
    whole = tf.int32 if x.dtype == tf.float32 else tf.int64
    bits = tf.bitcast(tf.where(tf.equal(x, 0), tf.zeros([], x.dtype), x), whole)  # XLA would drop `x + 0`
    rising = tf.where(bits < 0, tf.bitwise.bitwise_xor(bits, whole.max), bits)
    return tf.where(tf.math.is_nan(x), whole.max, rising)


def cumsum(x, axis):
    # sixteen-bit floats would stall; XLA has no kernel for some integers
    wide = {2: tf.float32}.get(x.dtype.size, x.dtype) if _is_float(x) else tf.int64
    return tf.cast(tf.cumsum(tf.cast(x, wide), axis), x.dtype)


def matmul(x, y):
    if len(x.shape) > 2 == len(y.shape):
        return tf.tensordot(x, y, 1)  # one product of all rows; the gradient of many with the same y is many, added up
    return tf.matmul(x, y)


def _explicit(x, padding, window, strides, dilation, value):
    """Pad by hand where the padding is in numbers; return the array and TensorFlow's word for the rest."""
    if isinstance(padding, str):
        return x, padding.upper()
    return tf.pad(x, ((0, 0), *padding, (0, 0)), constant_values=value), "VALID"


def conv(x, kernel, strides, padding, dilation, groups):
    rank = len(strides)
    if x.shape[0] == 0:  # TensorFlow would return the input's shape
        return conv(tf.zeros((1, *x.shape[1:]), x.dtype), kernel, strides, padding, dilation, groups)[:0]
    if rank == 1:  # the kernels for images serve: they know groups and are the faster ones
        pairs = padding if isinstance(padding, str) else ((0, 0), *padding)
        made = conv(x[:, None], kernel[None], strides * 2, pairs, (1, *dilation), groups)
        return tf.squeeze(made, 1)
    x, word = _explicit(x, padding, kernel.shape[:-2], strides, dilation, 0)
    if builtins.max(strides) > 1 and builtins.max(dilation) > 1:
        return _strided_and_dilated(x, kernel, strides, word, dilation, groups)
    layout = f"N{'DHW'[3 - rank :]}C"  # said aloud: the eager gradient of three axes cannot do without
    if groups == 1:
        return tf.nn.convolution(x, kernel, strides, word, layout, dilation)
    if groups == x.shape[-1] and rank == 2 and strides[0] == strides[1]:
        by_channel = tf.reshape(kernel, (*kernel.shape[:2], groups, -1))
        return tf.nn.depthwise_conv2d(x, by_channel, (1, *strides, 1), word, dilations=dilation)
    # TensorFlow's grouped convolution has no gradient on a CPU
    parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1))
    return tf.concat([tf.nn.convolution(a, b, strides, word, layout, dilation) for a, b in parts], -1)


def _strided_and_dilated(x, kernel, strides, word, dilation, groups):
    """Stride by leaving places out: TensorFlow has no kernel for both."""
    window = kernel.shape[:-2]
    if word == "SAME":
        pairs = spec.padding_pairs("same", x.shape[1:-1], window, strides, dilation)
        x = tf.pad(x, ((0, 0), *pairs, (0, 0)))
    made = conv(x, kernel, (1,) * len(strides), "valid", dilation, groups)
    return made[(builtins.slice(None), *(builtins.slice(None, None, step) for step in strides))]


COMPARED = 12  # sides of a window together, up to which maxima by comparisons are the faster ones


def pool(x, kind, size, strides, padding):
    compared = x.dtype == tf.float64 or guards.xla and builtins.sum(size) <= COMPARED
    if kind == "max" and compared:
        return _first_largest(x, size, strides, spec.padding_pairs(padding, x.shape[1:-1], size, strides))
    pairs = padding if isinstance(padding, str) else tuple(padding)
    if len(size) == 1:
        pairs = pairs if isinstance(pairs, str) else ((0, 0), *pairs)
        return tf.squeeze(pool(x[:, None], kind, (1, *size), (1, *strides), pairs), 1)
    if len(size) == 3:
        return _pool3(x, kind, size, strides, pairs)
    if kind == "sum":
        pairs = spec.padding_pairs(padding, x.shape[1:-1], size, strides)
        x, word = _explicit(x, pairs, size, strides, None, 0)
        return tf.nn.avg_pool2d(x, size, strides, word) * tf.cast(math.prod(size), x.dtype)
    return _max_pool(x, size, strides, padding)


def _pool3(x, kind, size, strides, padding):
    """Pool the last two axes, then the first: TensorFlow has no float64 kernel for three."""
    last, first = (padding, padding) if isinstance(padding, str) else (padding[1:], (padding[0], (0, 0)))
    batch, depth, *plane, channels = shape(x)
    x = pool(tf.reshape(x, (batch * depth, *plane, channels)), kind, size[1:], strides[1:], last)
    plane = shape(x)[1:-1]
    x = pool(tf.reshape(x, (batch, depth, plane[0] * plane[1], channels)), kind, (size[0], 1), (strides[0], 1), first)
    return tf.reshape(x, (batch, shape(x)[1], *plane, channels))


def _max_pool(x, size, strides, padding):
    """Pool two axes; TensorFlow's kernels pass over NaN, and take -inf for the lowest number."""
    seen = tf.stop_gradient(x)
    odd = tf.logical_not(tf.reduce_min(seen) > -math.inf)  # one pass to know that there is neither
    x, word = _explicit(x, padding, size, strides, None, -math.inf)
    largest = lambda values: tf.nn.max_pool2d(values, size, strides, word)

    def among(places):
        return largest(_explicit(tf.cast(places, x.dtype), padding, size, strides, None, 0)[0]) > 0

    def special():
        nan, low = tf.math.is_nan(seen), tf.equal(seen, -math.inf)
        infinite = tf.where(among(tf.logical_not(low)), tf.zeros([], x.dtype), tf.constant(-math.inf, x.dtype))
        return tf.where(among(nan), tf.constant(math.nan, x.dtype), infinite)

    made = largest(x)
    return made + tf.stop_gradient(tf.cond(odd, special, lambda: tf.zeros_like(made)))


def _first_largest(x, size, strides, pairs):
    """Take the largest of each window by comparisons, axis by axis, the last first: so the first of equals gets the gradient.

    XLA's own gradient takes many times as long on a CPU, and its gradient's gradient is rounded to bfloat16.
    """
    x = tf.pad(x, ((0, 0), *pairs, (0, 0)), constant_values=tf.constant(-math.inf, x.dtype))
    for axis in reversed(range(1, len(size) + 1)):
        window, stride, sizes = size[axis - 1], strides[axis - 1], shape(x)
        span = (sizes[axis] - window) // stride * stride + 1
        largest = None
        for start in range(window):
            starts, stops = [0] * len(sizes), list(sizes)
            starts[axis], stops[axis] = start, start + span
            view = tf.strided_slice(x, starts, stops, [stride if place == axis else 1 for place in range(len(sizes))])
            largest = view if largest is None else tf.where(tf.logical_or(view > largest, tf.math.is_nan(view)), view, largest)
        x = largest
    return x


def shape(x):
    if x.shape.is_fully_defined():
        return tuple(x.shape)
    sizes = tf.shape(x)
    return tuple(sizes[axis] if size is None else size for axis, size in enumerate(x.shape))


reshape, transpose, broadcast_to, flip = tf.reshape, tf.transpose, tf.broadcast_to, tf.reverse


def concatenate(xs, axis):
    return tf.concat(xs, axis)


def slice(x, starts, stops, steps):
    return tf.strided_slice(x, starts, stops, steps) if len(starts) else x


def pad(x, widths, value):
    return tf.pad(x, widths, constant_values=_scalar(value, x.dtype)) if len(widths) else x


def take(x, indices, axis):
    return tf.gather(x, indices, axis=axis)


def take_along_axis(x, indices, axis):
    last = len(x.shape) - 1
    if axis == last:
        return tf.gather(x, indices, axis=axis, batch_dims=last)
    order = [place for place in range(last + 1) if place != axis] + [axis]
    moved = tf.gather(tf.transpose(x, order), tf.transpose(indices, order), axis=last, batch_dims=last)
    return tf.transpose(moved, [order.index(place) for place in range(last + 1)])


def scatter_add(x, indices, updates):
    return tf.tensor_scatter_nd_add(x, indices[:, None], updates)


def _scalar(value, dtype):
    if isinstance(value, (bool, int, float)):  # tf.cast would round it to float32 first
        return tf.constant(np.asarray(value).astype(tf.as_dtype(dtype).as_numpy_dtype))
    return tf.cast(value, dtype)


def full(shape, value, dtype):
    return tf.fill(shape, _scalar(value, dtype)) if len(shape) else _scalar(value, dtype)


def arange(size, dtype):
    return tf.cast(tf.range(size), dtype)


def cast(x, dtype):
    if dtype == "bool":
        return tf.not_equal(x, tf.zeros([], x.dtype))
    if _is_float(x) and dtypes.is_int(dtype):
        return _saturated(x, tf.as_dtype(dtype))
    return tf.cast(x, dtype)


def _saturated(x, dtype):
    wide = tf.cast(tf.stop_gradient(x), tf.float64)
    wide = tf.where(tf.math.is_nan(wide), tf.zeros([], tf.float64), wide)
    high = tf.cast(float(dtype.max), tf.float64)  # may round up, out of range
    inside = tf.cast(tf.where(wide >= high, tf.zeros([], tf.float64), tf.maximum(wide, float(dtype.min))), dtype)
    return tf.where(wide >= high, tf.constant(dtype.max, dtype), inside)


stop_gradient = tf.stop_gradient
