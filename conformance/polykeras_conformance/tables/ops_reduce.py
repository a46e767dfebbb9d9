"""Cases of the ops along axes: sums, means, extremes, running ones, and where they are."""

import numpy as np

from polykeras_conformance.budgets import COMPOSED, EXACT, SUMMED, Budget
from polykeras_conformance.cases import array, numbers, op

inf, nan = np.inf, np.nan
X = numbers("x", (3, 4, 5))
SUMS = ("sum", "prod", "mean", "var", "std", "max", "min", "logsumexp", "any", "all", "count_nonzero", "norm")
CHOSEN = {"any": EXACT, "all": EXACT, "count_nonzero": EXACT, "max": EXACT, "min": EXACT, "sum": SUMMED, "prod": SUMMED}
KEEPS = [name for name in SUMS if name != "count_nonzero"]
AXES = {"every": None, "first": 0, "last": -1, "two": (0, 2)}


def reductions():
    """Yield cases of reductions."""
    for name in SUMS:
        budget = CHOSEN.get(name, COMPOSED)
        smooth = name not in ("any", "all", "count_nonzero")
        for label, axis in AXES.items():
            yield op(name, label, X, axis=axis, budget=budget, group="reductions", smooth=smooth)
        if name in KEEPS:
            yield op(name, "kept", X, axis=(1,), keepdims=True, budget=budget, group="reductions", smooth=smooth)
        for dtype in ("int32", "int8", "uint8", "bool", "float16", "bfloat16"):
            x = numbers(name, (3, 7), "int32", 0, 2).astype(bool) if dtype == "bool" else numbers(name, (3, 7), dtype, 0, 9)
            wide = budget if dtype not in ("float16", "bfloat16") else EXACT if budget is EXACT else Budget(2, "largest")
            yield op(name, dtype, x, axis=1, budget=wide, group="reductions", smooth=False, needs=("uint32",) if dtype == "uint8" else ())
        yield op(name, "nan", array([[1, nan], [2, 3]]), axis=1, budget=budget, group="reductions", smooth=False)
        yield op(name, "inf", array([[1, inf], [-inf, 3]]), axis=1, budget=budget, group="reductions", smooth=False)
        yield op(name, "scalar", array(2.5), budget=budget, group="reductions", smooth=smooth and name not in ("std", "norm"))
    for name in ("any", "all"):
        yield op(name, "rows", array([[0, 0], [0, 2], [nan, 1]]), axis=1, budget=EXACT, group="reductions", smooth=False)
    for name in ("max", "min"):
        yield op(name, "initial", X, axis=1, initial=0.5, budget=EXACT, group="reductions")
        yield op(name, "least", np.array([[-128, 5], [127, -1]], "int8"), axis=0, budget=EXACT, group="reductions")
        yield op(name, "ends-uint8", np.array([[0, 5], [255, 1]], "uint8"), axis=1, budget=EXACT, group="reductions")
    yield op("sum", "wraps-not", np.full((300,), 200, "uint8"), budget=EXACT, group="reductions", needs=("uint32",))
    yield op("mean", "sixteen-above-its-range", array([60000.0] * 4, "float16"), budget=EXACT, group="reductions", smooth=False)
    yield op("var", "far-from-zero", array([1e4, 1e4 + 1, 1e4 + 2]), budget=COMPOSED, group="reductions", expected=[array(2 / 3)])
    yield op("logsumexp", "minus-inf", array([[-inf, -inf], [-inf, 0]]), axis=1, group="reductions", smooth=False)
    yield op("logsumexp", "large", array([1000.0, 999.0]), group="reductions")
    yield op("moments", "two", X, (0, 2), group="reductions")
    yield op("moments", "kept", X, (1,), True, group="reductions")
    yield op("average", "weights", X, 1, np.array([1, 2, 3, 4], "float32"), group="reductions")
    yield op("average", "full-weights", X, 0, numbers("w", (3, 4, 5), "float32", 0.1, 1), group="reductions")
    yield op("average", "plain", X, None, group="reductions")


NORMS = {"one": {"ord": 1, "axis": 1}, "largest": {"ord": np.inf, "axis": 1}, "minus-inf": {"ord": -np.inf, "axis": 2}, "three": {"ord": 3, "axis": 0}, "zero": {"ord": 0, "axis": 1}, "frobenius": {"ord": "fro", "axis": (0, 2)}, "rows": {"axis": 2, "keepdims": True}}


def places():
    """Yield cases of positions, running sums and norms."""
    rows = array([[1, 3, 3, nan], [-0.0, 0.0, -1, -2], [inf, 1, inf, 2]])
    for name in ("argmax", "argmin"):
        for label, axis in {"every": None, "rows": 1, "columns": 0}.items():
            yield op(name, label, rows, axis=axis, budget=EXACT, group="places", smooth=False)
        yield op(name, "kept", X, axis=1, keepdims=True, budget=EXACT, group="places", smooth=False)
        for dtype in ("int8", "uint8", "int32"):
            yield op(name, dtype, np.array([[0, 5, 5], [127, 0, 0]], dtype), axis=1, budget=EXACT, group="places")
        yield op(name, "bool", np.array([False, True, True]), budget=EXACT, group="places")
    for name in ("cumsum", "cumprod"):
        for label, axis in {"every": None, "first": 0, "last": -1}.items():
            yield op(name, label, X, axis=axis, group="places")
        yield op(name, "int32", np.array([[1, 2, 3], [4, 5, 6]], "int32"), axis=1, budget=EXACT, group="places")
        yield op(name, "bool", np.array([True, True, False, True]), axis=0, budget=EXACT, group="places")
        yield op(name, "dtype", np.array([100, 100, 2], "int8"), axis=0, dtype="int32", budget=EXACT, group="places")
    yield op("cumprod", "zeros", array([2, 0, 3, 0, 4]), axis=0, group="places")
    for label, kwargs in NORMS.items():
        yield op("norm", label, X, group="places", smooth=label != "zero", **kwargs)
    yield op("normalize", "rows", X, group="places")
    yield op("normalize", "one", X, axis=1, order=1, group="places")
    yield op("normalize", "zeros", array([[0, 0], [3, 4]]), group="places", smooth=False)


CASES = [*reductions(), *places()]
