"""Random draws, each made from Threefry's bits by the same formula on every backend.

Bits, and so uniform numbers, masks, integers and shuffles, are equal bit for bit; draws that pass
through logarithms agree to the rounding of those.
"""

import math

import numpy as np

from polykeras import config, dtypes, scope
from polykeras.ops.dispatch import as_float, axis_of, constant, op, p
from polykeras.ops.elementwise import erfinv
from polykeras.plugins import registry
from polykeras.random.seed import draw_key
from polykeras.random.threefry import random_bits
from polykeras.sizes import product


def _dtype(dtype):
    return dtypes.standardize(dtype or config.floatx())


def _shift(bits, count):
    """Shift right, zeros coming in."""
    moved = p.right_shift(bits, p.full((), count, "int32"))
    return p.bitwise_and(moved, p.full((), 2 ** (32 - count) - 1, "int32"))


def _fractions(key, count, dtype, centred=False):
    """Return (count,) floats in [0, 1) in steps of the dtype's precision; centred ones are never 0."""
    if dtype == "float64":
        bits = random_bits(key, 2 * count)
        high = p.cast(_shift(p.slice(bits, (0,), (count,), (1,)), 5), dtype)  # 27 bits
        low = p.cast(_shift(p.slice(bits, (count,), (2 * count,), (1,)), 6), dtype)  # 26 bits
        whole, width = p.add(p.multiply(high, p.full((), 2.0**26, dtype)), low), 53
    else:
        width = 31 if centred else 24  # logarithms profit from the small ones
        whole, dtype = p.cast(_shift(random_bits(key, count), 32 - width), "float32"), "float32"
    if centred:
        whole = p.add(whole, p.full((), 0.5, dtype))
    return p.multiply(whole, p.full((), 2.0**-width, dtype))


@op("key")
def _uniform(key, shape, minval, maxval, dtype):
    unit = _fractions(key, product(shape), dtype)
    scaled = p.add(p.multiply(unit, p.full((), maxval - minval, p.dtype(unit))), p.full((), minval, p.dtype(unit)))
    return p.cast(p.reshape(scaled, tuple(shape)), dtype)


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Return numbers evenly from [minval, maxval).

    Args:
        shape: tuple of ints.
        dtype: the default float unless told.
        seed: an int (always the same numbers), a SeedGenerator, or None for the global one.

    >>> uniform((2,), seed=1)
    array([0.70394367, 0.58952564], dtype=float32)
    """
    if dtype is not None and dtypes.is_int(dtypes.standardize(dtype)):
        raise ValueError(f"uniform: expected a float dtype, got {dtype}. Use randint for integers.")
    return _uniform(draw_key(seed), tuple(shape), minval, maxval, _dtype(dtype))


@op("key")
def _normal(key, shape, mean, stddev, dtype):
    count = product(shape)
    half = (count + 1) // 2
    unit = _fractions(key, 2 * half, dtype, centred=True)
    first, second = p.slice(unit, (0,), (half,), (1,)), p.slice(unit, (half,), (2 * half,), (1,))
    radius = p.sqrt(p.multiply(constant(-2, unit), p.log(first)))
    angle = p.multiply(constant(2 * math.pi, unit), second)
    both = p.concatenate([p.multiply(radius, p.cos(angle)), p.multiply(radius, p.sin(angle))], 0)
    made = p.reshape(p.slice(both, (0,), (count,), (1,)), tuple(shape))
    return p.cast(p.add(p.multiply(made, constant(stddev, made)), constant(mean, made)), dtype)


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Return normally distributed numbers (Box & Muller 1958). Arguments as for uniform."""
    return _normal(draw_key(seed), tuple(shape), mean, stddev, _dtype(dtype))


@op("key")
def _truncated(key, shape, mean, stddev, dtype):
    edge = math.erf(math.sqrt(2))  # two standard deviations
    unit = _fractions(key, product(shape), dtype, centred=True)
    spread = p.add(p.multiply(unit, constant(2 * edge, unit)), constant(-edge, unit))
    made = p.reshape(p.multiply(erfinv(spread), constant(math.sqrt(2), unit)), tuple(shape))
    return p.cast(p.add(p.multiply(made, constant(stddev, made)), constant(mean, made)), dtype)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Return normally distributed numbers within two standard deviations. Arguments as for uniform."""
    return _truncated(draw_key(seed), tuple(shape), mean, stddev, _dtype(dtype))


@op("key")
def _randint(key, shape, minval, maxval, dtype):
    bits = p.cast(_shift(random_bits(key, product(shape)), 1), "int64")
    scaled = p.right_shift(p.multiply(bits, p.full((), maxval - minval, "int64")), p.full((), 31, "int64"))
    return p.cast(p.reshape(p.add(scaled, p.full((), minval, "int64")), tuple(shape)), dtype)


def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Return integers evenly from minval up to maxval - 1; the range is at most 2**31."""
    if not 0 < maxval - minval <= 2**31:
        raise ValueError(f"randint: expected a range of 1 to 2**31, got {minval} to {maxval}.")
    return _randint(draw_key(seed), tuple(shape), int(minval), int(maxval), dtypes.standardize(dtype))


@op("key")
def random_mask(key, shape, probability):
    """Return bools that are True with a probability, bit-equal on every backend."""
    bits = random_bits(key, product(shape))
    limit = round(probability * 2**32) - 2**31
    ordered = p.bitwise_xor(bits, p.full((), -(2**31), "int32"))  # as signed numbers in the order of the unsigned
    hit = p.less(ordered, p.full((), limit, "int32")) if limit < 2**31 else p.full((product(shape),), True, "bool")
    return p.reshape(hit, tuple(shape))


def bernoulli(shape, probability=0.5, dtype=None, seed=None):
    """Return ones with a probability, zeros otherwise."""
    return _bernoulli(draw_key(seed), tuple(shape), probability, _dtype(dtype))


@op("key")
def _bernoulli(key, shape, probability, dtype):
    return p.cast(random_mask(key, shape, probability), dtype)


@op("inputs key")
def _dropout(inputs, key, rate, noise_shape):
    inputs = as_float(inputs)
    sizes = p.shape(inputs)
    shape = sizes if noise_shape is None else tuple(s if n is None else n for s, n in zip(sizes, noise_shape))
    dropped = random_mask(key, shape, rate)
    kept = p.multiply(inputs, constant(1 / (1 - rate), inputs))
    return p.where(dropped, constant(0, inputs), kept)


def dropout(inputs, rate, noise_shape=None, seed=None):
    """Return inputs with a share `rate` set to 0 and the rest divided by 1 - rate.

    Args:
        noise_shape: shape of the mask, 1 or None where it should be shared or follow the input.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: expected a rate from 0 up to but not 1, got {rate}.")
    return _dropout(inputs, draw_key(seed), rate, noise_shape)


@op("logits key")
def _categorical(logits, key, num_samples, dtype):
    logits = as_float(logits)
    rows, classes = p.shape(logits)
    unit = _fractions(key, rows * num_samples * classes, p.dtype(logits), centred=True)
    noise = p.negative(p.log(p.negative(p.log(p.reshape(unit, (rows, num_samples, classes))))))
    return p.cast(p.argmax(p.add(p.reshape(logits, (rows, 1, classes)), p.cast(noise, p.dtype(logits))), 2), dtype)


def categorical(logits, num_samples, dtype="int32", seed=None):
    """Return classes drawn with probabilities softmax(logits). (batch, classes) -> (batch, num_samples)"""
    return _categorical(logits, draw_key(seed), num_samples, dtypes.standardize(dtype))


@op("x key")
def _shuffled(x, key, axis):
    axis = axis_of(axis, len(p.shape(x)))
    bits = random_bits(key, p.shape(x)[axis])
    return p.take(x, p.argsort(bits, 0), axis)


def shuffle(x, axis=0, seed=None):
    """Return x with the slices of an axis in random order."""
    return _shuffled(x, draw_key(seed), axis)


def permutation(count, seed, epoch):
    """Return a random order of `count` places for an epoch, as a NumPy array made on the host."""
    key = np.asarray([seed, epoch], np.int32)
    with scope.outside(), scope.Scope(registry.reference()):
        return np.argsort(random_bits(key, count), kind="stable")


