"""Lane of losses and metrics: value and gradient of each loss; state and result of each metric after every batch."""

import pytest

from polykeras import losses, metrics
from polykeras_conformance.cases import composed, firsts, in_programs, thinned
from polykeras_conformance.loss_cases import MetricCase, loss_case
from polykeras_conformance.tables import losses as table

LOSSES = {dtype: [loss_case(row, dtype) for row in table.LOSSES] for dtype in ("float32", "float64")}
METRICS = {dtype: [MetricCase(row, dtype) for row in table.METRICS] for dtype in ("float32", "float64")}
EAGER = ("Mean", "Accuracy", "Precision")  # metrics of which all others are variations
METRICS["float64"] = firsts(METRICS["float64"])
composed(LOSSES["float32"]), in_programs(LOSSES["float64"]), in_programs(METRICS["float64"])
for case in thinned(METRICS["float32"]):
    case.eager = case.eager and case.id.partition("-")[0] in EAGER


@pytest.mark.parametrize("module, rows", [(losses, table.LOSSES), (metrics, table.METRICS)], ids=["losses", "metrics"])
def test_every_class_has_a_case(module, rows):
    """Each loss class and each metric class stands in its table."""
    found = {name for name in module.__all__ if isinstance(getattr(module, name), type)}
    assert found - {"Loss", "Metric"} == {row.id.partition("-")[0] for row in rows}


@pytest.mark.parametrize("case", LOSSES["float32"], ids=repr)
def test_loss_float32(place, case, bench):
    """Value and gradient in float32 are the reference's."""
    bench.check(place, case, LOSSES["float32"])


@pytest.mark.parametrize("case", LOSSES["float64"], ids=repr)
def test_loss_float64(place, case, bench):
    """Value and gradient in float64 are the reference's."""
    bench.check(place, case, LOSSES["float64"])


@pytest.mark.parametrize("case", METRICS["float32"], ids=repr)
def test_metric_float32(place, case, bench):
    """State and result in float32 are the reference's, batch after batch."""
    bench.check(place, case, METRICS["float32"])


@pytest.mark.parametrize("case", METRICS["float64"], ids=repr)
def test_metric_float64(place, case, bench):
    """State and result in float64 are the reference's, batch after batch."""
    bench.check(place, case, METRICS["float64"])
