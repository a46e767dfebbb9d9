"""Cases of the primitives that work along axes: sums, extremes, sorting, matrix products."""

import itertools

import numpy as np

from polykeras_conformance.budgets import Budget
from polykeras_conformance.cases import array, everywhere, numbers, primitive
from polykeras_conformance.tables.elementwise import INTS, neighbours

inf, nan = np.inf, np.nan
AXES = ((), (0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2))
# sums of sixteen-bit numbers in float32, rounded once
SIXTEEN = Budget(1, "absolute")


def reductions():
    """Yield cases of sum, prod and max."""
    for name, axes, keepdims in itertools.product(("sum", "prod", "max"), AXES, (False, True)):
        label = f"axes{''.join(map(str, axes)) or '-none'}{'-kept' if keepdims else ''}"
        yield primitive(name, label, numbers(name, (2, 3, 4)), axes, keepdims)
    for name in ("sum", "prod", "max"):
        for dtype in ("float64", "int32", "int64", "int8", "uint8", "int16", "uint16", "uint32", "uint64"):
            low = 0 if dtype.startswith("u") else -100
            yield primitive(name, dtype, numbers(name, (3, 7), dtype, low, 100), (1,), False)
        for dtype in INTS:
            yield primitive(name, f"wide-{dtype}", everywhere(name, (3, 7), dtype), (1,), False)
        for dtype in ("float32", "int32", "int8", "uint8"):
            yield primitive(name, f"none-{dtype}", np.zeros((2, 0, 3), dtype), (1,), False)
            yield primitive(name, f"none-all-{dtype}", np.zeros((0,), dtype), (0,), True)
        yield primitive(name, "no-rows", np.zeros((0, 3), "float32"), (1,), False)
        yield primitive(name, "scalar", array(2.5), (), False)
        for label, row in SPECIAL.items():
            yield primitive(name, label, array(row), (0,), False)
    yield primitive("sum", "wraps-int32", np.array([2**31 - 1, 1, 5], "int32"), (0,), False)
    yield primitive("prod", "wraps-int32", np.array([2**20, 2**20, 3], "int32"), (0,), False)
    yield primitive("sum", "cancels", array([1e4, 1, -1e4, 0.5]), (0,), False)
    yield primitive("sum", "long", array(np.full((65536, 2), 0.1)), (0,), False)
    yield primitive("sum", "long-row", array(np.full((2, 65536), 0.1)), (1,), False)
    for dtype in ("float16", "bfloat16"):
        yield primitive("sum", dtype, numbers(dtype, (3, 40), dtype, 0, 2), (1,), False, budget=SIXTEEN)
        yield primitive("max", dtype, numbers(dtype, (3, 40), dtype), (1,), False)


SPECIAL = {
    "nan-first": [nan, 1, 2],
    "nan-inside": [1, nan, 2],
    "nan-and-inf": [inf, nan, -inf],
    "inf": [1, inf, 2],
    "both-inf": [inf, -inf, 1],
    "all-minus-inf": [-inf, -inf],
    "zeros": [0.0, -0.0, 0.0],
    "one": [-3.0],
}

ORDER = {
    "ties": [3, 1, 3, 2, 3, 1],
    "zeros": [-0.0, 0.0, -0.0, 0.0, -1.0],
    "nan": [1, nan, 3, nan, -1],
    "minus-nan": [0, -nan, nan, -inf, inf],
    "inf": [inf, 1, -inf, inf, -inf],
    "one": [2.0],
}


def orders():
    """Yield cases of argmax and argsort."""
    for name in ("argmax", "argsort"):
        for dtype in ("float32", "float64", "float16", "bfloat16"):
            for label, row in ORDER.items():
                yield primitive(name, f"{label}-{dtype}", array(row, dtype), 0)
            yield primitive(name, f"near-{dtype}", neighbours(dtype), 0)
        for dtype in ("int32", "int64", "int8", "uint8", "int16", "uint16", "uint32", "uint64"):
            low = 0 if dtype.startswith("u") else -3
            yield primitive(name, f"ties-{dtype}", numbers(name, (3, 50), dtype, low, 4), 1)
            ends = np.iinfo(dtype)
            yield primitive(name, f"near-{dtype}", np.array([ends.max - 1, ends.max, ends.max - 2, ends.min + 1, ends.min], dtype), 0)
            yield primitive(name, f"ends-{dtype}", np.array([0, ends.max, ends.min, 1, ends.max, ends.min], dtype), 0)
        yield primitive(name, "bool", np.array([[False, True, True], [False, False, False]]), 1)
        for axis in (0, 1, 2):
            yield primitive(name, f"axis{axis}", np.round(numbers(name, (3, 4, 30))), axis)
        yield primitive(name, "beyond-double", np.array([2**53 + 1, 2**53, 2**53 + 2, 2**53 + 1]), 0)
        yield primitive(name, "no-rows", np.zeros((0, 3), "float32"), 1)
        many = np.round(numbers("many", (500,)) * 3)
        yield primitive(name, "many-ties", np.where(many == 5, nan, many).astype("float32"), 0)
    yield primitive("argsort", "empty", np.zeros((2, 0), "float32"), 1)


def running_sums():
    """Yield cases of cumsum."""
    for axis in (0, 1, 2):
        yield primitive("cumsum", f"axis{axis}", numbers("cumsum", (3, 4, 5)), axis)
    for dtype in ("float64", "int32", "int64", "int8", "uint8", "int16", "uint16", "uint32", "uint64"):
        low = 0 if dtype.startswith("u") else -100
        yield primitive("cumsum", dtype, numbers("cumsum", (3, 9), dtype, low, 100), 1)
    for dtype in INTS:
        yield primitive("cumsum", f"wide-{dtype}", everywhere("cumsum", (3, 9), dtype), 1)
    for dtype in ("float16", "bfloat16"):
        yield primitive("cumsum", dtype, numbers("cumsum", (3, 40), dtype, 0, 1), 1, budget=SIXTEEN)
    yield primitive("cumsum", "long-float16", np.ones(4096, "float16"), 0, budget=SIXTEEN)
    yield primitive("cumsum", "nan", array([1, nan, 2, inf]), 0)
    yield primitive("cumsum", "inf", array([1, inf, 2, -inf]), 0)
    yield primitive("cumsum", "one", array([[3.0]]), 1)
    yield primitive("cumsum", "empty", np.zeros((2, 0), "float32"), 1)


PRODUCTS = {
    "plain": ((3, 4), (4, 5)),
    "batch": ((2, 3, 4), (2, 4, 5)),
    "broadcast-left": ((3, 4), (2, 4, 5)),
    "broadcast-right": ((2, 3, 4), (4, 5)),
    "broadcast-both": ((2, 1, 3, 4), (3, 4, 2)),
    "row-column": ((1, 4), (4, 1)),
    "column-row": ((4, 1), (1, 4)),
    "inner-empty": ((2, 0), (0, 3)),
    "outer-empty": ((0, 2), (2, 3)),
    "batch-empty": ((0, 2, 3), (3, 2)),
    "wide": ((33, 129), (129, 17)),
}


def products():
    """Yield cases of matmul."""
    for label, (first, second) in PRODUCTS.items():
        for dtype in ("float32", "float64"):
            yield primitive("matmul", f"{label}-{dtype}", numbers(label, first, dtype), numbers(label + "'", second, dtype))
    for dtype in ("float16", "bfloat16"):
        yield primitive("matmul", dtype, numbers(1, (5, 20), dtype, 0, 1), numbers(2, (20, 3), dtype, 0, 1), budget=SIXTEEN)
    yield primitive("matmul", "nan", array([[1, nan], [inf, 1]]), array([[1, 0], [0, 1]]))


CASES = [*reductions(), *orders(), *running_sums(), *products()]
