"""Places: a backend and a way of running on it, and the one door through which every case goes.

A case is a function of arrays, written in `p` (primitives) or ops. Whatever the place, it gets NumPy
arrays and gives NumPy arrays, with proof of where it ran.
"""

import collections

import numpy as np

from polykeras import contract, execute, spec, tree
from polykeras.plugins import registry
from polykeras.scope import Scope
from polykeras.spec import Spec


class Outcome:
    """What came of a call: arrays, or the error; and which operations the place was asked for."""

    def __init__(self, arrays=None, error=None, operations=None):
        self.arrays, self.error, self.operations = arrays, error, operations


class Place:
    """A backend in one mode: "program" (recorded and compiled) or "eager" (operation by operation).

    Args:
        fused: names of the fused ops that it may use; None for all that it has.
        jit: what a program is compiled with: the backend's choice, or without the framework's compiler.
    """

    def __init__(self, backend, mode, fused=None, jit="auto"):
        self.backend, self.mode, self.fused, self.jit = backend, mode, fused, jit
        self.seen = backend if fused is None else Chosen(backend, fused)

    def __repr__(self):
        suffix = "" if self.fused is None else f"-only-{'-'.join(self.fused) or 'compositions'}"
        return f"{self.backend.name}-{self.mode}{'' if self.jit else '-uncompiled'}{suffix}"

    def lacks(self, needs):
        """Return the needs (capabilities and dtypes) that this backend does not declare, sorted."""
        return sorted(word for word in needs if word in contract.CAPABILITIES and word not in self.backend.capabilities)

    def takes(self, case):
        """Say whether a case is run here."""
        return not self.lacks(case.needs) and (self.mode == "program" or case.eager or self.backend is registry.reference())

    def evaluate(self, calls):
        """Return an Outcome per (function, arrays); all go through one program.

        Where that fails they run one by one, so that only the guilty fails.
        """
        try:
            return self._together(calls)
        except Exception as error:
            return [self._alone(call, error) for call in calls] if len(calls) > 1 else [Outcome(error=error)]

    def run(self, function, arrays):
        """Return the arrays that one function gives here.

        Raises:
            Exception: whatever the backend raised.
        """
        (outcome,) = self._together([(function, arrays)])
        return outcome.arrays

    def _alone(self, call, error):
        try:
            return self._together([call])[0]
        except Exception as own:
            own.__cause__ = own.__cause__ or error
            return Outcome(error=own)

    def _together(self, calls):
        if self.mode == "program":
            return run_program(self.backend, calls, self.seen, self.jit)
        return [run_eagerly(self.seen, *call) for call in calls]


class Chosen:
    """A backend with only some of its fused ops."""

    def __init__(self, backend, names):
        self.backend = backend
        self.fused = {name: entry for name, entry in backend.fused.items() if name in names}

    def __getattr__(self, name):
        return getattr(self.backend, name)


class Witness:
    """A step that tells which backend bound it and whether it was called."""

    def __init__(self, trace):
        self.trace, self.bound, self.calls = trace, [], 0

    def __getattr__(self, name):
        return getattr(self.trace, name)

    def bind(self, backend, hoist=False):
        """Bind the step, and take note."""
        function = self.trace.bind(backend, hoist)
        self.bound.append(backend)

        def counted(*args):
            self.calls += 1
            return function(*args)

        return counted

    def testify(self, backend):
        """Raise AssertionError unless the step ran on this backend and no other."""
        names = {bound.name for bound in self.bound}
        assert names == {backend.name}, f"the step was to run on {backend.name}, it was bound to {names or 'no backend'}"
        assert self.calls, f"{backend.name} gave results without ever calling the step"


def run_program(backend, calls, seen=None, jit="auto"):
    """Record all calls as one step for a backend (as `seen` shows it), compile and run it, and see that it ran there."""
    groups = [[np.asarray(x) for x in arrays] for _, arrays in calls]
    specs = [[Spec(x.shape, x.dtype.name) for x in group] for group in groups]
    recording = execute.record(lambda *inputs: [tree.leaves(f(*xs)) for (f, _), xs in zip(calls, inputs)], specs, seen or backend)
    witness = Witness(recording.trace)
    store = backend.store({}, None)
    try:
        program = backend.compile(witness, store, None, contract.Options(jit))
        made = program.run(tree.leaves(groups))
        witness.testify(backend)
        arrays = [to_host(backend, x) for x in made]
    finally:
        store.close()
    operations = recording.trace.operations
    return [Outcome(rows, operations=operations) for rows in tree.unflatten(recording.structure, arrays)]


def run_eagerly(backend, function, arrays):
    """Call a function on arrays of the backend itself."""
    watch = Counting(backend)
    with backend.context(), Scope(watch):
        made = tree.leaves(function(*(backend.from_numpy(np.asarray(x), None) for x in arrays)))
    return Outcome([to_host(backend, x) for x in made], operations=watch.operations)


class Counting:
    """A backend as it is, which counts the operations that it is asked for."""

    def __init__(self, backend):
        self.backend, self.operations = backend, collections.Counter()

    def __getattr__(self, name):
        made = getattr(self.backend, name)
        if name in contract.PRIMITIVES or name in ("value_and_grad", "cond", "while_loop", "scan"):
            self.operations[name] += 1
        return made


def to_host(backend, x):
    """Return a result as NumPy array, having seen that it belongs to the backend."""
    if "eager" in backend.capabilities:
        assert backend.is_array(x), f"{backend.name} returned {type(x).__module__}.{type(x).__name__}, which it does not call its array"
    made = backend.to_numpy(x)
    assert isinstance(made, (np.ndarray, np.generic)), f"{backend.name}.to_numpy returned {type(made).__name__}"
    return np.asarray(made)


def reference():
    """Return the Place of the oracle: the NumPy reference, eagerly, its ops all composed."""
    backend = registry.reference()
    return Place(backend, "eager", () if backend.fused else None)


def predicted(function, arrays):
    """Return the Specs that the abstract backend gives for a call."""
    with Scope(spec):
        made = tree.leaves(function(*(Spec(np.shape(x), np.asarray(x).dtype.name) for x in arrays)))
    return made
