"""Lane 6: the ops, composed of primitives, against the reference: values, shapes, dtypes."""

import pytest

from polykeras_conformance.cases import composed
from polykeras_conformance.tables import ops_elementwise, ops_nn, ops_reduce, ops_shapes

CASES = composed([*ops_elementwise.CASES, *ops_reduce.CASES, *ops_shapes.CASES, *ops_nn.CASES])


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_value(place, case, bench):
    """The op gives what the reference gives."""
    bench.check(place, case, CASES)
