"""Sizes known only when data arrives: one recording, compiled once, run on batches of several sizes."""

import math

import numpy as np

from polykeras import contract, execute, tree
from polykeras.sizes import Floor, Size, is_static
from polykeras.spec import Spec
from polykeras_conformance import budgets, judge, places
from polykeras_conformance.cases import Case, numbers

BATCH = Size.named("batch")
SIZES = (5, 1)  # the larger first: a program that keeps its first size would show


class Unknown(Case):
    """A function of arrays whose size None is not known when it is recorded.

    Args:
        id: unique within its table.
        group: cases of one group share a program.
        function: takes arrays, gives an array or a tree of them.
        shapes: of the arrays; None where the size is the batch's.
        dtypes: of the arrays; float32 for those not told.
    """

    def __init__(self, id, function, *shapes, dtypes=(), budget=budgets.COMPOSED, group="computed"):
        super().__init__(id, group, function, [], budget)
        self.shapes, self.eager = shapes, False
        self.dtypes = [*dtypes, *["float32"] * (len(shapes) - len(dtypes))]

    def specs(self):
        """Return the Specs of the arrays, the batch a symbol."""
        return [Spec([BATCH if size is None else size for size in shape], kind) for shape, kind in zip(self.shapes, self.dtypes)]

    def sized(self, batch):
        """Return the arrays of a batch of this size; integers lie in [0, 3)."""
        whole = [tuple(batch if size is None else size for size in shape) for shape in self.shapes]
        return [numbers(f"{self.id}{i}", shape, kind, *((0, 3) if kind == "int32" else (0.1, 2))) for i, (shape, kind) in enumerate(zip(whole, self.dtypes))]


def filled(size, batch):
    """Return a size as a number, the batch being so many.

    >>> filled(BATCH * 7 // 2, 3)
    10
    """
    if is_static(size):
        return size
    return sum(factor * math.prod(_atom(atom, batch) for atom in atoms) for atoms, factor in size.terms.items())


def _atom(atom, batch):
    if not isinstance(atom, Floor):
        return batch
    return filled(atom.numerator, batch) // filled(atom.denominator, batch)


def check(bench, place, case, lane):
    """Raise AssertionError where a batch of some size gives something else than predicted, or than the reference gives."""
    made = _outcomes(bench, place, case, lane)[case.id]
    if isinstance(made, Exception):
        raise AssertionError(f"{case.id} on {place}: {type(made).__name__}: {made}") from made
    specs, by_size = made
    for batch, got in zip(SIZES, by_size):
        predicted = [(tuple(filled(size, batch) for size in x.sizes), x.dtype) for x in specs]
        shown = [(x.shape, x.dtype.name) for x in got]
        assert shown == predicted, f"{case.id} on {place}, batch {batch}: {shown}, predicted {predicted}"
        expected = places.reference().run(lambda *xs: tree.leaves(case.function(*xs)), case.sized(batch))
        text = judge.differences(got, [np.asarray(x) for x in expected], case.budget)
        assert not text, f"{case.id} on {place}, batch {batch}: {text}"


def _outcomes(bench, place, case, lane):
    """Return {id: (Specs predicted, arrays for each size)} of a group: in one program, or where that fails one by one."""
    key = (repr(place), id(lane), case.group)
    if key not in bench.outcomes:
        group = [other for other in lane if other.group == case.group]
        try:
            bench.outcomes[key] = run(place.backend, group)
        except Exception:
            bench.outcomes[key] = {}
            for other in group:
                try:
                    bench.outcomes[key].update(run(place.backend, [other]))
                except Exception as error:
                    bench.outcomes[key][other.id] = error
    return bench.outcomes[key]


def run(backend, cases):
    """Record some cases as one step, compile it once, run it on a batch of each size."""
    step = lambda *groups: [tree.leaves(case.function(*group)) for case, group in zip(cases, groups)]
    recording = execute.record(step, [case.specs() for case in cases], backend)
    store, witness = backend.store({}, None), places.Witness(recording.trace)
    try:
        program = backend.compile(witness, store, None, contract.Options())
        made = []
        for batch in SIZES:
            arrays = program.run(tree.leaves([case.sized(batch) for case in cases]))
            made.append(tree.unflatten(recording.structure, [places.to_host(backend, x) for x in arrays]))
        witness.testify(backend)
    finally:
        store.close()
    specs = tree.unflatten(recording.structure, recording.trace.outputs)
    return {case.id: (specs[index], [rows[index] for rows in made]) for index, case in enumerate(cases)}
