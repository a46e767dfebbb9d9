"""Many optimizers in one program: each has weights of its own, all get the same gradients, step after step."""

import polykeras
from polykeras import contract, execute, state
from polykeras.ops import dispatch
from polykeras.spec import Spec
from polykeras_conformance import budgets, judge, places
from polykeras_conformance.budgets import Budget
from polykeras_conformance.cases import numbers
from polykeras_conformance.layer_cases import default_float

SHAPES = {"kernel": (3, 4), "bias": (4,), "table": (5, 2)}
BUDGET = Budget(budgets.ELEMENT.ulps, "largest")
COMPILED = ("SGD", "Adam", "RMSprop")  # groups, of float32, that the backend's compiler sees; it would take longer over all than all else
SIZES = (1.0, 0.02, 30.0, 1e-6, 0.0, 0.5)  # of the gradients of each step: some are clipped, some not, some are nothing


class Case:
    """An optimizer in a dtype."""

    def __init__(self, row, dtype):
        self.row, self.dtype, self.id, self.group, self.needs, self.eager = row, dtype, row.id, row.group, {dtype}, True

    def __repr__(self):
        return self.id


class Herd:
    """Optimizers with their weights, living on a place's backend.

    Args:
        cases: Cases of one dtype.
    """

    def __init__(self, cases, place):
        self.cases, self.place, self.dtype = cases, place, cases[0].dtype
        with default_float(self.dtype):
            polykeras.utils.clear_session()
            self.members = [self._member(case.row) for case in cases]
            self.step = self._program() if place.mode == "program" else self._eager

    def _member(self, row):
        """Return (optimizer, weights), built."""
        optimizer = row.make(polykeras)
        weights = [polykeras.Variable(numbers(name, shape, self.dtype), dtype=self.dtype, name=name) for name, shape in SHAPES.items()]
        optimizer.exclude_from_weight_decay(var_names=list(row.spared))
        optimizer.build(weights)
        state.settle([*weights, *optimizer.variables], self.place.backend)
        return optimizer, weights

    def _update(self, *gradients):
        for optimizer, weights in self.members:
            optimizer.apply(list(gradients), weights)
        return []

    def _program(self):
        """Return the step of all as one program of the backend."""
        recording = execute.record(self._update, [Spec(shape, self.dtype) for shape in SHAPES.values()], self.place.backend)
        home = state.settle(recording.variables, self.place.backend)
        self.witness = places.Witness(recording.trace)
        jit = "auto" if self.dtype == "float32" and self.cases[0].group in COMPILED else False
        return self.place.backend.compile(self.witness, home.store, None, contract.Options(jit=jit)).run

    def _eager(self, gradients):
        backend = self.place.backend
        dispatch.enter(lambda: self._update(*(backend.from_numpy(g, None) for g in gradients)), backend)

    def run(self):
        """Return {id: per step the values by name}, having seen that all state lives on the backend."""
        found = {case.id: [] for case in self.cases}
        with default_float(self.dtype):
            for gradients in steps(self.dtype):
                self.step(gradients)
                for case, member in zip(self.cases, self.members):
                    found[case.id].append(self._values(*member))
        if self.place.mode == "program":
            self.witness.testify(self.place.backend)
        return found

    def _values(self, optimizer, weights):
        variables = [*weights, *optimizer.variables]
        away = [variable.path for variable in variables if variable.home is None or variable.home.backend is not self.place.backend]
        assert not away, f"not on {self.place.backend.name}: {', '.join(away)}"
        return {variable.name: variable.numpy() for variable in variables}


def steps(dtype):
    """Return the gradients of each step; rows of the table that no sample has looked up are 0."""
    made = [[size * numbers(f"{name}{number}", shape, dtype) for name, shape in SHAPES.items()] for number, size in enumerate(SIZES)]
    for number, (_, _, table) in enumerate(made):
        table[number % 5 :: 2] = 0
    return [[g.astype(dtype) for g in gradients] for gradients in made]


def outcome(bench, place, case, lane):
    """Return what a case's optimizer came to at a place; all of its group run together, once."""
    key = (repr(place), id(lane), case.group)
    if key not in bench.outcomes:
        bench.outcomes[key] = Herd([other for other in lane if other.group == case.group and place.takes(other)], place).run()
    return bench.outcomes[key][case.id]


def check(bench, place, case, lane):
    """Raise AssertionError where weights or slots are not the reference's after some step."""
    right = outcome(bench, places.reference(), case, lane)
    faults = []
    for number, (mine, wanted) in enumerate(zip(outcome(bench, place, case, lane), right, strict=True), 1):
        assert list(mine) == list(wanted)
        for name in wanted:
            text = judge.difference(mine[name], wanted[name], BUDGET)
            faults += [f"{name} after step {number}: {text}"] if text else []
    assert not faults, f"{case.id} on {place}: {'; '.join(faults[:4])} ({len(faults)} in all)"
