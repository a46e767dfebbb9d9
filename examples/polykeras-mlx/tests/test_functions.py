"""The functions that this package makes itself, against Python's."""

import math

import mlx.core as mx
import numpy as np
import pytest

from polykeras_mlx import functions

POINTS = np.concatenate([np.linspace(-5.9, 5.9, 119), [0.0, 1e-300, 1e-9, -1e-9, 0.125, 7.0, -7.0]])
EXACT = {
    "exp": math.exp,
    "expm1": math.expm1,
    "sin": math.sin,
    "cos": math.cos,
    "erf": math.erf,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
}
SLOPES = {
    "exp": math.exp,
    "expm1": math.exp,
    "sin": math.cos,
    "cos": lambda x: -math.sin(x),
    "erf": lambda x: 2 / math.sqrt(math.pi) * math.exp(-x * x),
    "sigmoid": lambda x: math.exp(-x) / (1 + math.exp(-x)) ** 2,
}
ULPS = 4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", EXACT)
def test_value(name, dtype):
    points = POINTS.astype(dtype)
    got = np.array(getattr(functions, name)(mx.array(points, dtype=getattr(mx, dtype))))
    right = np.array([EXACT[name](float(point)) for point in points])
    assert np.all(np.abs(got.astype("float64") - right) <= ULPS * np.abs(np.spacing(right.astype(dtype))))


@pytest.mark.parametrize("name", SLOPES)
def test_slope(name):
    function = getattr(functions, name)
    got = mx.grad(lambda x: mx.sum(function(x)))(mx.array(POINTS, dtype=mx.float64))
    np.testing.assert_allclose(np.array(got), [SLOPES[name](point) for point in POINTS], rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("name", EXACT)
def test_slope_of_the_slope(name):
    function, step = getattr(functions, name), 1e-5
    slope = mx.grad(lambda x: mx.sum(function(x)))
    twice = mx.grad(lambda x: mx.sum(slope(x)))
    points = POINTS[10:60]
    found = (np.array(slope(mx.array(points + step, dtype=mx.float64))) - np.array(slope(mx.array(points - step, dtype=mx.float64)))) / (2 * step)
    np.testing.assert_allclose(np.array(twice(mx.array(points, dtype=mx.float64))), found, rtol=1e-6, atol=1e-6)
