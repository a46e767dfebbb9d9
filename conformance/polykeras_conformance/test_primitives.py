"""Lane 1: every primitive, on tables of edge values, against the reference."""

import pytest

from polykeras import contract
from polykeras_conformance.cases import Bench
from polykeras_conformance.tables import axes, elementwise, shapes, windows

CASES = [*elementwise.CASES, *axes.CASES, *windows.CASES, *shapes.CASES]


def test_every_primitive_has_a_case():
    """Each primitive of the contract stands in some table."""
    assert set(contract.PRIMITIVES) == {case.group for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_value(place, case, bench):
    """The primitive gives what the reference gives."""
    bench.check(place, case, CASES)
