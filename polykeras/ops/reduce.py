"""Ops along axes: sums, means, extremes, running sums, and where they are."""

import math

from polykeras import dtypes
from polykeras.ops.dispatch import as_float, axes_of, axis_of, constant, op, p
from polykeras.ops.elementwise import logical_not, safe_sqrt
from polykeras.sizes import product

_SUM_DTYPE = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}


def _axes(x, axis):
    return axes_of(axis, len(p.shape(x)))


def _count(x, axes):
    """Return how many elements a reduction takes together, as a scalar of x's dtype."""
    return p.full((), product(p.shape(x)[axis] for axis in axes), p.dtype(x))


def _widened(x):
    """Return 16-bit floats as float32, in which long sums neither overflow nor stall."""
    return p.cast(x, "float32") if p.dtype(x) in ("float16", "bfloat16") else x


def _sum_dtype(x):
    dtype = _SUM_DTYPE.get(p.dtype(x), p.dtype(x))
    return "int32" if dtype == "uint32" and "uint32" not in p.capabilities else dtype


@op("x")
def sum(x, axis=None, keepdims=False):
    """Return the sum over axes; small integers and bools are summed as int32 or uint32.

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0)
    array([4., 6.], dtype=float32)
    """
    return p.sum(p.cast(x, _sum_dtype(x)), _axes(x, axis), keepdims)


@op("x")
def prod(x, axis=None, keepdims=False):
    """Return the product over axes; small integers and bools as int32 or uint32."""
    return p.prod(p.cast(x, _sum_dtype(x)), _axes(x, axis), keepdims)


@op("x")
def mean(x, axis=None, keepdims=False):
    """Return the mean over axes, as floats; 16-bit floats are summed in float32."""
    x = as_float(x)
    dtype, axes = p.dtype(x), _axes(x, axis)
    wide = _widened(x)
    return p.cast(p.divide(p.sum(wide, axes, keepdims), _count(wide, axes)), dtype)


@op("x")
def var(x, axis=None, keepdims=False):
    """Return the mean squared distance from the mean: two passes, so nothing cancels."""
    return moments(x, axis, keepdims)[1]


@op("x")
def std(x, axis=None, keepdims=False):
    """Return the square root of the variance; its gradient is 0 where that is 0."""
    return safe_sqrt(var(x, axis, keepdims))


@op("x")
def moments(x, axes, keepdims=False, synchronized=False):
    """Return (mean, variance) over axes, in two passes; 16-bit floats are summed in float32."""
    x = as_float(x)
    dtype, axes = p.dtype(x), _axes(x, axes)
    wide = _widened(x)
    count = _count(wide, axes)
    center = p.divide(p.sum(wide, axes, True), count)
    gap = p.subtract(wide, center)
    spread = p.divide(p.sum(p.multiply(gap, gap), axes, keepdims), count)
    if not keepdims:
        center = p.reshape(center, p.shape(spread))
    return p.cast(center, dtype), p.cast(spread, dtype)


@op("x")
def max(x, axis=None, keepdims=False, initial=None):
    """Return the largest over axes; NaN wins, the gradient is split evenly among ties."""
    if p.dtype(x) == "bool":
        return any(x, axis, keepdims)
    found = p.max(x, _axes(x, axis), keepdims)
    return found if initial is None else p.maximum(found, constant(initial, x))


@op("x")
def min(x, axis=None, keepdims=False, initial=None):
    """Return the smallest over axes; NaN wins, the gradient is split evenly among ties."""
    dtype = p.dtype(x)
    if dtype == "bool":
        return all(x, axis, keepdims)
    turn = p.negative if dtypes.is_float(dtype) else lambda y: p.bitwise_xor(y, constant(_ones(dtype), y))
    found = turn(p.max(turn(x), _axes(x, axis), keepdims))
    return found if initial is None else p.minimum(found, constant(initial, x))


def _ones(dtype):
    """Return the integer with every bit set: turning the bits reverses the order."""
    return 2 ** dtypes.bits(dtype) - 1 if dtype in dtypes.UNSIGNED else -1


amax, amin = max, min


@op("x")
def any(x, axis=None, keepdims=False):
    """Return whether any element along axes is true (not 0)."""
    truth = p.cast(x if p.dtype(x) == "bool" else p.cast(x, "bool"), "int32")
    return p.cast(p.max(truth, _axes(x, axis), keepdims), "bool")


@op("x")
def all(x, axis=None, keepdims=False):
    """Return whether all elements along axes are true (not 0)."""
    return logical_not(any(logical_not(x), axis, keepdims))


@op("x")
def count_nonzero(x, axis=None):
    """Return how many elements along axes are not 0, as int32."""
    return p.sum(p.cast(p.cast(x, "bool"), "int32"), _axes(x, axis), False)


@op("x")
def argmax(x, axis=None, keepdims=False):
    """Return the index of the first largest, as int32; of the first NaN if there is one.

    >>> argmax([1.0, 3.0, 3.0])
    np.int32(1)
    """
    rank = len(p.shape(x))
    if axis is None:
        found = p.argmax(p.reshape(x, (-1,)), 0)
        return p.reshape(found, (1,) * rank) if keepdims else found
    axis = axis_of(axis, rank)
    found = p.argmax(x, axis)
    return p.reshape(found, (*p.shape(x)[:axis], 1, *p.shape(x)[axis + 1 :])) if keepdims else found


@op("x")
def argmin(x, axis=None, keepdims=False):
    """Return the index of the first smallest, as int32; of the first NaN if there is one."""
    dtype = p.dtype(x)
    if dtypes.is_float(dtype):
        return argmax(p.negative(x), axis, keepdims)
    turned = logical_not(x) if dtype == "bool" else p.bitwise_xor(x, constant(_ones(dtype), x))
    return argmax(turned, axis, keepdims)


@op("x")
def cumsum(x, axis=None, dtype=None):
    """Return the running sum along an axis, of all elements in order for None."""
    x = p.cast(x, dtypes.standardize(dtype) if dtype else "int32" if p.dtype(x) == "bool" else p.dtype(x))
    if axis is None:
        return p.cumsum(p.reshape(x, (-1,)), 0)
    return p.cumsum(x, axis_of(axis, len(p.shape(x))))


@op("x")
def cumprod(x, axis=None, dtype=None):
    """Return the running product along an axis, by doubling; its gradient is right with zeros too."""
    x = p.cast(x, dtypes.standardize(dtype) if dtype else "int32" if p.dtype(x) == "bool" else p.dtype(x))
    x, axis = (p.reshape(x, (-1,)), 0) if axis is None else (x, axis_of(axis, len(p.shape(x))))
    sizes, width = p.shape(x), 1
    while width < sizes[axis]:
        ahead = p.pad(x, tuple((width if index == axis else 0, 0) for index in range(len(sizes))), 1)
        x = p.multiply(x, p.slice(ahead, (0,) * len(sizes), sizes, (1,) * len(sizes)))
        width *= 2
    return x


@op("x")
def logsumexp(x, axis=None, keepdims=False):
    """Return log(sum(exp(x))) over axes without overflow; -inf of nothing but -inf."""
    x = as_float(x)
    axes = _axes(x, axis)
    peak = p.stop_gradient(p.max(x, axes, True))
    peak = p.where(p.less(p.abs(peak), constant(math.inf, x)), peak, constant(0, x))
    total = p.log(p.sum(p.exp(p.subtract(x, peak)), axes, keepdims))
    return p.add(total, peak if keepdims else p.reshape(peak, p.shape(total)))


@op("x weights")
def average(x, axis=None, weights=None):
    """Return the weighted mean over axes; weights have x's shape, or one number per place of the axis."""
    x = as_float(x)
    if weights is None:
        return mean(x, axis)
    weights = p.cast(weights, p.dtype(x))
    if len(p.shape(weights)) != len(p.shape(x)):
        axis = axis_of(axis, len(p.shape(x)))
        weights = p.reshape(weights, tuple(size if index == axis else 1 for index, size in enumerate(p.shape(x))))
    weights = p.broadcast_to(weights, p.shape(x))
    axes = _axes(x, axis)
    return p.divide(p.sum(p.multiply(x, weights), axes, False), p.sum(weights, axes, False))

