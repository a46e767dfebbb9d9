"""Functions made of functions: the gradient of a case, and central differences to hold it against."""

import functools

import numpy as np

from polykeras import dtypes, tree
from polykeras.ops.dispatch import p
from polykeras_conformance import budgets, places
from polykeras_conformance.cases import Case, numbers

STEP = 6e-6  # about the cube root of float64's epsilon, which balances truncation and rounding
FEW = 40  # numbers up to which every one is moved by itself


def floats_of(arrays):
    """Return the positions of the arrays that can be differentiated by."""
    return [index for index, x in enumerate(arrays) if dtypes.is_float(np.asarray(x).dtype.name)]


def weighted_sum(made):
    """Return the sum of a tree's float arrays, each element times a fixed number: a scalar that no symmetry hides."""
    total = None
    for index, x in enumerate(x for x in tree.leaves(made) if dtypes.is_float(p.dtype(x))):
        weights = p.cast(p.from_numpy(numbers(f"weights{index}", p.shape(x), "float32", 0.5, 1.5), None), p.dtype(x))
        term = p.sum(p.multiply(x, weights), tuple(range(len(p.shape(x)))), False)
        total = term if total is None else p.add(total, term)
    return total


def weighted_cubes(made):
    """Return the weighted sum of the cubes, whose gradient has a gradient even where the function is linear."""
    return weighted_sum([p.multiply(p.multiply(x, x), x) for x in tree.leaves(made) if dtypes.is_float(p.dtype(x))])


def plain_sum(made):
    """Return the sum of a tree's float arrays."""
    terms = [p.sum(x, tuple(range(len(p.shape(x)))), False) for x in tree.leaves(made) if dtypes.is_float(p.dtype(x))]
    return functools.reduce(lambda total, term: p.add(total, term), terms)


def gradient(function, wanted, scalar=weighted_sum):
    """Return a function that gives the gradients, by the wanted arrays, of the scalar that all arrays make."""

    def differentiated(*arrays):
        def loss(xs):
            filled = list(arrays)
            for index, x in zip(wanted, xs):
                filled[index] = x
            return scalar(function(*filled)), []

        return list(p.value_and_grad(loss, [arrays[index] for index in wanted])[2])

    return differentiated


def of_case(case, dtype, order=1, needs=()):
    """Return the Case of a case's gradient (of the gradient's gradient: order 2), its float arrays in a dtype."""
    arrays = [x.astype(dtype) if x.dtype.kind == "f" else x for x in case.arrays]
    function, wanted = case.function, floats_of(arrays)
    for _ in range(order - 1):
        function = gradient(function, wanted, weighted_cubes)
    needs = {*needs, *(case.needs - {"float16", "bfloat16"})}
    made = Case(f"{case.id}-{dtype}", case.group, gradient(function, wanted), arrays, budgets.GRADIENT, "value_and_grad", needs)
    made.primal = lambda *xs: weighted_sum(function(*xs))
    made.terms = (lambda: largest_terms(function, wanted, arrays)) if order > 1 else None
    return made


def largest_terms(function, wanted, arrays):
    """Return, for each gradient of a sum of results, the largest |part| that one number among the results adds to it.

    The parts of a gradient's gradient have either sign, and may leave a remainder far below their rounding.
    """
    run = places.reference().run
    shapes = [x.shape for x in run(lambda *xs: tree.leaves(function(*xs)), arrays)]
    found = [0.0] * len(wanted)
    for index, shape in enumerate(shapes):
        for place in np.ndindex(shape):
            parts = run(gradient(function, wanted, functools.partial(one_number, index, place)), arrays)
            found = [max(size, np.abs(part).max(initial=0)) for size, part in zip(found, parts)]
    return found


def one_number(index, place, made):
    """Return one number of one array among some results."""
    x = tree.leaves(made)[index]
    cut = p.slice(x, place, tuple(at + 1 for at in place), (1,) * len(place))
    return p.reshape(cut, ())


@functools.cache
def differences(case):
    """Return (directions, slopes) of a gradient Case: central differences of the reference.

    A direction is a list of arrays, one per array to differentiate by.
    """
    wanted = floats_of(case.arrays)
    run = places.reference().run

    def scalar(move, size):
        arrays = list(case.arrays)
        for index, part in zip(wanted, move):
            arrays[index] = arrays[index] + size * part
        return float(run(case.primal, arrays)[0])

    moves = directions([case.arrays[index].shape for index in wanted])
    return moves, np.array([(scalar(move, STEP) - scalar(move, -STEP)) / (2 * STEP) for move in moves])


def directions(shapes):
    """Return the unit vectors of some arrays together, or random directions where those are too many."""
    sizes = [int(np.prod(shape)) for shape in shapes]
    total = sum(sizes)
    rows = np.eye(total) if total <= FEW else numbers("directions", (12, total), "float64", -1, 1)
    cuts = np.cumsum(sizes)[:-1]
    return [[part.reshape(shape) for part, shape in zip(np.split(row, cuts), shapes)] for row in rows]


def slopes(moves, found):
    """Return what gradients say of some directions."""
    return np.array([sum(float(np.sum(part * g)) for part, g in zip(move, found)) for move in moves])


def disagreement(case, found, allowed):
    """Say where gradients differ from central differences by more than a share of the largest; "" where they do not."""
    moves, measured = differences(case)
    said = slopes(moves, found)
    gap = np.abs(said - measured)
    limit = allowed * max(np.abs(measured).max(initial=0), 1e-2)
    if not (gap <= limit).all():  # NaN is no agreement
        worst = int(np.argmax(np.where(np.isnan(gap), np.inf, gap)))
        return f"direction {worst} of {len(moves)}: the gradient says {said[worst]:.12g}, differences {measured[worst]:.12g}"
    return ""
