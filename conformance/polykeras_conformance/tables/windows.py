"""Cases of conv and pool: one to three spatial axes, strides, padding, dilation, groups."""

import numpy as np

from polykeras_conformance.budgets import SUMMED, Budget
from polykeras_conformance.cases import array, numbers, primitive

nan, inf = np.nan, np.inf
SIXTEEN = Budget(1, "absolute")

# label: input, kernel, strides, padding, dilation, groups
CONVOLUTIONS = {
    "valid1": ((2, 9, 3), (3, 3, 4), (1,), "valid", (1,), 1),
    "same1": ((2, 9, 3), (4, 3, 4), (1,), "same", (1,), 1),
    "same1-stride": ((2, 9, 3), (3, 3, 2), (2,), "same", (1,), 1),
    "same1-even": ((1, 4, 1), (3, 1, 1), (2,), "same", (1,), 1),
    "pairs1": ((2, 9, 3), (3, 3, 2), (1,), ((2, 0),), (1,), 1),
    "dilated1": ((2, 11, 3), (3, 3, 2), (1,), "valid", (3,), 1),
    "causal1": ((2, 9, 2), (3, 2, 2), (1,), ((4, 0),), (2,), 1),
    "groups1": ((2, 9, 4), (3, 2, 6), (1,), "same", (1,), 2),
    "stride-dilated1": ((1, 12, 2), (3, 2, 3), (2,), "same", (2,), 1),
    "stride-above-window1": ((1, 11, 2), (2, 2, 3), (4,), "valid", (1,), 1),
    "valid2": ((2, 7, 6, 3), (3, 2, 3, 4), (1, 1), "valid", (1, 1), 1),
    "same2": ((2, 7, 6, 3), (3, 2, 3, 4), (1, 1), "same", (1, 1), 1),
    "same2-stride": ((2, 7, 6, 3), (3, 3, 3, 4), (2, 3), "same", (1, 1), 1),
    "pairs2": ((1, 5, 5, 2), (3, 3, 2, 2), (1, 2), ((1, 2), (0, 1)), (1, 1), 1),
    "pairs2-even": ((1, 5, 5, 2), (3, 3, 2, 2), (1, 1), ((1, 1), (2, 2)), (1, 1), 1),
    "dilated2": ((1, 9, 8, 2), (3, 3, 2, 3), (1, 1), "same", (2, 3), 1),
    "stride-dilated2": ((1, 9, 8, 2), (3, 3, 2, 3), (2, 2), "same", (2, 2), 1),
    "stride-dilated2-valid": ((1, 9, 8, 2), (3, 2, 2, 3), (2, 1), "valid", (1, 2), 1),
    "depthwise2": ((2, 5, 5, 3), (3, 3, 1, 6), (1, 1), "same", (1, 1), 3),
    "depthwise2-stride": ((2, 6, 5, 3), (3, 3, 1, 3), (2, 2), "same", (1, 1), 3),
    "groups2": ((1, 5, 5, 6), (2, 2, 3, 4), (1, 1), "valid", (1, 1), 2),
    "groups2-stride-dilated": ((1, 9, 9, 4), (3, 3, 2, 4), (2, 2), "same", (2, 2), 2),
    "pointwise2": ((2, 4, 4, 3), (1, 1, 3, 5), (1, 1), "valid", (1, 1), 1),
    "window-above-input2": ((1, 2, 2, 1), (5, 5, 1, 1), (1, 1), "same", (1, 1), 1),
    "valid3": ((1, 4, 5, 4, 2), (2, 2, 2, 2, 3), (1, 1, 1), "valid", (1, 1, 1), 1),
    "same3-stride": ((1, 4, 5, 4, 2), (2, 3, 2, 2, 3), (2, 1, 2), "same", (1, 1, 1), 1),
    "dilated3": ((1, 5, 5, 5, 1), (2, 2, 2, 1, 2), (1, 1, 1), "valid", (2, 1, 3), 1),
    "stride-dilated3": ((1, 6, 6, 5, 1), (2, 2, 2, 1, 2), (2, 2, 1), "same", (2, 2, 2), 1),
    "groups3": ((1, 4, 4, 4, 4), (2, 2, 2, 2, 4), (1, 1, 1), "same", (1, 1, 1), 2),
    "pairs3": ((1, 3, 4, 3, 2), (2, 2, 2, 2, 2), (1, 1, 1), ((1, 0), (0, 0), (0, 2)), (1, 1, 1), 1),
    "no-batch2": ((0, 4, 4, 2), (2, 2, 2, 3), (1, 1), "valid", (1, 1), 1),
}


def convolutions(dtype="float32", labels=CONVOLUTIONS):
    """Yield cases of conv."""
    for label in labels:
        shape, window, strides, padding, dilation, groups = CONVOLUTIONS[label]
        x, kernel = numbers(label, shape, dtype), numbers(label + "'", window, dtype)
        budget = SUMMED if dtype in ("float32", "float64") else SIXTEEN
        yield primitive("conv", f"{label}-{dtype}", x, kernel, strides, padding, dilation, groups, budget=budget)


# label: input, window, strides, padding
POOLS = {
    "valid1": ((2, 9, 3), (3,), (2,), "valid"),
    "same1": ((2, 9, 3), (3,), (2,), "same"),
    "same1-even": ((2, 8, 3), (3,), (2,), "same"),
    "same1-overlap": ((2, 8, 3), (4,), (1,), "same"),
    "pairs1": ((2, 8, 3), (3,), (2,), ((1, 0),)),
    "stride-above-window1": ((2, 11, 2), (2,), (4,), "valid"),
    "valid2": ((2, 7, 6, 3), (3, 2), (2, 2), "valid"),
    "same2": ((2, 7, 6, 3), (3, 2), (2, 3), "same"),
    "pairs2": ((1, 5, 5, 2), (3, 3), (1, 2), ((1, 1), (0, 2))),
    "whole2": ((2, 4, 4, 3), (4, 4), (4, 4), "valid"),
    "window-above-input2": ((1, 2, 2, 1), (5, 5), (1, 1), "same"),
    "valid3": ((1, 4, 5, 4, 2), (2, 3, 2), (2, 1, 2), "valid"),
    "same3": ((1, 4, 5, 4, 2), (2, 3, 2), (2, 2, 2), "same"),
    "pairs3": ((1, 3, 4, 3, 2), (2, 2, 2), (1, 1, 1), ((1, 0), (0, 0), (0, 1))),
    "no-batch2": ((0, 4, 4, 2), (2, 2), (2, 2), "valid"),
}


def pools():
    """Yield cases of pool."""
    for kind in ("max", "sum"):
        budget = SUMMED if kind == "sum" else None
        for label, (shape, size, strides, padding) in POOLS.items():
            for dtype in ("float32", "float64"):
                x = numbers(label, shape, dtype, -3, -1 if kind == "max" else 3)  # below 0, so that zeros from padding would win
                yield primitive("pool", f"{kind}-{label}-{dtype}", x, kind, size, strides, padding, budget=budget)
        for dtype in ("float16", "bfloat16"):
            x = numbers(dtype, (1, 6, 6, 2), dtype)
            yield primitive("pool", f"{kind}-{dtype}", x, kind, (2, 2), (2, 2), "same", budget=budget and SIXTEEN)
        row = array([nan, 1, 2, nan, 3, 4, -inf, -inf, inf, 5]).reshape(1, 10, 1)
        yield primitive("pool", f"{kind}-special", row, kind, (2,), (2,), "valid", budget=budget)
        square = array([[nan, 1, 2, -inf], [0, 1, 2, -inf], [3, 3, 1, 1], [inf, 3, 1, nan]]).reshape(1, 4, 4, 1)
        yield primitive("pool", f"{kind}-special2", square, kind, (2, 2), (2, 2), "valid", budget=budget)
        yield primitive("pool", f"{kind}-special-same", square, kind, (3, 3), (2, 2), "same", budget=budget)


ODD = numbers("nan", (1, 5, 5, 2))
ODD[0, 2, 2, 1] = nan
CASES = [
    *convolutions(),
    *convolutions("float64", ("same1-stride", "groups1", "stride-dilated2", "depthwise2", "pairs2", "same3-stride", "groups3")),
    *convolutions("float16", ("same2",)),
    *convolutions("bfloat16", ("same2",)),
    primitive("conv", "nan", ODD, numbers("k", (2, 2, 2, 3)), (1, 1), "same", (1, 1), 1),
    primitive("conv", "same-places-the-odd-one-last", array([1, 2, 3, 4]).reshape(1, 4, 1), array([1, 10, 100]).reshape(3, 1, 1),
              (2,), "same", (1,), 1, expected=[array([321, 43]).reshape(1, 2, 1)]),
    *pools(),
]  # fmt: skip
