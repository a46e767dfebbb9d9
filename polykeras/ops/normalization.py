"""Normalisations, as formulas over moments."""

from polykeras.ops.dispatch import as_float, axes_of, axis_of, constant, op, p
from polykeras.ops.reduce import moments


def _along(value, axis, x):
    """Return a vector per place of an axis, shaped to broadcast against x."""
    shape = tuple(size if place == axis else 1 for place, size in enumerate(p.shape(x)))
    return p.reshape(value, shape)


@op("x mean variance offset scale")
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """Return (x - mean) / sqrt(variance + epsilon) * scale + offset, vectors lying along an axis.

    (Ioffe & Szegedy 2015.) The factor scale / sqrt(variance + epsilon) is formed first.
    """
    x = as_float(x)
    axis = axis_of(axis, len(p.shape(x)))
    factor = p.divide(constant(1, variance), p.sqrt(p.add(variance, constant(epsilon, variance))))
    if scale is not None:
        factor = p.multiply(factor, scale)
    made = p.multiply(p.subtract(x, _along(mean, axis, x)), _along(factor, axis, x))
    return made if offset is None else p.add(made, _along(offset, axis, x))


@op("x offset scale")
def normalized_batch(x, axis, offset=None, scale=None, epsilon=1e-3):
    """Return (batch_normalization of x by its own moments, the mean, the variance); the moments are over all axes but one."""
    x = as_float(x)
    rank = len(p.shape(x))
    mean, variance = moments(x, tuple(place for place in range(rank) if place != axis_of(axis, rank)))
    return batch_normalization(x, mean, variance, axis, offset, scale, epsilon), mean, variance


@op("x gamma beta")
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None):
    """Return x with mean 0 and variance 1 over axes, times gamma, plus beta (Ba et al. 2016).

    gamma and beta have the shape of those axes. Sixteen-bit floats are computed in float32.
    """
    x = as_float(x)
    dtype, axes = p.dtype(x), axes_of(axis, len(p.shape(x)))
    wide = p.cast(x, "float32") if dtype in ("float16", "bfloat16") else x
    mean, variance = moments(wide, axes, True)
    factor = p.divide(constant(1, wide), p.sqrt(p.add(variance, constant(1e-3 if epsilon is None else epsilon, wide))))
    made = p.multiply(p.subtract(wide, mean), factor)
    shape = tuple(size if place in axes else 1 for place, size in enumerate(p.shape(x)))
    if gamma is not None:
        made = p.multiply(made, p.reshape(p.cast(gamma, p.dtype(wide)), shape))
    if beta is not None:
        made = p.add(made, p.reshape(p.cast(beta, p.dtype(wide)), shape))
    return p.cast(made, dtype)


@op("x scale")
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """Return x / sqrt(mean(x**2) + epsilon) over axes, times scale (Zhang & Sennrich 2019)."""
    x = as_float(x)
    dtype, axes = p.dtype(x), axes_of(axis, len(p.shape(x)))
    wide = p.cast(x, "float32") if dtype in ("float16", "bfloat16") else x
    size = 1
    for place in axes:
        size = size * p.shape(x)[place]
    power = p.divide(p.sum(p.multiply(wide, wide), axes, True), constant(size, wide))
    made = p.divide(wide, p.sqrt(p.add(power, constant(1e-6 if epsilon is None else epsilon, wide))))
    if scale is not None:
        shape = tuple(size if place in axes else 1 for place, size in enumerate(p.shape(x)))
        made = p.multiply(made, p.reshape(p.cast(scale, p.dtype(wide)), shape))
    return p.cast(made, dtype)
