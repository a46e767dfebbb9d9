"""Whether a tensor over its budget is a divergence, or rounding that the model itself amplifies."""

import numpy as np

from polykeras import dtypes, tree
from polykeras.parity.budget import EPSILON
from polykeras.parity.locate import locate

DRAWS = 8  # runs of the first backend on numbers a little off
SEARCHES = 4  # for causes that are not there; after that, amplified rounding is known by its size alone
ROOM = 2.0  # a gap this many times that of the runs a little off still counts as amplified rounding


class Judge:
    """Finds the cause of a row over its budget.

    A forward pass may differ by its budget. Where such a difference, put on the first backend's own weights
    and inputs, moves a tensor as far as the other backend is away, and no operation parts on equal inputs,
    the model is to blame and no backend: a ReLU at 0 that opens or shuts, a variance of nearly nothing.

    Args:
        sides: all Sides; the first is what the others are compared with.
        reference: the backend that tells which one is off.
    """

    def __init__(self, sides, budget, reference):
        self.sides, self.budget, self.reference = sides, budget, reference
        self.searches, self._seen = 0, (None, [])

    def __call__(self, row, moment):
        """Return the Divergence behind a row, or None where rounding was amplified."""
        amplified = row.gap.gap <= ROOM * self._sway(row, moment)
        if amplified and self.searches >= SEARCHES:
            return None
        found = locate(row, moment, self.sides, self.budget, self.reference)
        if found.culprit is None and amplified:
            self.searches += 1
            return None
        return found

    def _sway(self, row, moment):
        """Return how far a tensor moves on the first backend when weights and inputs move by the forward budget."""
        if row.phase in ("update", "weights"):  # these are given equal numbers
            return 0.0
        step, runs = self._seen
        if step != moment.step:
            runs = [self._run(moment, np.random.default_rng(number)) for number in range(DRAWS)]
            self._seen = (moment.step, runs)
        before = self._value(row, moment.looks[0], None)
        moved = [self._value(row, *run) for run in runs]
        if before is None:  # state: measured against the first run a little off
            before, moved = moved[0], moved[1:]
        if before is None or before.dtype.kind not in "fV":
            return 0.0
        gaps = [np.abs(np.float64(value) - np.float64(before)) for value in moved]
        return float(max(gap[np.isfinite(gap)].max(initial=0.0) for gap in gaps))

    def _run(self, moment, random):
        side = self.sides[0]
        weights = {variable.key for variable in side.model.weights}
        state = {key: self._nudged(value, random) if key in weights else value for key, value in moment.state.items()}
        x, y, sample_weight = moment.batch
        look = side.look(state, (tree.map_structure(lambda leaf: self._nudged(leaf, random), x), y, sample_weight))
        return look, side.state()

    def _nudged(self, value, random):
        if not dtypes.is_float(value.dtype.name):
            return value
        size = EPSILON[value.dtype.name] * self.budget.phases.get("forward", self.budget.ulps)
        return (value * (1 + size * random.uniform(-1, 1, value.shape))).astype(value.dtype)

    def _value(self, row, look, state):
        if row.phase == "forward":
            return look["seen"][row.number]
        if row.phase == "loss":
            return look["loss"]
        if row.phase == "gradient":
            return look["gradients"][row.number]
        return None if state is None else state.get(row.place.key)
