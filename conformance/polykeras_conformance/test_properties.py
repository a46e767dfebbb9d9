"""Lane of random calls: every primitive on shapes, dtypes and numbers that hypothesis draws, against the reference, within the same budgets.

It runs where it is asked for: --pk-lane=properties, or --pk-random beside the other lanes. The same calls are drawn each time,
others with --pk-seed.
"""

import pytest
from hypothesis import HealthCheck, given, seed, settings

from polykeras import contract, dtypes
from polykeras_conformance import properties_shapes  # noqa: F401  it enters its recipes
from polykeras_conformance.cases import Bench
from polykeras_conformance.properties import RECIPES, calls

EXAMPLES = {"eager": 60, "program": 6}  # a program is compiled for each call
QUIET = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck), "report_multiple_bugs": False, "print_blob": False}


def test_every_primitive_has_a_recipe():
    """Each primitive of the contract can be drawn."""
    assert set(contract.PRIMITIVES) == set(RECIPES)


@pytest.mark.parametrize("primitive", RECIPES)
def test_value(place, primitive, request):
    """What is drawn gives what the reference gives."""
    known = [dtype for dtype in dtypes.ALL if not place.lacks({dtype})]
    chosen = request.config.getoption("--pk-seed")

    @settings(max_examples=EXAMPLES[place.mode], derandomize=chosen is None, **QUIET)
    @given(calls(primitive, known))
    def holds(case):
        Bench().check(place, case, [case])

    (holds if chosen is None else seed(chosen)(holds))()
