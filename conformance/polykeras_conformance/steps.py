"""Steps with state, run in every way that a backend has: one by one, in chunks, and eagerly."""

import collections
import contextlib

import numpy as np

import polykeras
from polykeras import contract, dtypes, execute, tree
from polykeras.scope import Scope
from polykeras.spec import Spec
from polykeras_conformance import judge, places
from polykeras_conformance.cases import numbers

COUNT = 7  # batches; two chunks of three and one left over


class Step:
    """A step on Variables, and the batches that it is run on: one line of a table.

    Args:
        id: unique within its table.
        make: takes polykeras, returns (step, Variables); the step takes a batch's arrays.
        shapes: of a batch's arrays.
        budget: how far numbers may lie from the reference's after all batches.
        eager: whether it is tried operation by operation too.
        between: how far chunks may lie from single steps on one backend; None: not at all, bit for bit.
        why: the reason, where they may.
    """

    def __init__(self, id, make, *shapes, budget, eager=False, between=None, why=""):
        self.id, self.make, self.shapes, self.budget, self.between, self.why = id, make, shapes, budget, between, why
        self.needs, self.eager, self.group = frozenset(), eager, id

    def __repr__(self):
        return self.id

    def batches(self):
        """Return the arrays of all batches, stacked."""
        return [numbers(f"{self.id}{index}", (COUNT, *shape), "float32", -1, 1) for index, shape in enumerate(self.shapes)]

    def built(self):
        """Return (step, Variables), the numbers of the weights being the suite's own."""
        polykeras.utils.clear_session()
        step, variables = self.make(polykeras)
        for index, variable in enumerate(variables):
            if dtypes.is_float(variable.dtype) and variable.trainable:
                variable.assign(numbers(f"{self.id}-weight{index}", variable.shape, variable.dtype, -0.5, 0.5))
        return step, variables


class Bed:
    """A step recorded for a backend, with a store of its state."""

    def __init__(self, step, backend):
        function, self.variables = step.built()
        self.backend, self.batches = backend, step.batches()
        specs = [Spec(x.shape[1:], "float32") for x in self.batches]
        self.recording = execute.record(lambda *inputs: tree.leaves(function(*inputs)), specs, backend)
        self.start = {variable.key: variable.numpy() for variable in self.recording.variables}
        self.store = backend.store(dict(self.start), None)
        self.programs, self.outcomes = {}, {}

    def run(self, first, count, stacked):
        """Run some batches from a first one: stacked as one chunk, or one by one; return the outputs, stacked."""
        rows = [x[first : first + count] for x in self.batches]
        if stacked:
            return self._call(count, rows)
        made = [self._call(None, [x[index] for x in rows]) for index in range(count)]
        return [np.stack(column) for column in zip(*made)]

    def compiled(self, steps):
        """Return the program of a step, or of so many in turn."""
        if steps not in self.programs:
            witness = places.Witness(self.recording.trace)
            self.programs[steps] = self.backend.compile(witness, self.store, steps, contract.Options()), witness
        return self.programs[steps][0]

    def _call(self, steps, inputs):
        made = self.compiled(steps).run(inputs)
        self.programs[steps][1].testify(self.backend)
        return [places.to_host(self.backend, x) for x in made]

    def beside(self, function):
        """Return another program of the same store, of a function without arguments, as a call that gives NumPy arrays."""
        program = self.backend.compile(execute.record(function, (), self.backend).trace, self.store, None, contract.Options())
        return lambda: [places.to_host(self.backend, x) for x in program.run([])]

    def state(self):
        """Return what the store holds of the Variables, in their order."""
        held = self.store.read(list(self.start))
        return [held[variable.key] for variable in self.variables if variable.key in held]

    def reset(self):
        """Set the state back to the start."""
        self.store.write(self.start)


WAYS = {
    "single": lambda bed: [bed.run(0, COUNT, False)],
    "chunks": lambda bed: [bed.run(0, 3, True), bed.run(3, 3, True), bed.run(6, 1, False)],
    "chunk-last": lambda bed: [bed.run(0, 1, False), bed.run(1, 3, True), bed.run(4, 3, True)],
    "chunk-of-one": lambda bed: [bed.run(0, 6, False), bed.run(6, 1, True)],
}


def outcome(bed, way):
    """Return (outputs of all batches, state after them) of a bed, from the start."""
    if way not in bed.outcomes:
        bed.reset()
        parts = WAYS[way](bed)
        bed.outcomes[way] = [np.concatenate(column) for column in zip(*parts)], bed.state()
    return bed.outcomes[way]


def eagerly(step, backend):
    """Return the same of a step called on arrays of the backend, operation by operation."""
    function, variables = step.built()
    batches = step.batches()
    with backend.context(), Scope(backend, captures=True) as scope:
        rows = [tree.leaves(function(*(backend.from_numpy(x[index], None) for x in batches))) for index in range(COUNT)]
        outputs = [np.stack([backend.to_numpy(x) for x in column]) for column in zip(*rows)]
        return outputs, [backend.to_numpy(scope.updates[v]) if v in scope.updates else v.numpy() for v in variables]


def gap(got, expected, budget):
    """Say how (outputs, state) differ beyond a budget (None: at all); "" where they do not."""
    limit = budget or judge.EXACT
    found = [judge.differences(mine, right, limit) for mine, right in zip(got, expected)]
    return "; ".join(f"{name}: {text}" for name, text in zip(("outputs", "state"), found) if text)


@contextlib.contextmanager
def watched(backend, store):
    """Count the calls that carry arrays between a backend and the host, while programs run.

    Yields:
        a Counter of the names called.
    """
    calls, kept = collections.Counter(), []
    for owner, names in ((backend, ("to_numpy", "from_numpy")), (type(store), ("read", "write", "get", "put", "add"))):
        for name in names:
            original = getattr(owner, name)
            kept.append((owner, name, original))

            def counted(*args, name=name, original=original):
                calls[name] += 1
                return original(*args)

            setattr(owner, name, counted)
    try:
        yield calls
    finally:
        for owner, name, original in kept:
            setattr(owner, name, original)
