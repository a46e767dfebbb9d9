"""Lane 2: gradients, against the reference's, against central differences, and at corners against the contract."""

import pytest

from polykeras import contract
from polykeras_conformance import budgets, gradients, test_ops
from polykeras_conformance.cases import firsts, in_programs, thick, thinned
from polykeras_conformance.tables import corners, smooth

NOT_DIFFERENTIABLE = {name for name, entry in contract.PRIMITIVES.items() if not entry.gradient or entry.gradient == contract.NONE}
OPS = [case for case in test_ops.CASES if case.smooth]

# An op's gradient is that of its primitives: one case of each is tried, in programs. All windows and shapes are tried
# in float64; in float32, and twice, a few of each primitive; eagerly, one.
SINGLE = [
    *thinned([gradients.of_case(case, "float32") for case in thick(smooth.CASES, 4)]),
    *in_programs([gradients.of_case(case, "float32") for case in firsts(OPS)]),
]
DOUBLE = in_programs([gradients.of_case(case, "float64") for case in [*smooth.CASES, *firsts(OPS)]])
TWICE = thick([case for case in smooth.CASES if case.group not in NOT_DIFFERENTIABLE], 4)
CORNERS = thinned(corners.CASES)
SECOND = in_programs([gradients.of_case(case, "float64", 2, needs=("second_order",)) for case in TWICE])


def test_every_differentiable_primitive_has_a_case():
    """Each primitive with a gradient stands in the table of smooth cases."""
    assert {name for name in contract.PRIMITIVES if name not in NOT_DIFFERENTIABLE} - {"cast"} <= {case.group for case in smooth.CASES}


@pytest.mark.parametrize("case", SINGLE, ids=repr)
def test_float32(place, case, bench):
    """The gradient in float32 is the reference's."""
    bench.check(place, case, SINGLE)


@pytest.mark.parametrize("case", DOUBLE, ids=repr)
def test_float64(place, case, bench):
    """The gradient in float64 is the reference's, and that of central differences."""
    bench.check(place, case, DOUBLE)
    text = gradients.disagreement(case, bench.outcome(place, case, DOUBLE).arrays, budgets.DIFFERENCES)
    assert not text, f"{case.id} on {place}: {text}"


@pytest.mark.parametrize("case", SECOND, ids=repr)
def test_second_order(place, case, bench):
    """The gradient of a gradient is the reference's, and that of central differences."""
    bench.check(place, case, SECOND)
    text = gradients.disagreement(case, bench.outcome(place, case, SECOND).arrays, budgets.DIFFERENCES)
    assert not text, f"{case.id} on {place}: {text}"


@pytest.mark.parametrize("case", CORNERS, ids=repr)
def test_corner(place, case, bench):
    """At ties and edges the gradient is the one that the contract names."""
    bench.check(place, case, CORNERS)
