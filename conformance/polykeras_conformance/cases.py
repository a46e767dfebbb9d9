"""Cases: a function of arrays with an id, a group and a budget; and the bench that runs them.

Compiling is slow, so all cases of a group go through one program, which is run once per place.
"""

import zlib

import numpy as np

from polykeras import dtypes, tree
from polykeras.ops.dispatch import OPS, p
from polykeras_conformance import budgets, judge, places


class Case:
    """One call to be compared.

    Args:
        id: what pytest shows; unique within its lane.
        group: cases of one group share a program; of primitives, the name of the primitive.
        function: takes arrays, gives an array or a tree of them.
        arrays: NumPy arrays.
        operation: what the place must have been asked to do, so that the case cannot pass unseen.
        needs: capabilities that the backend must declare, else the case is unsupported.
        expected: the right results where they are known without the reference.
        smooth: whether it can be differentiated where its float arrays are.

    Attributes:
        terms: a function that gives for each result the size of the largest term that its sums cancel, or None;
            it is asked where a result overruns its budget, which then counts ulps of that size.
    """

    terms = None

    def __init__(self, id, group, function, arrays, budget=budgets.EXACT, operation=None, needs=(), expected=None, smooth=True):
        self.id, self.group, self.function, self.budget, self.operation = id, group, function, budget, operation
        self.arrays = [np.asarray(x) for x in arrays]
        self.needs = frozenset(needs) | {x.dtype.name for x in self.arrays}
        self.eager = True
        self.expected, self.smooth = expected, smooth and any(x.dtype.kind == "f" for x in self.arrays)

    def __repr__(self):
        return self.id

    @property
    def call(self):
        """The case as places evaluate it."""
        return self.function, self.arrays


def parts(args):
    """Return the arrays among some arguments, and a function that puts others in their place."""
    leaves, structure = tree.flatten(args)
    slots = [index for index, leaf in enumerate(leaves) if isinstance(leaf, np.ndarray)]

    def rebuilt(arrays):
        filled = list(leaves)
        for slot, array in zip(slots, arrays):
            filled[slot] = array
        return tree.unflatten(structure, filled)

    return [leaves[slot] for slot in slots], rebuilt


def primitive(name, label, *args, budget=None, needs=(), expected=None):
    """Return the Case of a primitive called with these arguments, NumPy arrays being its arrays."""
    arrays, rebuilt = parts(args)
    function = lambda *xs: getattr(p, name)(*rebuilt(xs))
    budget = budget or budgets.PRIMITIVES.get(name, budgets.EXACT)
    return Case(f"{name}-{label}", name, function, arrays, budget, name, needs, expected)


def op(name, label, *args, budget=budgets.COMPOSED, group=None, needs=(), expected=None, smooth=True, **kwargs):
    """Return the Case of an op called with these arguments, NumPy arrays being its arrays.

    Args:
        smooth: whether it can be differentiated where its float arrays are.
    """
    arrays, rebuilt = parts((args, kwargs))

    def function(*xs):
        positional, named = rebuilt(xs)
        return OPS[name](*positional, **named)

    return Case(f"{name}-{label}", group or name, function, arrays, budget, None, needs, expected, smooth)


def numbers(label, shape, dtype="float32", low=-2.0, high=2.0):
    """Return numbers evenly from [low, high), always the same for a label."""
    generator = np.random.Generator(np.random.PCG64(zlib.crc32(str(label).encode())))
    if dtypes.is_float(dtype):
        return generator.uniform(low, high, shape).astype(dtypes.to_numpy(dtype))
    return generator.integers(int(low), int(high), shape).astype(dtypes.to_numpy(dtype))


def everywhere(label, shape, dtype):
    """Return numbers from all of a dtype's range, always the same for a label; some of them can be added up."""
    if dtype == "bool":
        return numbers(label, shape, "int32", 0, 2).astype(bool)
    if dtypes.is_float(dtype):
        return array(numbers(label, shape, "float64") * (float(dtypes.largest(dtype)) / 64), dtype)
    return numbers(label, shape, "int64", -(2**63), 2**63 - 1).astype(dtypes.to_numpy(dtype))


def array(values, dtype="float32"):
    """Return a NumPy array of a dtype by its name."""
    with np.errstate(all="ignore"):
        return np.asarray(values).astype(dtypes.to_numpy(dtype))


def firsts(cases):
    """Return the first case of each name, which is the part of the id before the first hyphen."""
    return list({case.id.partition("-")[0]: case for case in reversed(cases)}.values())[::-1]


def thick(cases, most):
    """Return evenly chosen cases of each group, so many at most."""
    groups = {}
    for case in cases:
        groups.setdefault(case.group, []).append(case)
    return [case for group in groups.values() for case in group[:: -(-len(group) // most)]]


def thinned(cases, name=lambda case: case.id.partition("-")[0]):
    """Return the same cases, of each name only the first to be run eagerly too."""
    first = {name(case): id(case) for case in reversed(cases)}
    for case in cases:
        case.eager = id(case) == first[name(case)]
    return cases


def composed(cases):
    """Return the same cases, of each group only the first to be run eagerly too.

    What they are composed of has been tried eagerly in the lane of primitives; there is no need to
    try every composition, which on backends that compile each operation takes minutes.
    """
    return thinned(cases, name=lambda case: case.group)


def in_programs(cases):
    """Return the same cases, none of them to be run eagerly."""
    for case in cases:
        case.eager = False
    return cases


class Bench:
    """Runs each group of cases once per place, and remembers what came out."""

    def __init__(self):
        self.outcomes = {}

    def outcome(self, place, case, lane):
        """Return the Outcome of a case of a lane (a list of Cases) at a place."""
        key = (repr(place), id(lane), case.group)
        if key not in self.outcomes:
            group = [other for other in lane if other.group == case.group and place.takes(other)]
            made = place.evaluate([other.call for other in group])
            self.outcomes[key] = dict(zip([other.id for other in group], made))
        return self.outcomes[key][case.id]

    def expected(self, case, lane):
        """Return the arrays that a case should give: its own, or the reference's."""
        if case.expected is not None:
            return [np.asarray(x) for x in case.expected]
        return arrays_of(self.outcome(places.reference(), case, lane), "the reference")

    def check(self, place, case, lane):
        """Raise AssertionError where a case gives something else at this place than it should."""
        outcome = self.outcome(place, case, lane)
        got, expected = arrays_of(outcome, place), self.expected(case, lane)
        terms = None
        if case.budget.size == "absolute":
            terms = places.reference().run(case.function, [np.abs(x) if x.dtype.kind != "b" else x for x in case.arrays])
        if case.operation is not None:
            assert outcome.operations[case.operation], f"{case.id}: {place} was never asked for {case.operation}"
        text = judge.differences(got, expected, case.budget, terms)
        if text and case.terms is not None:
            sizes = [np.full(right.shape, max(size, np.abs(right).max(initial=0))) for size, right in zip(case.terms(), expected)]
            text = judge.differences(got, expected, case.budget._replace(size="absolute"), sizes)
        assert not text, f"{case.id} on {place}: {text}"


def arrays_of(outcome, place):
    """Return an Outcome's arrays, or raise its error as a failure of the place."""
    if outcome.error is not None:
        raise AssertionError(f"{place} raised {type(outcome.error).__name__}: {outcome.error}") from outcome.error
    return outcome.arrays
