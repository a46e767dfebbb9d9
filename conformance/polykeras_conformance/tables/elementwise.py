"""Cases of the elementwise primitives. Numbers that would be or give denormals are left out on purpose."""

import ml_dtypes
import numpy as np

from polykeras import dtypes
from polykeras.ops.dispatch import p
from polykeras_conformance import budgets
from polykeras_conformance.budgets import Budget
from polykeras_conformance.cases import Case, array, everywhere, numbers, primitive

inf, nan = np.inf, np.nan
EDGES = [nan, inf, -inf, 0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, -1.5, 2, -2, 2.5, -2.5, 3.5, 1000, -1000, 0.001, -0.001]
FLOATS = ("float32", "float64", "float16", "bfloat16")
FULL = ("float32", "float64")
INTS = ("int32", "int64", "int8", "uint8", "int16", "uint16", "uint32", "uint64")

# Numbers at which an implementation is likely to lose digits, beyond EDGES; for 32 and 64 bits.
HARD = {
    "exp": [-80, -20, -1e-7, 1e-7, 20, 80, 800, -800],
    "expm1": [-80, -1e-5, -1e-7, 1e-7, 1e-5, 1e-3, 80, 800],
    "log": [1e-30, 1e-7, 0.999, 1.001, 1e30],
    "log1p": [-0.999, -1e-7, 1e-7, 1e-5, 1e30],
    "sqrt": [1e-30, 1e30],
    "sin": [1e-7, 3.1415927, 6.2831855, 100.0, 12345.0],
    "cos": [1e-7, 1.5707964, 3.1415927, 100.0, 12345.0],
    "tanh": [1e-10, 1e-4, 0.1, 9.0, 20.0, -9.0],
    "sigmoid": [-80, -20, -17, 17, 20, 80],
    "erf": [1e-10, 1e-4, 0.3, 3.9, -3.9, 6.0],
}
# sixteen-bit results are rounded from wider ones, so a wider function's ulps vanish
SIXTEEN = Budget(1)

UNARY_FLOAT = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid", "erf", "floor", "round")
ROUNDING = [1 - 2.0**-53, 1.5 - 2.0**-52, 2.5 + 2.0**-51, 0.4, 0.6, -0.4, -0.6, 4.5, 5.5, -3.5, 1e10, -1e10, 8388609.0, 0.49999997]


def unary():
    """Yield cases of one argument."""
    for name in (*UNARY_FLOAT, "negative", "abs"):
        for dtype in FLOATS:
            wide = dtype in FULL
            budget = budgets.PRIMITIVES.get(name) if wide else SIXTEEN if name in budgets.PRIMITIVES else None
            yield primitive(name, f"edges-{dtype}", array(EDGES, dtype), budget=budget)
            if wide:
                hard = HARD.get(name, ROUNDING)
                yield primitive(name, f"hard-{dtype}", array(hard, dtype), budget=budget)
                yield primitive(name, f"many-{dtype}", numbers(name, (7, 37), dtype, *RANGES.get(name, (-4, 4))), budget=budget)
        yield primitive(name, "empty", array(np.zeros((0, 3))))
        yield primitive(name, "scalar", array(0.75))
    for dtype in INTS:
        for name in ("negative", "abs"):
            yield primitive(name, f"edges-{dtype}", extremes(dtype))


RANGES = {"log": (0.01, 50), "sqrt": (0, 50), "log1p": (-0.99, 50), "exp": (-30, 30), "sin": (-50, 50), "cos": (-50, 50), "round": (-50, 50)}


def extremes(dtype):
    """Return the ends of an integer dtype and what lies around 0."""
    info = np.iinfo(dtypes.to_numpy(dtype))
    middle = [0, 1, 2, 7, 100] if info.min == 0 else [-7, -1, 0, 1, 2, 7, 100]
    return np.array([info.min, info.min + 1, *middle, info.max - 1, info.max], dtypes.to_numpy(dtype))


def neighbours(dtype):
    """Return numbers of a float dtype that only its last bit tells apart."""
    eps = float(ml_dtypes.finfo(dtypes.to_numpy(dtype)).eps)
    return array([1, 1 + eps, 1 - eps / 2, -1 - eps, -1, 1 + eps, 0], dtype)


def grid(first, second):
    """Return two arrays that meet in every combination."""
    return first[:, None], second[None, :]


ARITHMETIC = ("add", "subtract", "multiply", "maximum", "minimum")
PAIRS = [nan, inf, -inf, 0.0, -0.0, 1, -1, 0.5, -2.5, 3, 7, 1000]
SHAPES = {  # two shapes and what they broadcast to
    "row": ((2, 3), (3,)),
    "both": ((2, 1, 3), (4, 1)),
    "scalar": ((2, 3), ()),
    "scalars": ((), ()),
    "empty": ((0, 3), (1, 3)),
    "five": ((2, 1, 2, 1, 2), (3, 1, 2, 1)),
}


def binary():
    """Yield cases of two arguments."""
    for name in (*ARITHMETIC, "divide", "arctan2", "equal", "less"):
        for dtype in FLOATS:
            budget = SIXTEEN if name == "arctan2" and dtype not in FULL else None
            yield primitive(name, f"edges-{dtype}", *grid(array(PAIRS, dtype), array(PAIRS, dtype)), budget=budget)
        for dtype in FULL:
            yield primitive(name, f"many-{dtype}", numbers(1, (9, 31), dtype, -5, 5), numbers(2, (9, 31), dtype, -5, 5))
        for label, (first, second) in SHAPES.items():
            yield primitive(name, label, numbers(label, first), numbers(label + "'", second))
    for name in ("equal", "less", "maximum", "minimum"):
        for dtype in FLOATS:
            yield primitive(name, f"near-{dtype}", *grid(neighbours(dtype), neighbours(dtype)))
    for name in (*ARITHMETIC, "equal", "less"):
        for dtype in INTS:
            yield primitive(name, f"edges-{dtype}", *grid(extremes(dtype), extremes(dtype)))
    for name in ("equal", "less"):
        yield primitive(name, "bool", *grid(np.array([True, False]), np.array([True, False])))
        large = np.array([2**53, 2**53 + 1, 2**62, 2**62 + 1, -(2**53) - 1])
        yield primitive(name, "beyond-double", *grid(large, large))
    yield primitive("maximum", "overflow", array([3e38, -3e38]), array([-3e38, 3e38]))
    yield primitive("divide", "overflow", array([3e38, 1e-30]), array([1e-5, 1e30]))


BASES = [nan, inf, -inf, 0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 10]
EXPONENTS = [nan, inf, -inf, 0.0, -0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5]


def powers():
    """Yield cases of power, floor_divide and mod."""
    for dtype in FLOATS:
        budget = None if dtype in FULL else SIXTEEN
        yield primitive("power", f"edges-{dtype}", *grid(array(BASES, dtype), array(EXPONENTS, dtype)), budget=budget)
    for dtype in FULL:
        yield primitive("power", f"many-{dtype}", numbers(1, (9, 31), dtype, 0.1, 9), numbers(2, (9, 31), dtype, -5, 5))
        yield primitive("power", f"whole-{dtype}", numbers(3, (9, 31), dtype, -9, 9), np.round(numbers(4, (9, 31), dtype, -5, 5)))
        # x**y is as sure as y * log(x), 32 at most here, makes of half an ulp in the logarithm
        large = numbers(5, (31,), dtype, 0.9, 1.1), numbers(6, (31,), dtype, -300, 300)
        yield primitive("power", f"large-{dtype}", *large, budget=Budget(32))
    for name in ("floor_divide", "mod"):
        for dtype in FULL:
            yield primitive(name, f"signs-{dtype}", *grid(array(DIVIDENDS, dtype), array(DIVISORS, dtype)))
            yield primitive(name, f"many-{dtype}", numbers(7, (9, 31), dtype, -50, 50), numbers(8, (9, 31), dtype, 0.5, 3))
            yield primitive(name, f"tenths-{dtype}", array(np.arange(1, 40) / 10, dtype), array(np.full(39, 0.1), dtype))
            yield primitive(name, f"edges-{dtype}", *grid(array([nan, 1, -1, 0, inf], dtype), array([0.0, nan, 2], dtype)))
        for dtype in INTS:
            first = extremes(dtype)
            yield primitive(name, f"edges-{dtype}", *grid(first[1:] if first[0] else first, first[(first != 0)]))
        for label, (first, second) in SHAPES.items():
            yield primitive(name, label, numbers(label, first, low=1, high=9), numbers(label + "'", second, low=1, high=3))
    yield primitive("floor_divide", "one-by-a-tenth", array(1.0), array(0.1), expected=[array(9.0)])


DIVIDENDS = [7, -7, 1, -1, 0.5, -0.5, 0, 9.75, 1000]
DIVISORS = [2, -2, 3, -3, 0.25, -0.7, 7]


def bits():
    """Yield cases of the operations on bits."""
    for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
        yield primitive(name, "bool", *grid(np.array([True, False]), np.array([True, False])))
        for dtype in INTS:
            yield primitive(name, f"edges-{dtype}", *grid(extremes(dtype), extremes(dtype)))
    for name in ("left_shift", "right_shift"):
        for dtype in INTS:
            counts = np.array([0, 1, 3, dtypes.bits(dtype) - 1]).astype(dtypes.to_numpy(dtype))
            yield primitive(name, f"edges-{dtype}", *grid(extremes(dtype), counts))


def choices():
    """Yield cases of where."""
    mask = np.array([[True], [False]])
    for dtype in ("float32", "float64", "bfloat16", *INTS):
        yield primitive("where", f"broadcast-{dtype}", mask, everywhere(1, (3,), dtype), everywhere(2, (4, 1, 1), dtype))
    yield primitive("where", "bool", mask, np.array([True, False]), np.array(False))
    yield primitive("where", "unselected-nan", mask, array([nan, inf]), array([1.0, -inf]))
    yield primitive("where", "scalars", np.array(True), array(1.0), array(nan))
    yield primitive("where", "empty", np.zeros((0, 1), bool), array([1.0, 2.0]), array(0.0))


# what gives -0.0, of these arrays
MINUS_ZEROS = {
    "negative": ([0.0, -0.0],), "abs": ([0.0, -0.0],), "floor": ([-0.0, 0.0],), "round": ([-0.0, 0.0, -0.4, 0.4],), "sqrt": ([-0.0, 0.0],),
    "multiply": ([0.0, -0.0, 0.0, -0.0], [-1.0, 1.0, 1.0, -1.0]), "divide": ([0.0, -0.0, 1.0, -1.0], [-1.0, 1.0, inf, inf]),
}  # fmt: skip


def signed_zeros():
    """Yield cases whose results are zeros of either sign, shown as 1 / x: -inf and inf."""
    for dtype in FULL:
        for name, rows in MINUS_ZEROS.items():
            yield Case(f"{name}-signed-zero-{dtype}", name, shown_by_division(name), [array(row, dtype) for row in rows], operation=name)
        whole = lambda x, dtype=dtype: p.divide(x, p.full((), -0.0, dtype))
        yield Case(f"full-signed-zero-{dtype}", "full", whole, [array([1, -1], dtype)], operation="full", expected=[array([-inf, inf], dtype)])


def shown_by_division(name):
    """Return 1 / the result of a primitive."""
    return lambda *xs: p.divide(p.full((), 1, p.dtype(xs[0])), getattr(p, name)(*xs))


CASES = [*signed_zeros(), *unary(), *binary(), *powers(), *bits(), *choices()]
