"""Backends in lockstep: each step starts from the first one's state, so that a cause is told apart from its consequences."""

from typing import NamedTuple

import numpy as np

from polykeras import tree
from polykeras.parity.budget import largest, measure


class Row(NamedTuple):
    """A comparison of one tensor: where it belongs, and how far apart it is.

    Attributes:
        step: from 1.
        phase: one of budget.PHASES.
        tensor: its name.
        place: number of the call, gradient, output or variable that it is, for the search of the cause.
        backend: name of the other side.
        gap: the Gap.
        number: of the observed array, or of the gradient.
        excused: whether the gap is rounding that the model amplifies.
    """

    step: int
    phase: str
    tensor: str
    place: object
    backend: str
    gap: object
    number: int = 0
    excused: bool = False

    @property
    def over(self):
        """Whether the tensor parts."""
        return self.gap.over and not self.excused

    @property
    def share(self):
        """The part of the budget that was used; 0 where the gap is excused."""
        return 0.0 if self.excused else self.gap.share


class Moment(NamedTuple):
    """Everything that is needed to look at a step again: the state before, the batch, what each side observed."""

    step: int
    state: dict
    batch: tuple
    looks: list


class Lockstep:
    """The comparison step by step.

    Attributes:
        rows: the first row over budget of every tensor, else its worst.
        first: the Divergence behind the first row over budget, in the order of the phases, or None.
        curve: [{backend: largest share of the budget in the step}].
    """

    def __init__(self, sides, budget, judge):
        self.sides, self.budget, self.judge = sides, budget, judge
        self.rows, self.first, self.curve = {}, None, []

    def run(self, batches, steps):
        """Compare so many steps."""
        state = {key: value for side in reversed(self.sides) for key, value in side.state().items()}
        for number in range(1, steps + 1):
            batch = batches[(number - 1) % len(batches)]
            looks = [side.look(state, batch) for side in self.sides]
            for side in self.sides:
                side.update(batch, looks[0])
            after = [side.state() for side in self.sides]
            found = list(self._rows(number, looks, after))
            self._keep(self._judged(found, Moment(number, state, batch, looks)))
            state = {**state, **after[0]}

    def _judged(self, found, moment):
        """Return the rows, excused where they may be; the first that may not is the divergence."""
        rows = []
        for row in found:
            if row.gap.over and self.first is None:
                self.first = self.judge(row, moment)
                row = row._replace(excused=self.first is None)
            rows.append(row)
        return rows

    def _keep(self, found):
        for row in found:
            known = self.rows.get((row.phase, row.tensor, row.backend))
            if known is None or not known.over and (row.over or row.excused or not known.excused and row.share > known.share):
                self.rows[row.phase, row.tensor, row.backend] = row
        self.curve.append({side.name: max([row.share for row in found if row.backend == side.name], default=0.0) for side in self.sides[1:]})

    def _rows(self, number, looks, after):
        """Yield the Rows of a step in the order of phases, calls, sides."""
        phases = (self._forward, self._loss, self._gradient, self._state)
        for phase in phases:
            yield from phase(number, looks, after)

    def _row(self, number, phase, tensor, place, side, expected, got, scale=None, array=0):
        return Row(number, phase, tensor, place, side.name, measure(expected, got, self.budget, number, phase, scale), array)

    def _forward(self, number, looks, after):
        calls = [side.observer.calls for side in self.sides]
        for place, call in enumerate(calls[0]):
            for side, theirs, look in list(zip(self.sides, calls, looks))[1:]:
                if place >= len(theirs) or theirs[place].path != call.path:
                    continue
                for part, (mine, other) in enumerate(zip(call.outputs, theirs[place].outputs)):
                    name = call.label if len(call.outputs) == 1 else f"{call.label}[{part}]"
                    yield self._row(number, "forward", name, place, side, looks[0]["seen"][mine], look["seen"][other], None, mine)

    def _loss(self, number, looks, after):
        for side, look in list(zip(self.sides, looks))[1:]:
            if "loss" in look:
                yield self._row(number, "loss", "loss", None, side, looks[0]["loss"], look["loss"])

    def _gradient(self, number, looks, after):
        scale = largest(*looks[0].get("gradients", ()))
        for side, look in list(zip(self.sides, looks))[1:]:
            variables = side.model.trainable_variables
            for place, (variable, mine, other) in enumerate(zip(variables, looks[0].get("gradients", ()), look.get("gradients", ()))):
                yield self._row(number, "gradient", variable.path, variable, side, mine, other, scale, place)

    def _state(self, number, looks, after):
        """Yield updates of weights and slots first, then the other state."""
        model = self.sides[0].model
        slots = model.optimizer.variables if self.sides[0].trains else []
        updated = {variable.key for variable in [*model.trainable_variables, *slots]} if self.sides[0].trains else set()
        for phase in ("update", "state"):
            for variable in self.sides[0].variables:
                if (variable.key in updated) != (phase == "update"):
                    continue
                for side, values in list(zip(self.sides, after))[1:]:
                    if variable.key in values:
                        yield self._row(number, phase, variable.path, variable, side, after[0][variable.key], values[variable.key])


def free_run(sides, state, batches, steps):
    """Run every side on its own; return by step {backend: (loss, how far the loss is from the first's, how far the weights)}."""
    curve = []
    for side in sides:
        side.restart(state)
    keys = [variable.key for variable in sides[0].model.trainable_variables]
    for number in range(steps):
        batch, row, first = batches[number % len(batches)], {}, None
        for side in sides:
            look = side.look({}, batch)
            side.update(batch, look)
            values = side.state()
            weights = [values[key] for key in keys if key in values]
            seen = [look["loss"]] if "loss" in look else tree.leaves(look["outputs"])
            first = first or (seen, weights)
            row[side.name] = (float(look["loss"]) if "loss" in look else None, _apart(first[0], seen), _apart(first[1], weights))
        curve.append(row)
    return curve


def _apart(arrays, others):
    """Return the largest gap of some arrays relative to the largest of all their numbers."""
    floats = [(a, b) for a, b in zip(arrays, others) if a.dtype.kind not in "bui"]
    scale = largest(*(a for a, _ in floats))
    return largest(*(np.float64(a) - b for a, b in floats)) / scale if scale else 0.0
