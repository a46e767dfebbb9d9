"""Lane of moving: a model trained on one backend moves to another with every bit of its state, and goes on as if it had not."""

import pytest

from polykeras_conformance import places
from polykeras_conformance.tables.trajectories import MOVED, ROWS
from polykeras_conformance.trajectory import Case, Run, faults, unequal

WAYS = {  # {steps done: whether the model is on the backend under test from there}
    "from-reference": {0: False, 3: True},
    "to-reference": {0: True, 3: False},
    "there-and-back": {0: True, 2: False, 5: True},
}
ROWS_MOVED = [row for row in ROWS if row.id in MOVED]
MOVES = [  # each compiles anew, so not every row goes every way in both dtypes
    *((Case(row, "float32"), way) for row in ROWS_MOVED for way in ("from-reference", "to-reference")),
    *((Case(row, "float64"), "from-reference") for row in ROWS_MOVED),
    (Case(ROWS_MOVED[0], "float64"), "there-and-back"),
]


@pytest.mark.parametrize("case, way", MOVES, ids=lambda part: str(part))
def test_curve(place, backend, case, way):
    """After the move every weight, slot, metric and seed has its bits, and the curve is that of a model that stayed."""
    sides, stops = {True: backend, False: places.reference().backend}, WAYS[way]

    def move(run, done, chunk):
        if done in stops and done:
            before = run.state()
            assert run.model.to(sides[stops[done]].name) is run.model
            changed = unequal(run.state(), before)
            assert not changed, f"{case.id}: changed on the way to {sides[stops[done]].name}: {', '.join(changed)}"
        return chunk

    run = Run(case.row, case.dtype, sides[stops[0]])
    found = faults(case, run.curve(move))
    assert [bound.name for _, bound in run.witnesses] == [sides[stop].name for stop in stops.values()]
    assert not found, f"{case.id}, {way} on {backend.name}: {'; '.join(found[:5])} ({len(found)} in all)"
