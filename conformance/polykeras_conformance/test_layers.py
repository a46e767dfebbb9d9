"""Lane 9: every layer with several settings: outputs, masks, added losses, state, constraints and gradients."""

import pytest

from polykeras import layers
from polykeras_conformance.cases import composed, firsts, in_programs
from polykeras_conformance.layer_cases import cases, check
from polykeras_conformance.tables import layers as table
from polykeras_conformance.tables import recurrent_layers

ROWS = [*table.ROWS, *recurrent_layers.ROWS]
SINGLE = composed(cases(ROWS, "float32"))
DOUBLE = in_programs(firsts(cases(ROWS, "float64")))  # one case of each: the formulas are those of float32
ABSTRACT = {"Layer", "InputSpec", "Input", "InputLayer"}  # no arithmetic of their own


def test_every_layer_has_a_case():
    """Each layer class stands in a table, or is another's second name."""
    found = {layers.__dict__[name].__name__ for name in layers.__all__ if isinstance(layers.__dict__[name], type)}
    assert found - ABSTRACT <= {row.id.partition("-")[0] for row in ROWS} | {"RNN"}


@pytest.mark.parametrize("case", SINGLE, ids=repr)
def test_float32(place, case, bench):
    """The layer gives in float32 what the reference gives."""
    check(bench, place, case, SINGLE)


@pytest.mark.parametrize("case", DOUBLE, ids=repr)
def test_float64(place, case, bench):
    """The layer gives in float64 what the reference gives."""
    check(bench, place, case, DOUBLE)
