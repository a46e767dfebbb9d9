"""Functions that MLX computes less precisely than the contract asks, made of those that it computes well.

In float64 mx.exp, sin, cos, sigmoid and erf have only the digits of float32, and in float32 mx.exp is
50 ulps off at 60; expm1, tan, tanh and log are exact in both (mlx 0.32). The gradients that MLX has
for them use the same imprecise functions, so each comes with its own.
"""

import math

import mlx.core as mx
import numpy as np

STEP, TERMS = 0.25, 20  # erf by Taylor series around the multiples of STEP, up to LAST
LAST = 6.0  # erf is 1 beyond


def _with_slope(function, slope):
    """Return a function of one array whose gradient is g * slope(x, result)."""
    made = mx.custom_function(lambda x: function(x))

    @made.vjp
    def _(x, g, out):
        return g * slope(x, out)

    return lambda x: made(x)


def _exp(x):
    size = mx.expm1(mx.abs(x)) + 1
    return mx.where(x < 0, 1 / size, size)


def _sin(x):
    if x.dtype != mx.float64:
        return mx.sin(x)
    half = mx.tan(0.5 * x)
    return 2 * half / (1 + half * half)


def _cos(x):
    if x.dtype != mx.float64:
        return mx.cos(x)
    return mx.where(x == 0, mx.ones_like(x), _sin(x) / mx.tan(x))


def _erf(x):
    wide = x.astype(mx.float64)
    size = mx.minimum(mx.abs(wide), LAST)
    row = mx.round(size / STEP)
    row = mx.where(mx.isnan(row), mx.zeros_like(row), row)
    rest = size - row * STEP
    table = mx.take(mx.array(SERIES, dtype=mx.float64), row.astype(mx.int32), axis=1)
    total = table[TERMS - 1]
    for term in range(TERMS - 2, -1, -1):
        total = total * rest + table[term]
    return mx.where(wide < 0, -total, total).astype(x.dtype)


def _series():
    """Return the Taylor coefficients of erf: (term, row), from the recurrence of its derivatives."""
    centres = np.arange(0, LAST + STEP, STEP)
    before, slope = np.zeros_like(centres), 2 / math.sqrt(math.pi) * np.exp(-centres**2)
    rows = [np.array([math.erf(centre) for centre in centres]), slope]
    for order in range(1, TERMS - 1):  # f(n+2) = -2 x f(n+1) - 2 n f(n), f being erf, for its derivatives
        before, slope = slope, -2 * centres * slope - 2 * (order - 1) * before
        rows.append(slope / math.factorial(order + 1))
    return np.stack(rows)


SERIES = _series()

exp = _with_slope(_exp, lambda x, out: out)
expm1 = _with_slope(mx.expm1, lambda x, out: exp(x))
sin = _with_slope(_sin, lambda x, out: cos(x))
cos = _with_slope(_cos, lambda x, out: -sin(x))
sigmoid = _with_slope(lambda x: 1 / (1 + _exp(-x)), lambda x, out: out * (1 - out))
erf = _with_slope(_erf, lambda x, out: 2 / math.sqrt(math.pi) * exp(-x * x))
