"""Lane 3: the abstract backend: what it predicts of shapes and dtypes is what every place gives.

Every other lane holds each place to the reference's shapes and dtypes, so the predictions for sizes
that are known are held against the reference alone; sizes that are not known yet are tried everywhere.
"""

import pytest

from polykeras_conformance import places, test_layers, test_ops, test_primitives, unknown
from polykeras_conformance.layer_shapes import check_shapes
from polykeras_conformance.tables import unknown as table

CALLS = {repr(case): case for case in [*test_primitives.CASES, *test_ops.CASES]}


@pytest.mark.parametrize("case", CALLS.values(), ids=repr)
def test_prediction(case):
    """The shapes and dtypes predicted for a call are the reference's."""
    made = places.reference().run(case.function, case.arrays)
    predicted = places.predicted(case.function, case.arrays)
    assert [(x.sizes, x.dtype) for x in predicted] == [(x.shape, x.dtype.name) for x in made]


@pytest.mark.parametrize("row", test_layers.ROWS, ids=repr)
def test_layer_shape(row):
    """compute_output_shape knows the shapes that a layer gives, with the batch known and unknown."""
    check_shapes(row)


@pytest.mark.parametrize("case", table.CASES, ids=repr)
def test_unknown_batch(place, case, bench):
    """One program serves batches of every size, with the shapes predicted and the reference's numbers."""
    unknown.check(bench, place, case, table.CASES)
