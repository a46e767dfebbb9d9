"""Activation functions, each a composition whose gradient at the corners is the contract's.

At a corner the branch for x > 0 is taken strictly: relu'(0) is 0, leaky_relu'(0) its slope.
"""

import math

from polykeras.ops.dispatch import as_float, axes_of, constant, op, p
from polykeras.ops.elementwise import clip, less_equal, logaddexp


@op("x")
def relu(x):
    """Return x where it is above 0, else 0; NaN stays. (...) -> (...)"""
    zero = constant(0, x)
    return p.where(less_equal(x, zero), zero, x)  # where, not maximum: maximum halves the gradient at 0


@op("x")
def relu6(x):
    """Return x held within [0, 6], with gradient 0 at both ends. (...) -> (...)"""
    x = as_float(x)
    low, high = constant(0, x), constant(6, x)
    return p.where(less_equal(x, low), low, p.where(less_equal(high, x), high, x))


@op("x")
def leaky_relu(x, negative_slope=0.2):
    """Return x where it is above 0, else negative_slope * x. (...) -> (...)"""
    x = as_float(x)
    return p.where(p.less(constant(0, x), x), x, p.multiply(constant(negative_slope, x), x))


@op("x")
def elu(x, alpha=1.0):
    """Return x where it is above 0, else alpha * (exp(x) - 1) (Clevert et al. 2015). (...) -> (...)"""
    x = as_float(x)
    zero = constant(0, x)
    above = p.less(zero, x)
    bent = p.multiply(constant(alpha, x), p.expm1(p.where(above, zero, x)))  # exp of a large x would make NaN of 0 * inf
    return p.where(above, x, bent)


@op("x")
def celu(x, alpha=1.0):
    """Return x where it is above 0, else alpha * (exp(x / alpha) - 1). (...) -> (...)"""
    x = as_float(x)
    zero, scale = constant(0, x), constant(alpha, x)
    above = p.less(zero, x)
    return p.where(above, x, p.multiply(scale, p.expm1(p.divide(p.where(above, zero, x), scale))))


@op("x")
def selu(x):
    """Return 1.0507 * elu(x, 1.6733), which keeps mean and variance (Klambauer et al. 2017). (...) -> (...)"""
    x = as_float(x)
    return p.multiply(constant(1.0507009873554805, x), elu(x, 1.6732632423543772))


@op("x")
def gelu(x, approximate=True):
    """Return x times the normal distribution's share below x (Hendrycks & Gimpel 2016). (...) -> (...)

    Args:
        approximate: whether to take the formula with tanh; `activations.gelu` takes the exact one.
    """
    x = as_float(x)
    half, one = constant(0.5, x), constant(1, x)
    if approximate:
        cubed = p.multiply(p.multiply(x, x), x)
        inner = p.multiply(constant(math.sqrt(2 / math.pi), x), p.add(x, p.multiply(constant(0.044715, x), cubed)))
        share = p.add(one, p.tanh(inner))
    else:
        share = p.add(one, p.erf(p.multiply(x, constant(math.sqrt(0.5), x))))
    return p.multiply(p.multiply(half, x), share)


@op("x")
def silu(x):
    """Return x * sigmoid(x). (...) -> (...)"""
    x = as_float(x)
    return p.multiply(x, p.sigmoid(x))


@op("x")
def softplus(x):
    """Return log(1 + exp(x)) without overflow. (...) -> (...)"""
    x = as_float(x)
    return logaddexp(x, constant(0, x))


@op("x")
def softsign(x):
    """Return x / (1 + |x|). (...) -> (...)"""
    x = as_float(x)
    return p.divide(x, p.add(constant(1, x), p.abs(x)))


@op("x")
def log_sigmoid(x):
    """Return log(sigmoid(x)) without overflow. (...) -> (...)"""
    return p.negative(softplus(p.negative(as_float(x))))


@op("x")
def hard_sigmoid(x):
    """Return relu6(x + 3) / 6. (...) -> (...)"""
    x = as_float(x)
    return p.divide(relu6(p.add(x, constant(3, x))), constant(6, x))


@op("x")
def hard_silu(x):
    """Return x * relu6(x + 3) / 6. (...) -> (...)"""
    x = as_float(x)
    return p.multiply(x, hard_sigmoid(x))


@op("x")
def hard_tanh(x):
    """Return x held within [-1, 1]. (...) -> (...)"""
    return clip(as_float(x), -1.0, 1.0)


@op("x")
def tanh_shrink(x):
    """Return x - tanh(x). (...) -> (...)"""
    x = as_float(x)
    return p.subtract(x, p.tanh(x))


@op("x")
def hard_shrink(x, threshold=0.5):
    """Return x where |x| is above the threshold, else 0. (...) -> (...)"""
    x = as_float(x)
    return p.where(less_equal(p.abs(x), constant(threshold, x)), constant(0, x), x)


@op("x")
def soft_shrink(x, threshold=0.5):
    """Return x moved towards 0 by the threshold, and 0 within it. (...) -> (...)"""
    x = as_float(x)
    limit = constant(threshold, x)
    up = p.where(p.less(x, p.negative(limit)), p.add(x, limit), constant(0, x))
    return p.where(p.less(limit, x), p.subtract(x, limit), up)


@op("x")
def threshold(x, threshold, default_value):
    """Return x where it is above the threshold, else the default value. (...) -> (...)"""
    x = as_float(x)
    return p.where(p.less(constant(threshold, x), x), x, constant(default_value, x))


@op("x")
def squareplus(x, b=4):
    """Return (x + sqrt(x**2 + b)) / 2. (...) -> (...)"""
    x = as_float(x)
    return p.multiply(constant(0.5, x), p.add(x, p.sqrt(p.add(p.multiply(x, x), constant(b, x)))))


@op("x")
def sparse_plus(x):
    """Return 0 below -1, x above 1, and (x + 1)**2 / 4 between. (...) -> (...)"""
    x = as_float(x)
    one = constant(1, x)
    raised = p.add(x, one)
    middle = p.multiply(constant(0.25, x), p.multiply(raised, raised))
    return p.where(less_equal(x, p.negative(one)), constant(0, x), p.where(p.less(x, one), middle, x))


@op("x")
def sparse_sigmoid(x):
    """Return (x + 1) / 2 held within [0, 1]. (...) -> (...)"""
    x = as_float(x)
    one = constant(1, x)
    middle = p.multiply(constant(0.5, x), p.add(x, one))
    return p.where(less_equal(x, p.negative(one)), constant(0, x), p.where(less_equal(one, x), one, middle))


@op("x")
def glu(x, axis=-1):
    """Return the first half of an axis times the sigmoid of the second. (..., 2n) -> (..., n)"""
    from polykeras.ops.shapes import split

    first, second = split(as_float(x), 2, axis)
    return p.multiply(first, p.sigmoid(second))


@op("x")
def softmax(x, axis=-1):
    """Return exp(x) divided by its sum over axes. (...) -> (...)

    >>> softmax([0.0, 0.0])
    array([0.5, 0.5], dtype=float32)
    """
    x = as_float(x)
    axes = axes_of(axis, len(p.shape(x)))
    grown = p.exp(p.subtract(x, p.stop_gradient(p.max(x, axes, True))))
    return p.divide(grown, p.sum(grown, axes, True))


@op("x")
def log_softmax(x, axis=-1):
    """Return the logarithm of softmax without overflow. (...) -> (...)"""
    x = as_float(x)
    axes = axes_of(axis, len(p.shape(x)))
    lowered = p.subtract(x, p.stop_gradient(p.max(x, axes, True)))
    return p.subtract(lowered, p.log(p.sum(p.exp(lowered), axes, True)))


@op("x")
def sparsemax(x, axis=-1):
    """Return the point of the probability simplex nearest to x (Martins & Astudillo 2016). (...) -> (...)"""
    from polykeras.ops.indexing import sort
    from polykeras.ops.shapes import moveaxis

    x = moveaxis(as_float(x), axis, -1)
    last = len(p.shape(x)) - 1
    falling = p.flip(sort(x, -1), (last,))
    total = p.cumsum(falling, last)
    count = p.add(p.arange(p.shape(x)[-1], p.dtype(x)), constant(1, x))
    kept = p.less(total, p.add(constant(1, x), p.multiply(count, falling)))
    support = p.sum(p.cast(kept, p.dtype(x)), (last,), True)
    kept_sum = p.sum(p.where(kept, falling, constant(0, x)), (last,), True)
    level = p.divide(p.subtract(kept_sum, constant(1, x)), support)
    return moveaxis(relu(p.subtract(x, level)), -1, axis)


swish, hard_swish = silu, hard_silu
