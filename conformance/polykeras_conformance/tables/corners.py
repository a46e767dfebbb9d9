"""Gradients at ties and edges, as the contract names them: of the sum of what a function gives.

Each row is (label, function, arrays, gradients). Where a row has NaN, any place must have NaN.
"""

import math

import numpy as np

from polykeras import ops
from polykeras.ops.dispatch import OPS, p
from polykeras_conformance import budgets, gradients
from polykeras_conformance.cases import Case, array

inf, nan = math.inf, math.nan
SELU = 1.0507009873554805 * 1.6732632423543772


def of(name, *args, **kwargs):
    """Return a call of an op whose first arguments are arrays."""
    return lambda *xs: OPS[name](*xs, *args, **kwargs)


def primitive(name):
    """Return a call of a primitiveitive of two arrays."""
    return lambda x, y: getattr(p, name)(x, y)


def whole(*xs):
    """Return an index for arrays of integers."""
    return np.array(xs, "int32")


def pooled(size, strides, shape):
    """Return max pooling of one row or square."""
    return lambda x: p.pool(p.reshape(x, (1, *shape, 1)), "max", size, strides, "valid")


# name of an op, where, its gradient there
POINTS = {
    "absolute": ([0, -0.0, 2, -3], [0, 0, 1, -1]),
    "relu": ([0, -0.0, 1, -1], [0, 0, 1, 0]),
    "relu6": ([0, 6, 3, -1, 7], [0, 0, 1, 0, 0]),
    "leaky_relu": ([0, 1, -1], [0.2, 1, 0.2]),
    "elu": ([0, 1], [1, 1]),
    "celu": ([0, 1], [1, 1]),
    "selu": ([0, 1], [SELU, 1.0507009873554805]),
    "hard_sigmoid": ([-3, 3, 0], [0, 0, 1 / 6]),
    "hard_silu": ([-3, 3, 4], [0, 1, 1]),
    "hard_tanh": ([-1, 1, 0, 2, -2], [1, 1, 1, 0, 0]),
    "hard_shrink": ([0.5, -0.5, 1, 0], [0, 0, 1, 0]),
    "soft_shrink": ([0.5, -0.5, 1, 0], [0, 0, 1, 0]),
    "softsign": ([0], [1]),
    "softplus": ([0, 800, -800], [0.5, 1, 0]),
    "log_sigmoid": ([0, 800, -800], [0.5, 0, 1]),
    "sparse_plus": ([-1, 1], [0, 1]),
    "sparse_sigmoid": ([-1, 1], [0, 0]),
    "sqrt": ([0, 4], [inf, 0.25]),
    "safe_sqrt": ([0, 4], [0, 0.25]),
    "sinh": ([0, -0.0], [1, 1]),
    "arcsinh": ([0, -0.0], [1, 1]),
    "arctan": ([0, inf], [1, 0]),
    "arcsin": ([0], [1]),
    "arccos": ([0], [-1]),
    "arctanh": ([0], [1]),
    "tan": ([0], [1]),
    "cosh": ([0], [0]),
    "erfinv": ([0], [math.sqrt(math.pi) / 2]),
    "sign": ([0, 1, -2], [0, 0, 0]),
    "floor": ([0, 1.5], [0, 0]),
    "ceil": ([0, 1.5], [0, 0]),
    "round": ([0.5, 1.5], [0, 0]),
    "trunc": ([0, -1.5], [0, 0]),
    "nan_to_num": ([1, nan, inf], [1, 0, 0]),
    "max": ([0, 1, 1], [0, 0.5, 0.5]),
    "min": ([0, 1, 0, 0], [1 / 3, 0, 1 / 3, 1 / 3]),
    "prod": ([0, 2, 3], [6, 0, 0]),
    "norm": ([0, 0], [0, 0]),
    "std": ([2, 2, 2], [0, 0, 0]),
    "var": ([2, 2, 2], [0, 0, 0]),
    "cumprod": ([2, 0, 3], [1, 8, 0]),
    "cumsum": ([2, 0, 3], [3, 2, 1]),
    "logsumexp": ([0, 0], [0.5, 0.5]),
    "square": ([0], [0]),
    "stop_gradient": ([1, 2], [0, 0]),
}

# label: (function, arrays, gradients)
ROWS = {
    "maximum-tie": (primitive("maximum"), [[1, 1, 2, 0], [1, 1, 0, 2]], [[0.5, 0.5, 1, 0], [0.5, 0.5, 0, 1]]),
    "maximum-zero": (lambda x: ops.maximum(x, 0.0), [[0, 1, -1, -0.0]], [[0.5, 1, 0, 0.5]]),
    "maximum-tie-spread": (primitive("maximum"), [[1, 1], 1], [[0.5, 0.5], 1]),
    "maximum-infinite-tie": (primitive("maximum"), [[inf, -inf], [inf, -inf]], [[0.5, 0.5], [0.5, 0.5]]),
    "minimum-tie": (primitive("minimum"), [[1, 1, 2, 0], [1, 1, 0, 2]], [[0.5, 0.5, 0, 1], [0.5, 0.5, 1, 0]]),
    "clip-closed": (of("clip", 0.0, 1.0), [[-1, 0, 0.5, 1, 2]], [[0, 1, 1, 1, 0]]),
    "clip-crossed": (of("clip", 2.0, 1.0), [[0, 1.5, 3]], [[0, 0, 0]]),
    "leaky-slope": (of("leaky_relu", 0.3), [[0, -0.0]], [[0.3, 0.3]]),
    "threshold": (of("threshold", 0.5, 0.0), [[0.5, 0.6]], [[0, 1]]),
    "power-zero-zero": (primitive("power"), [[0.0], [0.0]], [[0], [0]]),
    "power-zero-base": (primitive("power"), [[0, 0, 0], [1, 2, 0.5]], [[1, 0, inf], [0, 0, 0]]),
    "power-zero-exponent": (primitive("power"), [[2, 1, 5], [0, 0, 0]], [[0, 0, 0], [math.log(2), 0, math.log(5)]]),
    "power-negative-base": (primitive("power"), [[-2, -1], [2, 3]], [[-4, 3], [nan, nan]]),
    "divide-no-nan": (of("divide_no_nan"), [[1, 2], [0, 4]], [[0, 0.25], [0, -0.125]]),
    "logaddexp-tie": (of("logaddexp"), [[1, 0], [1, 0]], [[0.5, 0.5], [0.5, 0.5]]),
    "mod": (primitive("mod"), [[7, -7], [2, 2]], [[1, 1], [-3, 4]]),
    "floor-divide": (primitive("floor_divide"), [[7, -7], [2, 2]], [[0, 0], [0, 0]]),
    "where": (lambda x, y: p.where(p.less(x, y), x, y), [[1, 2, 3], [2, 2, 2]], [[1, 0, 0], [0, 1, 1]]),
    "where-infinite": (lambda x, y: p.log(p.where(p.less(y, x), x, y)), [[2, -1], [0, 0]], [[0.5, 0], [0, inf]]),
    "max-ties-on-two-axes": (lambda x: p.max(x, (0, 1), False), [[[1, 3], [3, 3]]], [[[0, 1 / 3], [1 / 3, 1 / 3]]]),
    "max-infinite-ties": (lambda x: p.max(x, (0,), False), [[-inf, -inf]], [[0.5, 0.5]]),
    "max-initial-tie": (of("max", initial=1.0), [[0, 1]], [[0, 0.5]]),
    "prod-two-zeros": (of("prod"), [[0, 0, 3]], [[0, 0, 0]]),
    "norm-one": (of("norm", 1), [[0, 2, -3]], [[0, 1, -1]]),
    "norm-largest": (of("norm", inf), [[2, -2, 1]], [[0.5, -0.5, 0]]),
    "norm-rows": (of("norm", axis=1), [[[0, 0], [3, 4]]], [[[0, 0], [0.6, 0.8]]]),
    "normalize-zero": (of("normalize"), [[[0.0, 0.0]]], [[[1e7, 1e7]]]),
    "max-pool-ties": (pooled((2,), (2,), (4,)), [[1, 1, 1, 0]], [[1, 0, 1, 0]]),
    "max-pool-overlap": (pooled((3,), (1,), (4,)), [[1, 1, 1, 1]], [[1, 1, 0, 0]]),
    "max-pool-square": (pooled((2, 2), (2, 2), (2, 2)), [[[0, 0], [0, 0]]], [[[1, 0], [0, 0]]]),
    "max-pool-row-major": (pooled((2, 2), (2, 2), (2, 2)), [[[0, 5], [5, 5]]], [[[0, 1], [0, 0]]]),
    "max-pool-cube": (pooled((2, 2, 2), (1, 1, 1), (2, 2, 2)), [[[[0, 5], [5, 0]], [[5, 5], [0, 0]]]], [[[[0, 1], [0, 0]], [[0, 0], [0, 0]]]]),
    "max-pool-infinite": (pooled((2,), (2,), (2,)), [[-inf, -inf]], [[1, 0]]),
    "take-twice": (lambda x: p.take(x, p.from_numpy(whole(1, 1, 2), None), 0), [[5, 6, 7]], [[0, 2, 1]]),
    "take-out-of-range": (lambda x: ops.take(x, whole(5, 1, -4, -1)), [[10, 20, 30]], [[0, 1, 1]]),
    "take-along-twice": (lambda x: ops.take_along_axis(x, whole(0, 0, 2, 9)), [[5, 6, 7]], [[2, 0, 1]]),
    "scatter-add": (lambda x, u: OPS["scatter_add"](x, whole([0], [0], [7]), u), [[1, 2], [3, 4, 5]], [[1, 1], [1, 1, 0]]),
    "scatter-update": (lambda x, u: ops.scatter_update(x, whole([0], [0]), u), [[1, 2], [3, 4]], [[0, 1], [0, 1]]),
    "top-k-ties": (lambda x: ops.top_k(x, 2)[0], [[1, 3, 3, 3]], [[0, 1, 1, 0]]),
    "sort-ties": (lambda x: ops.sort(x)[:2], [[3, 1, 1, 1]], [[0, 1, 1, 0]]),
    "cast-through-integers": (lambda x: p.add(p.cast(p.cast(x, "int32"), p.dtype(x)), x), [[1.5, 2.5]], [[1, 1]]),
    "cast-through-half": (lambda x: p.cast(p.cast(x, "float32"), p.dtype(x)), [[1.5, 2.5]], [[1, 1]]),
    "unused": (lambda x, y: p.multiply(x, x), [[1, 2], [3, 4]], [[2, 4], [0, 0]]),
    "constant": (lambda x: p.full((2,), 3, p.dtype(x)), [[1, 2]], [[0, 0]]),
    "used-twice": (lambda x: p.add(p.multiply(x, x), x), [[1, 2]], [[3, 5]]),
    "absolute-error-at-zero": (lambda y, t: ops.mean(ops.absolute(ops.subtract(y, t))), [[1, 2], [1, 3]], [[0, -0.5], [0, 0.5]]),
    "hinge-at-margin": (lambda x: ops.maximum(ops.subtract(1.0, x), 0.0), [[1, 0, 2]], [[-0.5, -1, 0]]),
    "crossentropy-clipped": (lambda x: ops.binary_crossentropy(p.full((2,), 0, p.dtype(x)), x), [[1, 0.5]], [[0, 2]]),
    "crossentropy-logits": (lambda x: ops.binary_crossentropy(p.full((2,), 0, p.dtype(x)), x, True), [[50, 0]], [[1, 0.5]]),
    "softmax-hidden": (lambda x: ops.softmax(ops.where(np.array([False, False]), x, -1e30)), [[1, 2]], [[0, 0]]),
    "reshape-empty": (lambda x: p.reshape(p.slice(x, (0,), (0,), (1,)), (0, 2)), [[1, 2]], [[0, 0]]),
}


def rows():
    """Yield (label, function, arrays, gradients)."""
    for name, (where, slope) in POINTS.items():
        yield name, of(name), [where], [slope]
    for label, (function, arrays, slopes) in ROWS.items():
        yield label, function, arrays, slopes


def corner(label, function, arrays, slopes, dtype):
    """Return the Case of one row in one dtype."""
    arrays = [array(x, dtype) for x in arrays]
    found = gradients.gradient(function, list(range(len(arrays))), gradients.plain_sum)
    expected = [array(slope, dtype) for slope in slopes]
    made = Case(f"{label}-{dtype}", f"corners-{dtype}", found, arrays, budgets.ROUNDED, "value_and_grad", expected=expected)
    made.eager = dtype == "float32"
    return made


CASES = [corner(*row, dtype) for dtype in ("float32", "float64") for row in rows()]
