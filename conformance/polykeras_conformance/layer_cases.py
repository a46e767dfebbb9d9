"""Cases of layers: one call with its outputs, masks, added losses, state and gradients, as a function of arrays.

The weights are numbers of the suite's own, passed in as arrays, so a backend is compared with the
reference and not with an initializer.
"""

import contextlib

import numpy as np

import polykeras
from polykeras import config, masks, scope, spec, tree
from polykeras.ops.dispatch import p
from polykeras.scope import Scope
from polykeras.spec import Spec
from polykeras_conformance import budgets, judge, places
from polykeras_conformance.budgets import Budget
from polykeras_conformance.cases import Case, arrays_of, numbers, parts
from polykeras_conformance.gradients import weighted_sum


class Row:
    """A layer and how it is called: one line of a table, for every library with Keras's names.

    Args:
        id: unique within its table; up to the first "-" the class.
        make: takes a module with Keras's names, returns the layer.
        args, kwargs: of the call, NumPy arrays among them; floats are cast to the case's dtype.
        group: rows of one group share a program.
        masks: {place among the arrays: the mask it carries}.
        modes: which values of `training` are tried.
        calls: how often it is called, one call behind the other.
        budget: of the outputs.
    """

    def __init__(self, id, make, *args, group, masks=None, modes=(False,), calls=1, budget=budgets.COMPOSED, **kwargs):
        self.id, self.make, self.args, self.kwargs, self.group = id, make, args, kwargs, group
        self.masks, self.modes, self.calls, self.budget = masks or {}, modes, calls, budget

    def __repr__(self):
        return self.id

    def arrays(self, dtype):
        """Return the arrays of the call, its masks behind, and a function that puts others in their place."""
        found, rebuilt = parts((self.args, self.kwargs))
        return [x.astype(dtype) if x.dtype.kind == "f" else x for x in found], rebuilt


class LayerCase(Case):
    """A row in a dtype and a mode, as a function (arrays, masks, weights) -> parts.

    Attributes:
        labels: what each array of the result is, once the function was called.
    """

    def __init__(self, row, dtype, training):
        suffix = "" if row.modes == (False,) else "-training" if training else "-inference"
        self.row, self.dtype, self.training, self.inputs, self.labels = row, dtype, training, [], []
        super().__init__(f"{row.id}{suffix}", row.group, self.function_of, [], row.budget, "value_and_grad", {dtype})
        self.smooth = True

    @property
    def call(self):
        """The case as places evaluate it; the layer is made when it is first asked for."""
        if not self.inputs:
            try:
                self._prepare()
            except Exception as error:  # it is this case's own failure, not that of its group
                return failing(error), []
        return self.function_of, self.inputs

    def _prepare(self):
        arrays, self.rebuilt = self.row.arrays(self.dtype)
        with default_float(self.dtype):
            polykeras.utils.clear_session()
            self.made = self.row.make(polykeras)
            with Scope(spec, captures=True):
                self._called([Spec(x.shape, x.dtype.name) for x in arrays], [Spec(m.shape, "bool") for m in self.row.masks.values()])
        self.variables = self.made.variables
        shown = list(self.row.masks.values())
        self.counts = len(arrays), len(shown)
        self.inputs = [*arrays, *shown, *(value_of(variable) for variable in self.variables)]

    def _called(self, arrays, shown):
        """Return what the layer gives for these arrays, having been called so often."""
        for place, mask in zip(self.row.masks, shown):
            masks.set_mask(arrays[place], mask)
        args, kwargs = self.rebuilt(arrays)
        if self.row.modes != (False,):
            kwargs = {**kwargs, "training": self.training}
        return [self.made(*args, **kwargs) for _ in range(self.row.calls)]

    def function_of(self, *inputs):
        """Return outputs, masks, losses, states, constrained weights and gradients, as a list."""
        first, second = self.counts[0], sum(self.counts)
        arrays, shown, weights = list(inputs[:first]), inputs[first:second], list(inputs[second:])
        wanted = [index for index, x in enumerate(arrays) if p.dtype(x) == self.dtype]
        moved = [index for index, variable in enumerate(self.variables) if variable.trainable]

        def loss(xs):
            values, held = list(arrays), list(weights)
            for index, x in zip(wanted, xs):
                values[index] = x
            for index, x in zip(moved, xs[len(wanted) :]):
                held[index] = x
            return self._parts(values, shown, held)

        with default_float(self.dtype):
            _, found, slopes = p.value_and_grad(loss, [*(arrays[index] for index in wanted), *(weights[index] for index in moved)])
        names = [*(f"input {index}" for index in wanted), *(self.variables[index].path for index in moved)]
        self.labels = [*self.found, *(f"gradient of {name}" for name in names)]
        return [*found, *slopes]

    def _parts(self, arrays, shown, weights):
        outer = scope.current()
        with Scope(outer.backend, outer, captures=True) as inside:
            inside.losses = []
            inside.values.update(zip(self.variables, weights))
            outputs = tree.leaves(self._called(arrays, shown))
            losses = list(self.made.losses)
            kept = [variable.constraint(variable) for variable in self.variables if variable.constraint is not None]
        carried = [(f"mask of output {index}", masks.get_mask(x)) for index, x in enumerate(outputs)]
        rows = [
            *((f"output {index}", x) for index, x in enumerate(outputs)),
            *((name, mask) for name, mask in carried if mask is not None),
            *((f"loss {index}", x) for index, x in enumerate(losses)),
            *((variable.path, x) for variable, x in inside.updates.items()),
            *((f"constrained weight {index}", x) for index, x in enumerate(kept)),
        ]
        self.found = [name for name, _ in rows]
        total = weighted_sum(outputs)
        for extra in losses:
            total = p.add(total, p.cast(extra, p.dtype(total)))
        return total, [x for _, x in rows]


def check(bench, place, case, lane):
    """Raise AssertionError where a layer gives something else at this place than the reference.

    A gradient may cancel, so its budget counts ulps of the largest among all gradients of the case.
    """
    expected = arrays_of(bench.outcome(places.reference(), case, lane), "the reference")
    outcome = bench.outcome(place, case, lane)
    got = arrays_of(outcome, place)
    assert outcome.operations["value_and_grad"], f"{case.id}: {place} was never asked for value_and_grad"
    assert len(got) == len(expected) == len(case.labels), f"{case.id} on {place}: {len(got)} arrays, expected {len(expected)}"
    slopes = [np.abs(x).max(initial=0) for label, x in zip(case.labels, expected) if label.startswith("gradient")]
    faults = []
    for label, mine, right in zip(case.labels, got, expected):
        budget, terms = case.budget, None
        if label.startswith("gradient"):
            budget, terms = Budget(budgets.GRADIENT.ulps, "absolute"), np.full(right.shape, max(slopes))
        text = judge.difference(mine, right, budget, terms)
        faults += [f"{label}: {text}"] if text else []
    assert not faults, f"{case.id} on {place}: {'; '.join(faults)}"


def failing(error):
    """Return a function that raises an error."""

    def fail():
        raise error

    return fail


def value_of(variable):
    """Return numbers of the suite for a weight; the state of a seed stays as it is, a variance is positive."""
    if variable.dtype == "int32":
        return variable.numpy()
    low = 0.5 if variable.name == "moving_variance" else -1.0
    return numbers(variable.path, variable.shape, variable.dtype, low, 1.5)


@contextlib.contextmanager
def default_float(dtype):
    """Make a dtype the default float for a while."""
    before = config.floatx()
    config.set_floatx(dtype)
    try:
        yield
    finally:
        config.set_floatx(before)


def cases(rows, dtype):
    """Return the cases of some rows in a dtype, each mode one."""
    return [LayerCase(row, dtype, training) for row in rows for training in row.modes]
