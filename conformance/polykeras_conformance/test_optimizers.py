"""Lane of optimizers: every one with its settings and schedules: weights and slots, step by step, against the reference."""

import pytest

from polykeras import optimizers
from polykeras_conformance.cases import in_programs, thinned
from polykeras_conformance.herd import Case, check
from polykeras_conformance.tables.optimizers import ROWS

SINGLE = thinned([Case(row, "float32") for row in ROWS])
DOUBLE = in_programs([Case(row, "float64") for row in ROWS])


def test_every_optimizer_has_a_case():
    """Each optimizer class stands in the table."""
    found = {name for name, member in vars(optimizers).items() if isinstance(member, type) and name in optimizers.__all__}
    assert found - {"Optimizer"} == {row.id.partition("-")[0] for row in ROWS}


@pytest.mark.parametrize("case", SINGLE, ids=repr)
def test_float32(place, case, bench):
    """The optimizer does in float32 what it does on the reference."""
    check(bench, place, case, SINGLE)


@pytest.mark.parametrize("case", DOUBLE, ids=repr)
def test_float64(place, case, bench):
    """The optimizer does in float64 what it does on the reference."""
    check(bench, place, case, DOUBLE)
