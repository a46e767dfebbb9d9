"""Cases at which every differentiable primitive is smooth: no ties, no corners, no poles."""

import numpy as np

from polykeras_conformance.cases import Case, array, numbers, primitive
from polykeras_conformance.tables import shapes, windows

UNARY = {
    "negative": (-3, 3), "abs": (0.1, 3), "exp": (-3, 3), "expm1": (-3, 3), "log": (0.2, 9), "log1p": (-0.8, 9), "sqrt": (0.2, 9),
    "sin": (-5, 5), "cos": (-5, 5), "tanh": (-3, 3), "sigmoid": (-5, 5), "erf": (-2, 2), "floor": (0.1, 0.9), "round": (0.6, 1.4),
}  # fmt: skip
BINARY = {
    "add": (-3, 3), "subtract": (-3, 3), "multiply": (-3, 3), "divide": (0.5, 3), "power": (0.3, 3), "maximum": (-3, 3),
    "minimum": (-3, 3), "mod": (2.1, 2.9), "arctan2": (0.3, 3), "floor_divide": (2.1, 2.9),
}  # fmt: skip
SHAPES = {"same": ((3, 4), (3, 4)), "row": ((3, 4), (4,)), "scalar": ((3, 2), ()), "both": ((2, 1, 3), (4, 1)), "left-scalar": ((), (3,))}


def elementwise():
    """Yield smooth cases of each element."""
    for name, bounds in UNARY.items():
        yield primitive(name, "smooth", numbers(name, (3, 5), "float64", *bounds))
    for name, bounds in BINARY.items():
        for label, (first, second) in SHAPES.items():
            yield primitive(name, label, numbers(label, first, "float64", *bounds), numbers(label + "'", second, "float64", 0.5, 2))
    whole = numbers("base", (4,), "float64", -3, -1)
    for exponent in (0, 1, 2, 3, -1, -2):
        yield Case(f"power-whole{exponent}", "power", raised(exponent), [whole])
    yield primitive("power", "negative-exponents", numbers("b", (3, 4), "float64", 0.3, 3), numbers("e", (4,), "float64", -3, 3))
    mask = np.array([[True, False, True], [False, True, False]])
    yield primitive("where", "same", mask, numbers(1, (2, 3), "float64"), numbers(2, (2, 3), "float64"))
    yield primitive("where", "broadcast", mask, numbers(1, (3,), "float64"), numbers(2, (2, 2, 1), "float64"))


def raised(exponent):
    """Return x -> x**exponent, for x of either sign."""
    from polykeras.ops.dispatch import p

    return lambda x: p.power(x, p.full((), exponent, p.dtype(x)))


AXES = ((), (0,), (1,), (0, 2), (0, 1, 2))


def along_axes():
    """Yield smooth cases along axes."""
    x = numbers("x", (2, 3, 4), "float64")
    for name in ("sum", "prod", "max"):
        for axes in AXES:
            for keepdims in (False, True):
                label = f"axes{''.join(map(str, axes)) or '-none'}{'-kept' if keepdims else ''}"
                yield primitive(name, label, x, axes, keepdims)
    yield primitive("prod", "one-zero", array([[2, 0, 3], [1, 2, 3]], "float64"), (1,), False)
    yield primitive("prod", "two-zeros", array([[2, 0, 0], [1, 2, 3]], "float64"), (1,), False)
    for axis in (0, 1, 2):
        yield primitive("cumsum", f"axis{axis}", x, axis)
    for label, (first, second) in MATRICES.items():
        yield primitive("matmul", label, numbers(label, first, "float64"), numbers(label + "'", second, "float64"))


MATRICES = {"plain": ((3, 4), (4, 2)), "batch": ((2, 3, 4), (2, 4, 2)), "shared-right": ((2, 3, 4), (4, 2)), "shared-left": ((3, 4), (2, 4, 2)), "spread": ((2, 1, 2, 3), (3, 3, 2)), "row": ((1, 4), (4, 1))}
MOVES = ("reshape", "transpose", "broadcast_to", "concatenate", "slice", "flip", "pad", "take", "take_along_axis", "scatter_add")


def in_double(case):
    """Return a case with its float32 arrays as float64."""
    arrays = [x.astype("float64") if x.dtype == np.float32 else x for x in case.arrays]
    return Case(case.id, case.group, case.function, arrays, case.budget, case.operation)


def moved():
    """Yield the cases of the moving primitives that have float32 and numbers to move."""
    for case in (*shapes.moved(), *shapes.joined(), *shapes.picked()):
        if case.group in MOVES and case.arrays[0].dtype == np.float32 and case.arrays[0].size and not case.id.endswith(("nan", "inf", "int64")):
            yield in_double(case)
    yield primitive("take", "twice", numbers("t", (4, 2), "float64"), np.array([1, 1, 3, 1]), 0)
    yield primitive("take_along_axis", "twice", numbers("t", (4, 2), "float64"), np.array([[1, 0], [1, 0], [3, 3]]), 0)


def windowed():
    """Yield every shape of convolution and pooling once."""
    for label in windows.CONVOLUTIONS:
        if not label.startswith("no-batch"):
            yield from windows.convolutions("float64", (label,))
    for case in windows.pools():
        if case.arrays[0].dtype == np.float64 and "no-batch" not in case.id:
            yield case


CASES = [*elementwise(), *along_axes(), *moved(), *windowed()]
