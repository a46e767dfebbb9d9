"""Lane 1: every primitive, on tables of edge values, against the reference."""

import pytest

from polykeras import contract
from polykeras_conformance.cases import thinned
from polykeras_conformance.tables import axes, elementwise, shapes, windows

# eagerly, each primitive on each combination of dtypes once: its functions are those of programs
CASES = thinned(
    [*elementwise.CASES, *axes.CASES, *windows.CASES, *shapes.CASES],
    lambda case: (case.group, *(x.dtype.name for x in case.arrays)),
)


def test_every_primitive_has_a_case():
    """Each primitive of the contract stands in some table."""
    assert set(contract.PRIMITIVES) == {case.group for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_value(place, case, bench):
    """The primitive gives what the reference gives."""
    bench.check(place, case, CASES)
