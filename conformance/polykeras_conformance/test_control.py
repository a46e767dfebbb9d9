"""Lane 8: choices and loops: values, and gradients against the reference's and central differences."""

import pytest

from polykeras_conformance import budgets, gradients
from polykeras_conformance.tables import control

SLOPES = [case for case in control.CASES if case.operation == "value_and_grad"]


@pytest.mark.parametrize("case", control.CASES, ids=repr)
def test_value(place, case, bench):
    """The choice or loop gives what the reference gives."""
    bench.check(place, case, control.CASES)


@pytest.mark.parametrize("case", SLOPES, ids=repr)
def test_differences(place, case, bench):
    """Its gradient is that of central differences."""
    text = gradients.disagreement(case, bench.outcome(place, case, control.CASES).arrays, budgets.DIFFERENCES)
    assert not text, f"{case.id} on {place}: {text}"
