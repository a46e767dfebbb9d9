"""Cases of the primitives that move, make and change arrays: every one of them is exact."""

import numpy as np

from polykeras import dtypes
from polykeras_conformance.budgets import SUMMED, Budget
from polykeras_conformance.cases import array, everywhere, numbers, primitive

nan, inf = np.nan, np.inf
EVERY = dtypes.ALL


RESHAPES = {
    "flat": ((2, 3, 4), (24,)),
    "split": ((24,), (2, 3, 4)),
    "open": ((2, 3, 4), (2, -1)),
    "scalar": ((1, 1), ()),
    "from-scalar": ((), (1, 1, 1)),
    "empty": ((0, 3), (3, 0)),
    "empty-open": ((0, 3), (-1, 3)),
    "same": ((2, 3), (2, 3)),
}
BROADCASTS = {"new-axis": ((3,), (2, 3)), "ones": ((2, 1, 3), (2, 4, 3)), "scalar": ((), (2, 2)), "empty": ((1, 3), (0, 3)), "same": ((2, 3), (2, 3)), "both": ((1, 3, 1), (2, 2, 3, 2))}
ORDERS = {"swap": ((2, 3), (1, 0)), "turn": ((2, 3, 4), (2, 0, 1)), "same": ((2, 3), (0, 1)), "none": ((), ()), "four": ((2, 1, 3, 2), (0, 3, 1, 2)), "empty": ((2, 0), (1, 0))}
SLICES = {
    "middle": ((5, 6), (1, 2), (4, 5), (1, 1)),
    "steps": ((7, 6), (0, 1), (7, 6), (2, 3)),
    "step-above-size": ((5,), (1,), (5,), (9,)),
    "none": ((5, 6), (2, 0), (2, 6), (1, 1)),
    "whole": ((2, 3), (0, 0), (2, 3), (1, 1)),
    "scalar": ((), (), (), ()),
    "three": ((4, 5, 6), (1, 0, 2), (3, 5, 3), (1, 2, 1)),
}
FLIPS = {"first": ((3, 4), (0,)), "both": ((3, 4), (0, 1)), "none": ((3, 4), ()), "last": ((2, 3, 4), (2,)), "empty": ((0, 2), (0,))}
PADS = {"both": ((2, 3), ((1, 2), (0, 1)), 0), "value": ((2, 3), ((0, 0), (2, 0)), 7), "none": ((2, 3), ((0, 0), (0, 0)), 0), "empty": ((0, 3), ((1, 1), (0, 0)), 5), "three": ((2, 2, 2), ((1, 0), (0, 0), (0, 3)), 1), "scalar": ((), (), 0)}


def moved():
    """Yield cases that only rearrange."""
    for label, (shape, target) in RESHAPES.items():
        yield primitive("reshape", label, numbers(label, shape), target)
    for label, (shape, target) in BROADCASTS.items():
        yield primitive("broadcast_to", label, numbers(label, shape), target)
    for label, (shape, order) in ORDERS.items():
        yield primitive("transpose", label, numbers(label, shape), order)
    for label, (shape, *rest) in SLICES.items():
        yield primitive("slice", label, numbers(label, shape), *rest)
    for label, (shape, axes) in FLIPS.items():
        yield primitive("flip", label, numbers(label, shape), axes)
    for label, (shape, widths, value) in PADS.items():
        yield primitive("pad", label, numbers(label, shape), widths, value)
    for label, value in {"nan": nan, "inf": -inf, "tenth": 0.1}.items():
        yield primitive("pad", label, numbers(label, (2,)), ((1, 1),), value)
        yield primitive("pad", f"{label}-float64", numbers(label, (2,), "float64"), ((1, 1),), value)
    yield primitive("pad", "true", np.array([False, False]), ((1, 0),), True)
    yield primitive("pad", "large", np.array([1, 2]), ((1, 0),), 2**53 + 1)


def every_dtype():
    """Yield one case per dtype of each primitive that takes any."""
    for dtype in EVERY:
        x = everywhere(dtype, (2, 3), dtype)
        yield primitive("reshape", dtype, x, (3, 2))
        yield primitive("transpose", dtype, x, (1, 0))
        yield primitive("broadcast_to", dtype, x, (2, 2, 3))
        yield primitive("concatenate", dtype, [x, x[:1]], 0)
        yield primitive("slice", dtype, x, (0, 1), (2, 3), (1, 1))
        yield primitive("flip", dtype, x, (1,))
        yield primitive("pad", dtype, x, ((1, 0), (0, 2)), 1)
        yield primitive("take", dtype, x, np.array([2, 0], "int32"), 1)
        yield primitive("take_along_axis", dtype, x, np.array([[1], [0]], "int32"), 1)
        yield primitive("stop_gradient", dtype, x)
        if dtype != "bool":
            budget = SUMMED if dtype in ("float32", "float64") else Budget(1, "absolute") if dtypes.is_float(dtype) else None
            yield primitive("scatter_add", dtype, x, np.array([1, 1, 0], "int32"), everywhere("u", (3, 3), dtype), budget=budget)


def joined():
    """Yield cases of concatenate."""
    a, b = numbers("a", (2, 3)), numbers("b", (2, 1))
    yield primitive("concatenate", "last", [a, b], 1)
    yield primitive("concatenate", "first", [a, a, a], 0)
    yield primitive("concatenate", "one", [a], 0)
    yield primitive("concatenate", "with-empty", [a, a[:, :0]], 1)
    yield primitive("concatenate", "middle", [numbers("c", (2, 1, 2)), numbers("d", (2, 3, 2))], 1)


def picked():
    """Yield cases of take, take_along_axis and scatter_add."""
    x = numbers("x", (4, 3, 5))
    for kind in ("int32", "int64"):
        index = lambda values: np.array(values, kind)
        for axis in (0, 1, 2):
            yield primitive("take", f"axis{axis}-{kind}", x, index([2, 0, 2]), axis)
        yield primitive("take", f"scalar-{kind}", x, index(1), 1)
        yield primitive("take", f"scalar-of-a-row-{kind}", numbers(kind, (3,)), index(1), 0)
        yield primitive("take", f"table-{kind}", x, index([[0, 2], [1, 1]]), 1)
        yield primitive("take", f"none-{kind}", x, index(np.zeros((0,))), 0)
        for axis in (0, 1, 2):
            shape = tuple(2 if i == axis else size for i, size in enumerate(x.shape))
            yield primitive("take_along_axis", f"axis{axis}-{kind}", x, numbers(axis, shape, kind, 0, x.shape[axis]), axis)
        yield primitive("take_along_axis", f"longer-{kind}", x, numbers("i", (4, 7, 5), kind, 0, 3), 1)
        yield primitive("take_along_axis", f"none-{kind}", x, index(np.zeros((4, 0, 5))), 1)
        yield primitive("scatter_add", f"rows-{kind}", x, index([3, 0, 3, 3]), numbers("u", (4, 3, 5)))
        yield primitive("scatter_add", f"vector-{kind}", x[:, 0, 0], index([1, 1, 1, 0]), numbers("v", (4,)))
        yield primitive("scatter_add", f"none-{kind}", x, index(np.zeros((0,))), numbers("w", (0, 3, 5)))
    yield primitive("scatter_add", "wraps", np.array([127, 0], "int8"), np.array([0, 0, 1]), np.array([1, 1, -128], "int8"))
    yield primitive("scatter_add", "nan", array([1, 2, 3]), np.array([0, 2]), array([nan, inf]))


FILLS = {"zero": 0, "one": 1, "true": True, "seven": 7}


def made():
    """Yield cases of full and arange."""
    for dtype in EVERY:
        for label, value in FILLS.items():
            yield primitive("full", f"{label}-{dtype}", (2, 3), value, dtype, needs=(dtype,))
        yield primitive("full", f"scalar-{dtype}", (), 1, dtype, needs=(dtype,))
        yield primitive("full", f"empty-{dtype}", (0, 2), 1, dtype, needs=(dtype,))
        if dtype != "bool":
            yield primitive("arange", dtype, 7, dtype, needs=(dtype,))
            yield primitive("arange", f"none-{dtype}", 0, dtype, needs=(dtype,))
        if dtypes.is_float(dtype):
            for value in (nan, inf, -inf, 0.1, -0.0):
                yield primitive("full", f"{value}-{dtype}", (2,), value, dtype, needs=(dtype,))
        elif dtype != "bool":
            ends = np.iinfo(dtype)
            yield primitive("full", f"largest-{dtype}", (2,), int(ends.max), dtype, needs=(dtype,))
            yield primitive("full", f"least-{dtype}", (), int(ends.min), dtype, needs=(dtype,))
    yield primitive("full", "beyond-double", (), 2**53 + 1, "int64")


WIDE = [nan, inf, -inf, 0.0, -0.0, 1, -1, 0.5, -0.5, 1.7, -1.7, 127, 128, -128, -129, 255, 256, 3e9, -3e9, 1e19, -1e19, 2.0**31, 2.0**63, -(2.0**63), 2.0**64]
NARROW = [nan, inf, -inf, 0.0, 1, -1, 0.5, 1.7, -1.7, 127, 128, -128, -130, 255, 256, 30000]


def casts():
    """Yield a case per pair of dtypes: truncation, saturation, NaN to 0; integers wrap."""
    for source in EVERY:
        if source == "bool":
            x = np.array([True, False])
        elif dtypes.is_float(source):
            x = array(WIDE if source in ("float32", "float64") else NARROW, source)
        else:
            ends = np.iinfo(source)
            x = np.array([ends.min, ends.min + 1, 0, 1, 5, ends.max // 2 + 1, ends.max - 1, ends.max], source)
        for target in EVERY:
            yield primitive("cast", f"{source}-{target}", x, target, needs=(target,))
    yield primitive("cast", "saturates", array([3e9, nan, inf, -3e9, -1.0, 300.0]), "int32", expected=[np.array([2**31 - 1, 0, 2**31 - 1, -(2**31), -1, 300], "int32")])
    yield primitive("cast", "saturates-uint8", array([-1, 300, 255.9, nan]), "uint8", expected=[np.array([0, 255, 255, 0], "uint8")])


CASES = [*moved(), *every_dtype(), *joined(), *picked(), *made(), *casts()]
