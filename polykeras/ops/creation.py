"""Ops that make arrays."""

import math

import numpy as np

from polykeras import config, dtypes
from polykeras.errors import ShapeError
from polykeras.ops.dispatch import convert, op, p, scope
from polykeras.sizes import Size


def _dtype(dtype):
    return dtypes.standardize(dtype or config.floatx())


def _shape(shape):
    return (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)


@op()
def zeros(shape, dtype=None):
    """Return an array of zeros, of the default float unless told.

    >>> zeros((2,))
    array([0., 0.], dtype=float32)
    """
    return p.full(_shape(shape), 0, _dtype(dtype))


@op()
def ones(shape, dtype=None):
    """Return an array of ones, of the default float unless told."""
    return p.full(_shape(shape), 1, _dtype(dtype))


@op()
def empty(shape, dtype=None):
    """Return an array of zeros: nothing is left to chance."""
    return p.full(_shape(shape), 0, _dtype(dtype))


@op("fill_value", weak=True)
def full(shape, fill_value, dtype=None):
    """Return an array of one value, of its dtype unless told; a size from `shape` is a value too."""
    if isinstance(fill_value, (bool, int, float, Size)):
        kind = "bool" if isinstance(fill_value, bool) else config.floatx() if isinstance(fill_value, float) else "int32"
        return p.full(_shape(shape), fill_value, dtypes.standardize(dtype or kind))
    return p.broadcast_to(convert(scope.running(), fill_value, dtype and dtypes.standardize(dtype)), _shape(shape))


@op("x")
def zeros_like(x, dtype=None):
    """Return zeros of x's shape, and its dtype unless told. (...) -> (...)"""
    return p.full(p.shape(x), 0, dtypes.standardize(dtype or p.dtype(x)))


@op("x")
def ones_like(x, dtype=None):
    """Return ones of x's shape, and its dtype unless told. (...) -> (...)"""
    return p.full(p.shape(x), 1, dtypes.standardize(dtype or p.dtype(x)))


@op("x")
def full_like(x, fill_value, dtype=None):
    """Return one value in x's shape, and its dtype unless told. (...) -> (...)"""
    dtype = dtypes.standardize(dtype or p.dtype(x))
    return p.broadcast_to(convert(scope.running(), fill_value, dtype), p.shape(x))


@op()
def arange(start, stop=None, step=None, dtype=None):
    """Return start, start + step, ... below stop; counts are worked out in float64.

    >>> arange(3), arange(1, 2, 0.25)
    (array([0, 1, 2], dtype=int32), array([1.  , 1.25, 1.5 , 1.75], dtype=float32))
    """
    start, stop = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    numbers = [x for x in (start, stop, step) if isinstance(x, float)]
    dtype = dtypes.standardize(dtype) if dtype else config.floatx() if numbers else "int32"
    if step == 0:
        raise ShapeError("arange: expected a step other than 0, got 0.")
    if step == 1 and not numbers:
        places = p.arange(max(stop - start, 0), dtype)
        return places if isinstance(start, int) and start == 0 else p.add(places, p.full((), start, dtype))
    count = max(math.ceil((stop - start) / step), 0)
    if not dtypes.is_float(dtype):
        places = p.arange(count, dtype)
        return p.add(p.multiply(places, p.full((), int(step), dtype)), p.full((), int(start), dtype))
    values = (start + step * np.arange(count, dtype=np.float64)).astype(dtypes.to_numpy(dtype))
    return p.from_numpy(values, None)


@op()
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """Return num numbers evenly from start to stop, worked out in float64.

    Args:
        start, stop: Python numbers or NumPy arrays.
        endpoint: whether stop is the last.
        retstep: whether to return (numbers, step) instead.
        axis: where the new axis goes.
    """
    values, step = np.linspace(start, stop, num, endpoint, True, np.float64, axis)
    made = p.from_numpy(np.asarray(values).astype(dtypes.to_numpy(_dtype(dtype))), None)
    return (made, step) if retstep else made


@op()
def eye(N, M=None, k=0, dtype=None):
    """Return an (N, M) matrix with ones on the k-th diagonal."""
    columns = N if M is None else M
    rows = p.reshape(p.arange(N, "int32"), (N, 1))
    places = p.add(rows, p.full((), k, "int32"))
    return p.cast(p.equal(places, p.reshape(p.arange(columns, "int32"), (1, columns))), _dtype(dtype))


@op()
def identity(n, dtype=None):
    """Return the (n, n) identity matrix."""
    return eye(n, dtype=dtype)


@op()
def tri(N, M=None, k=0, dtype=None):
    """Return an (N, M) matrix with ones on and below the k-th diagonal."""
    return p.cast(_below(N, N if M is None else M, k), _dtype(dtype))


def _below(rows, columns, k):
    """Where the column is at most the row + k: (rows, columns) bool."""
    down = p.reshape(p.arange(rows, "int32"), (rows, 1))
    across = p.reshape(p.arange(columns, "int32"), (1, columns))
    return p.less(across, p.add(down, p.full((), k + 1, "int32")))


@op("x")
def tril(x, k=0):
    """Return x with zeros above the k-th diagonal of its last two axes. (..., m, n) -> (..., m, n)"""
    shape = p.shape(x)
    return p.where(_below(shape[-2], shape[-1], k), x, p.full((), 0, p.dtype(x)))


@op("x")
def triu(x, k=0):
    """Return x with zeros below the k-th diagonal of its last two axes. (..., m, n) -> (..., m, n)"""
    shape = p.shape(x)
    return p.where(_below(shape[-2], shape[-1], k - 1), p.full((), 0, p.dtype(x)), x)
