"""Lane of training: whole runs of many kinds of models, step by step, against the reference in float64."""

import numpy as np
import pytest

from polykeras_conformance import places
from polykeras_conformance.tables.trajectories import FITTED, ROWS
from polykeras_conformance.trajectory import Case, Run, departures, faults, limits

CASES = [Case(row, dtype) for row in ROWS for dtype in ("float32", "float64")]
THROUGH_FIT = [Case(row, "float32") for row in ROWS if row.id in FITTED]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_steps(place, backend, case):
    """The loss of each step, and all state after it, are those of the reference as far as rounding allows."""
    found = faults(case, Run(case.row, case.dtype, backend).curve())
    assert not found, f"{case.id} on {backend.name}: {'; '.join(found[:5])} ({len(found)} in all)"


@pytest.mark.parametrize("case", THROUGH_FIT, ids=repr)
def test_fit(place, backend, case):
    """fit, which shuffles and runs as many steps at a time as it likes, ends where the steps one by one end."""
    allowed = limits(case.row, case.dtype, case.dtype)
    run = Run(case.row, case.dtype, backend)
    history = run.fit()
    run.testify()
    assert len(history.epoch) == case.row.epochs
    found = departures(run.state(), max(allowed.states), allowed)
    assert not found, f"{case.id} on {backend.name}: {'; '.join(found)}"


@pytest.mark.parametrize("case", CASES[:2], ids=repr)
def test_a_wrong_run_is_found(case):
    """A run whose first weights are moved by 64 ulps, once, is not let pass."""

    def nudge(run, done, chunk):
        if done == 2:
            kernel = run.model.trainable_variables[0]
            kernel.assign(kernel.numpy() * (1 + 64 * np.finfo(case.dtype).eps))
        return chunk

    assert faults(case, Run(case.row, case.dtype, places.reference().backend).curve(nudge))
