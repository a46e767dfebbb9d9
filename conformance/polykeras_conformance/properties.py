"""Random calls of primitives: a table of recipes, each of which draws the arguments of some primitives with hypothesis.

Numbers are drawn so that neither they nor what comes of them lies below the normal ones, and no integer is divided by 0.
"""

import math

import numpy as np
from hypothesis import strategies as st

from polykeras import dtypes
from polykeras_conformance import cases
from polykeras_conformance.budgets import PRIMITIVES, Budget
from polykeras_conformance.tables.elementwise import EDGES, RANGES

FULL, SIXTEEN = ("float32", "float64"), ("float16", "bfloat16")
INTS = ("int32", "int64", "int8", "uint8", "int16", "uint16", "uint32", "uint64")
FINITE = [x for x in EDGES if math.isfinite(x)]
LEAST = {"float16": 0.05}  # what is nearer to 0 is drawn as 0
SIXTEENTH = {"each": Budget(1), "absolute": Budget(1, "absolute")}  # sixteen-bit results are rounded from wider ones, as in the tables
RECIPES = {}


def recipe(*names):
    """Enter a function of (draw, dtypes known, primitive) that returns its arguments."""

    def enter(function):
        RECIPES.update(dict.fromkeys(names, function))
        return function

    return enter


@st.composite
def calls(draw, name, known):
    """Draw a Case of a primitive, of dtypes that are known."""
    args = RECIPES[name](draw, known, name)
    arrays, _ = cases.parts(args)
    budget = PRIMITIVES.get(name)
    if budget is not None and arrays and arrays[0].dtype.name in SIXTEEN:
        budget = SIXTEENTH[budget.size]
    return cases.primitive(name, f"({', '.join(map(shown, args))})", *args, budget=budget)


def shown(x):
    """Return an argument in words."""
    if isinstance(x, list):
        return f"[{', '.join(map(shown, x))}]"
    return f"{x.dtype.name}{x.tolist()}" if isinstance(x, np.ndarray) else repr(x)


# -- what is drawn ---------------------------------------------------------------------------------------------


def kind(draw, known, *groups):
    """Draw a dtype from groups of them."""
    return draw(st.sampled_from([dtype for group in groups for dtype in group if dtype in known]))


def shape(draw, least=0, most=3, smallest=0):
    """Draw a shape of few small axes."""
    return tuple(draw(st.lists(st.integers(smallest, 3), min_size=least, max_size=most)))


def array(draw, dtype, sizes, low=-50.0, high=50.0, edges=EDGES):
    """Draw an array: of floats some from the edges, of integers the whole range where nothing else is said."""
    if dtype == "bool":
        one = st.booleans()
    elif dtypes.is_int(dtype):
        info = np.iinfo(dtypes.to_numpy(dtype))
        whole = (low, high) == (-50.0, 50.0)
        one = st.integers(int(info.min) if whole else max(int(low), int(info.min)), int(info.max) if whole else int(high))
    else:
        least, ends = LEAST.get(dtype, 1e-3), [float(np.float32(end)) for end in (low, high)]
        numbers = st.floats(*ends, width=64 if dtype == "float64" else 32).map(lambda x: x if abs(x) >= least else 0.0)
        one = st.one_of(numbers, st.sampled_from([x for x in edges if x == 0 or not abs(x) < least])) if edges else numbers
    count = math.prod(sizes)
    values = draw(st.lists(one, min_size=count, max_size=count))
    return cases.array(np.array(values, bool if dtype == "bool" else object if dtypes.is_int(dtype) else float).reshape(sizes), dtype)


def pair(draw, most=3):
    """Draw two shapes that broadcast."""
    whole = shape(draw, most=most)
    made = []
    for _ in range(2):
        cut = draw(st.integers(0, len(whole)))
        made.append(tuple(1 if draw(st.booleans()) else size for size in whole[cut:]))
    return made


def axes_of(draw, x):
    """Draw some of an array's axes, sorted."""
    return tuple(sorted(draw(st.sets(st.integers(0, x.ndim - 1))))) if x.ndim else ()


def everything(draw, known, least=0, smallest=0):
    """Draw an array of any dtype."""
    return array(draw, kind(draw, known, FULL, SIXTEEN, INTS, ("bool",)), shape(draw, least, smallest=smallest))


# -- elementwise -----------------------------------------------------------------------------------------------


@recipe("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid", "erf", "floor", "round")
def unary(draw, known, name):
    dtype = kind(draw, known, FULL, SIXTEEN)
    low, high = RANGES.get(name, (-4, 4))
    return (array(draw, dtype, shape(draw), *((max(low, -4), min(high, 4)) if dtype in SIXTEEN else (low, high))),)


@recipe("negative", "abs")
def signs(draw, known, name):
    return (array(draw, kind(draw, known, FULL, SIXTEEN, INTS), shape(draw)),)


@recipe("add", "subtract", "multiply", "maximum", "minimum", "equal", "less")
def binary(draw, known, name):
    dtype = kind(draw, known, FULL, SIXTEEN, INTS, ("bool",) * (name in ("equal", "less")))
    return tuple(array(draw, dtype, sizes) for sizes in pair(draw))


@recipe("divide", "arctan2")
def quotients(draw, known, name):
    dtype = kind(draw, known, FULL, SIXTEEN)
    return tuple(array(draw, dtype, sizes) for sizes in pair(draw))


@recipe("power")
def powers(draw, known, name):
    dtype, (first, second) = kind(draw, known, FULL), pair(draw)
    whole = draw(st.booleans())
    x, y = array(draw, dtype, first, *((-9, 9) if whole else (0.1, 9)), edges=None), array(draw, dtype, second, -5, 5, edges=None)
    return (np.where(np.abs(x) < 0.1, x.dtype.type(1), x), np.asarray(np.round(y)) if whole else y)


@recipe("floor_divide", "mod")
def floors(draw, known, name):
    dtype, (first, second) = kind(draw, known, FULL, INTS), pair(draw)
    x, y = array(draw, dtype, first, edges=FINITE), array(draw, dtype, second, edges=FINITE)
    y = np.where(y == 0, y.dtype.type(3), y)
    if dtypes.is_int(dtype):  # the quotient of the least integer and -1 is none of its dtype
        x = np.where(x == np.iinfo(x.dtype).min, x.dtype.type(0), x)
    return x, y


@recipe("bitwise_and", "bitwise_or", "bitwise_xor")
def bits(draw, known, name):
    dtype = kind(draw, known, INTS, ("bool",))
    return tuple(array(draw, dtype, sizes) for sizes in pair(draw))


@recipe("left_shift", "right_shift")
def shifts(draw, known, name):
    dtype, (first, second) = kind(draw, known, INTS), pair(draw)
    return array(draw, dtype, first), array(draw, dtype, second, 0, dtypes.bits(dtype) - 1)


@recipe("where")
def choices(draw, known, name):
    (first, second), dtype = pair(draw), kind(draw, known, FULL, SIXTEEN, INTS, ("bool",))
    condition = draw(st.sampled_from([first, second, ()]))
    return array(draw, "bool", condition), array(draw, dtype, first), array(draw, dtype, second)


@recipe("cast")
def casts(draw, known, name):
    return everything(draw, known), kind(draw, known, FULL, SIXTEEN, INTS, ("bool",))


@recipe("stop_gradient")
def alone(draw, known, name):
    return (everything(draw, known),)


# -- along axes ------------------------------------------------------------------------------------------------


@recipe("sum", "max", "prod")
def reductions(draw, known, name):
    dtype = kind(draw, known, FULL, INTS, SIXTEEN * (name != "prod"))
    x = array(draw, dtype, shape(draw), **({"low": 0.5, "high": 2.0, "edges": [0.0, -1.0, 1.0]} if name == "prod" and not dtypes.is_int(dtype) else {}))
    return x, axes_of(draw, x), draw(st.booleans())


@recipe("argmax", "argsort")
def orders(draw, known, name):
    x = everything(draw, known, least=1)
    kept = [axis for axis in range(x.ndim) if x.shape[axis]]
    return (x, draw(st.sampled_from(kept))) if kept else (np.zeros((2, 1), x.dtype), 1)


@recipe("cumsum")
def running_sums(draw, known, name):
    x = array(draw, kind(draw, known, FULL, INTS, SIXTEEN), shape(draw, 1))
    return x, draw(st.integers(0, x.ndim - 1))


@recipe("matmul")
def products(draw, known, name):
    dtype, (first, second) = kind(draw, known, FULL, SIXTEEN), pair(draw, most=2)
    rows, inner, columns = (draw(st.integers(0, 4)) for _ in range(3))
    return array(draw, dtype, (*first, rows, inner), edges=FINITE), array(draw, dtype, (*second, inner, columns), edges=FINITE)
