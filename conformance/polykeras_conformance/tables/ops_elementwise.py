"""Cases of the ops on each element: functions of one variable, arithmetic with promotion, logic, choice."""

import numpy as np

from polykeras_conformance.budgets import ELEMENT, EXACT, ROUNDED, Budget
from polykeras_conformance.cases import array, numbers, op
from polykeras_conformance.tables.elementwise import EDGES, extremes, grid

inf, nan = np.inf, np.nan

# name: where it is smooth and sensible, and numbers at which it is hard
FUNCTIONS = {
    "exp": (-5, 5), "expm1": (-5, 5), "log": (0.1, 9), "log1p": (-0.9, 9), "sqrt": (0.1, 9), "sin": (-5, 5), "cos": (-5, 5),
    "tanh": (-3, 3), "sigmoid": (-5, 5), "erf": (-2, 2), "negative": (-5, 5), "absolute": (0.1, 5), "square": (-5, 5),
    "reciprocal": (0.1, 5), "rsqrt": (0.1, 9), "safe_sqrt": (0.1, 9), "cbrt": (0.1, 9), "log2": (0.1, 9), "log10": (0.1, 9),
    "exp2": (-5, 5), "tan": (-1.2, 1.2), "sinh": (-4, 4), "cosh": (-4, 4), "arctan": (-5, 5), "arcsin": (-0.9, 0.9),
    "arccos": (-0.9, 0.9), "arcsinh": (-5, 5), "arccosh": (1.2, 9), "arctanh": (-0.9, 0.9), "erfinv": (-0.95, 0.95),
    "softplus": (-5, 5), "softsign": (-5, 5), "log_sigmoid": (-5, 5), "silu": (-5, 5), "gelu": (-3, 3), "selu": (-3, 3),
    "elu": (-3, 3), "celu": (-3, 3), "relu": (-3, 3), "relu6": (-3, 9), "leaky_relu": (-3, 3), "hard_sigmoid": (-5, 5),
    "hard_silu": (-5, 5), "hard_tanh": (-2, 2), "hard_shrink": (-2, 2), "soft_shrink": (-2, 2), "tanh_shrink": (1, 3),
    "squareplus": (-3, 3), "sparse_plus": (-2, 2), "sparse_sigmoid": (-2, 2),
}  # fmt: skip
STEPS = ("floor", "ceil", "trunc", "round", "sign", "isnan", "isinf", "isfinite", "logical_not", "nan_to_num", "copy", "stop_gradient")
# the sign of x is lost in its terms: x**2 is of one size, the result of another
CANCELLING = {
    "tanh_shrink": Budget(16, "largest"), "squareplus": Budget(16, "largest"), "gelu": Budget(16, "largest"),
    "cos": Budget(8, "largest"), "sin": Budget(8, "largest"), "tan": Budget(8), "log2": Budget(8, "largest"),
}  # fmt: skip


def functions():
    """Yield cases of one argument."""
    for name, bounds in FUNCTIONS.items():
        budget = CANCELLING.get(name, ELEMENT)
        yield op(name, "many", numbers(name, (4, 9), "float32", *bounds), budget=budget, group="functions")
        yield op(name, "edges", array(EDGES), budget=budget, group="functions", smooth=False)
        yield op(name, "integers", np.array([[1, 2], [3, 1]]), budget=budget, group="functions")
        yield op(name, "sixteen", numbers(name, (9,), "float16", *bounds), budget=Budget(8, "largest"), group="functions", smooth=False)
    for name in STEPS:
        yield op(name, "edges", array(EDGES), budget=EXACT, group="steps", smooth=False)
        yield op(name, "integers", np.array([-3, 0, 7], "int32"), budget=EXACT, group="steps")
        yield op(name, "bools", np.array([True, False]), budget=EXACT, group="steps")
    yield op("round", "decimals", numbers("r", (9,), "float32", -50, 50), 2, budget=ROUNDED, group="steps", smooth=False)
    yield op("nan_to_num", "given", array([nan, inf, -inf, 1]), 7.0, 8.0, -9.0, budget=EXACT, group="steps", smooth=False)
    for dtype in ("int8", "uint8", "int32", "int64", "bool"):
        x = np.array([True, False]) if dtype == "bool" else extremes(dtype)
        for name in ("sign", "absolute", "bitwise_not", "logical_not", "square", "floor", "isfinite"):
            yield op(name, dtype, x, budget=EXACT, group="integers")


PARAMETERS = {
    "elu": {"alpha": 0.5}, "celu": {"alpha": 2.0}, "leaky_relu": {"negative_slope": 0.1}, "gelu": {"approximate": False},
    "hard_shrink": {"threshold": 1.0}, "soft_shrink": {"threshold": 1.0}, "threshold": {"threshold": 0.3, "default_value": -7.0}, "squareplus": {"b": 1},
}  # fmt: skip


def with_parameters():
    """Yield activations with parameters that are not the defaults."""
    for name, kwargs in PARAMETERS.items():
        yield op(name, "parameters", numbers(name, (4, 9), "float32", -3, 3), budget=CANCELLING.get(name, ELEMENT), group="functions", **kwargs)


ARITHMETIC = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "floor_divide", "mod", "arctan2", "divide_no_nan", "logaddexp")
COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "isclose")
LOGIC = ("logical_and", "logical_or", "logical_xor")
BITS = ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift")
PAIRS = array([nan, inf, -inf, 0.0, -0.0, 1, -1, 2.5, -2.5])
PROMOTIONS = {
    "int-float": (np.array([1, 2, 3], "int32"), array([0.5, 2, 4])),
    "int-int": (np.array([100, 7, 3], "int8"), np.array([9, 2, 1], "int32")),
    "uint8-int8": (np.array([200, 7, 3], "uint8"), np.array([9, 2, 1], "int8")),
    "half-float": (array([1, 2, 3], "float16"), array([0.5, 2, 4])),
    "half-brain": (array([1, 2, 3], "float16"), array([0.5, 2, 4], "bfloat16")),
    "bool-int": (np.array([True, True, False]), np.array([1, 2, 3], "int32")),
    "float-python": (array([1, 2, 3]), 2),
    "int-python-float": (np.array([1, 2, 3], "int32"), 2.5),
    "int8-python": (np.array([1, 2, 3], "int8"), 2),
    "half-python-float": (array([1, 2, 3], "float16"), 2.5),
    "python-float": (3, array([1, 2, 4])),
    "int64-float": (np.array([1, 2, 3], "int64"), array([1, 2, 4])),
}


def pairs():
    """Yield cases of two arguments, their dtypes promoted."""
    for name in ARITHMETIC:
        budget = Budget(8, "largest") if name in ("power", "arctan2", "logaddexp") else Budget(1)
        yield op(name, "many", numbers(1, (3, 5), "float32", 0.5, 5), numbers(2, (5,), "float32", 0.6, 5), budget=budget, group="pairs")
        yield op(name, "edges", *grid(PAIRS, PAIRS), budget=ROUNDED, group="pairs", smooth=False)
        for label, (first, second) in PROMOTIONS.items():
            yield op(name, label, first, second, budget=ROUNDED, group="promotions", smooth=False)
    for name in COMPARISONS:
        yield op(name, "edges", *grid(PAIRS, PAIRS), budget=EXACT, group="comparisons", smooth=False)
        for label, (first, second) in PROMOTIONS.items():
            yield op(name, label, first, second, budget=EXACT, group="comparisons", smooth=False)
    for name in LOGIC:
        yield op(name, "edges", *grid(PAIRS, PAIRS), budget=EXACT, group="comparisons", smooth=False)
        yield op(name, "bool-int", *PROMOTIONS["bool-int"], budget=EXACT, group="comparisons")
    for name in BITS:
        small = np.array([0, 1, 2, 3], "int32")
        yield op(name, "int32", extremes("int32")[:, None], small, budget=EXACT, group="comparisons")
        yield op(name, "int8-int32", np.array([-1, 5, 100, 127], "int8"), small, budget=EXACT, group="comparisons")
        yield op(name, "python", np.array([-1, 5, 100, 127], "int8"), 3, budget=EXACT, group="comparisons")
    yield op("isclose", "near", array([1, 1, nan, inf]), array([1.00001, 1.1, nan, inf]), 1e-4, 0.0, True, budget=EXACT, group="comparisons", smooth=False)
    yield op("power", "whole", np.array([2, 3, -2], "int32"), np.array([10, 4, 3], "int32"), budget=EXACT, group="promotions")
    yield op("maximum", "bool", np.array([True, False]), np.array([False, False]), budget=EXACT, group="promotions")


def choices():
    """Yield cases of where, clip and cast."""
    mask, x = np.array([[True], [False]]), numbers("c", (3, 2, 4))
    yield op("where", "broadcast", mask, x, numbers("d", (4,)), budget=EXACT, group="choices")
    yield op("where", "promoted", np.array([1, 0, 2]), np.array([1, 2, 3], "int32"), 0.5, budget=EXACT, group="choices")
    yield op("clip", "many", x, -0.9, 1.1, budget=EXACT, group="choices")
    yield op("clip", "arrays", x, numbers("low", (4,), "float32", -1, 0), numbers("high", (2, 1), "float32", 0, 1), budget=EXACT, group="choices")
    yield op("clip", "crossed", array([0, 1.5, 9]), 2.0, 1.0, budget=EXACT, group="choices", smooth=False)
    yield op("clip", "nan", array([nan, inf, -inf]), -1.0, 1.0, budget=EXACT, group="choices", smooth=False)
    yield op("clip", "int", np.array([-5, 0, 200], "int32"), 0, 127, budget=EXACT, group="choices")
    yield op("clip", "bool", np.array([True, False]), 0, 1, budget=EXACT, group="choices")
    for target in ("int32", "uint8", "bool", "float64", "bfloat16", "int64"):
        yield op("cast", target, array([nan, inf, -1.7, 0.0, 300.5]), target, budget=EXACT, group="choices", smooth=False, needs=(target,))
    yield op("convert_to_tensor", "dtype", numbers("t", (2, 3)), "float16", budget=EXACT, group="choices", smooth=False)


CASES = [*functions(), *with_parameters(), *pairs(), *choices()]
