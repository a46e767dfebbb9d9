"""The parity tool: honest backends agree, and the first line of a report names each fault that was planted."""

import numpy as np
import pytest

from polykeras import layers, losses, models, parity
from polykeras.errors import DataError
from polykeras.parity.budget import Budget, as_budget, measure
from tests import faults
from tests.parity_models import (
    IMAGES,
    LABELS,
    ROWS,
    SERIES,
    TARGETS,
    ZEROS,
    Outer,
    Skewed,
    Stopped,
    Threshold,
    Wild,
    Written,
    among_labels,
    compiled,
    lstm,
    network,
    varied,
)
from tests.twins import quick

# -- faults in a backend, in a layer --------------------------------------------------------------------

FAULTY = {
    "tie gradient": (lambda: network(Threshold(name="hinge")), ZEROS, TARGETS, dict(maximum=faults.first_wins),
                     "Threshold 'hinge', gradient of op maximum: numpy and faulty part at step 1 in the gradient of net/first/bias", "A9: at a tie"),
    "padding side": (lambda: network(layers.Conv2D(4, 3, strides=2, padding="same", name="stem"), shape=(6, 6, 3)), IMAGES, TARGETS,
                     dict(conv=faults.odd_place_first), "Conv2D 'stem', op conv: ", "B5: padding 'same' puts the odd place at the end"),
    "sigmoid": (lambda: network(layers.Activation("sigmoid", name="gate")), ROWS, TARGETS, dict(sigmoid=faults.a_little_off),
                "Activation 'gate', op sigmoid: ", "faulty is the one that is off"),
    "sigmoid within a loop": (lambda: network(layers.LSTM(3, name="memory"), shape=(6, 5)), SERIES, TARGETS, dict(sigmoid=faults.a_little_off),
                              "LSTM 'memory', op sigmoid: ", "faulty is the one that is off"),
    "sigmoid between layers": (lambda: network(Outer(layers.Dense(4, name="inner"), name="outer")), ROWS, TARGETS, dict(sigmoid=faults.a_little_off),
                               "Outer 'outer', op sigmoid: ", ""),
    "unbiased variance": (lambda: network(layers.BatchNormalization(name="norm")), ROWS, TARGETS, dict(fused={"moments": faults.unbiased}),
                          "BatchNormalization 'norm', fused op moments: ", "A4, C8: the variance is biased"),
    "gradient of a fused op": (lambda: network(layers.ReLU(name="cut")), ZEROS, TARGETS, dict(fused={"relu": faults.by_maximum}),
                               "ReLU 'cut', gradient of fused op relu: ", "A8: at 0"),
    "gradient of matmul": (network, ROWS, TARGETS, dict(matmul=faults.half_a_gradient), "Dense 'last', gradient of op matmul: ", "in the gradient of net/first/kernel"),
    "root of the optimizer": (network, ROWS, TARGETS, dict(sqrt=faults.a_root_too_large), "Adam 'adam", "A12: Keras's Adam"),
    "metric": (among_labels, ROWS, LABELS, dict(argmax=faults.last_of_equal), "SparseCategoricalAccuracy 'accuracy', op argmax: ", "B3"),
    "loss": (lambda: network(loss=losses.Huber(delta=0.5)), ROWS, TARGETS, dict(abs=faults.too_long),
             "Loss 'huber", "op abs"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTY)
def test_a_fault_in_a_backend(case):
    make, x, y, wrong, begins, tells = FAULTY[case]
    report = parity.compare(make(), x, y, backends=["numpy", faults.faulty(**dict(wrong))], steps=2, batch_size=8, free=False)
    first = str(report).splitlines()[0]
    assert first.startswith(begins) and tells in first and not report.agrees and report.margin < 1


def test_a_layer_that_is_another_on_one_backend():
    report = parity.compare(network(Skewed(name="odd")), ROWS, TARGETS, backends=["numpy", "torch"], steps=2, batch_size=8)
    assert str(report).startswith("Skewed 'odd', op multiply: numpy and torch part at step 1 in the forward of odd")
    assert "The layer does something else on torch: it calls multiply(float32[8, 4], 1.0001)." in report.headline
    assert report.first_divergence.op == "multiply" and report.first_divergence.phase == "forward"


def test_a_layer_that_stops_the_gradient_where_only_programs_run():
    report = parity.compare(network(Stopped(name="stop")), ROWS, TARGETS, backends=["numpy", "tensorflow_graph"], steps=1, batch_size=8, free=False)
    assert str(report).startswith("Stopped 'stop', gradient of op stop_gradient: numpy and tensorflow_graph part")


def test_a_fault_that_comes_late_is_found_in_its_step():
    def late(b, x):
        return b.where(b.less(x, b.full((), 5.0, b.dtype(x))), b.tanh(x), b.full((), 0.9, b.dtype(x)))

    x = np.concatenate([ROWS[:8], ROWS[8:] + 50.0])
    report = parity.compare(network(layers.Activation("tanh", name="squash")), x, TARGETS, backends=["numpy", faults.faulty(tanh=late)], steps=4, batch_size=8)
    assert report.first_divergence.step == 2 and report.first_divergence.layer == "squash" and report.first_divergence.op == "tanh"
    assert report.shares[0]["faulty"] < 1 < report.shares[1]["faulty"]


# -- honest backends -------------------------------------------------------------------------------------------


HONEST = {
    "varied": (varied, [IMAGES, ROWS]),
    "loop": (lstm, SERIES),
    "masked": (lambda: network(layers.Masking(), layers.GRU(3), shape=(6, 5)), SERIES * (np.arange(6) < 4)[:, None].astype("float32")),
    "step of its own": (lambda: compiled(Written()), ROWS),
}


@pytest.mark.parametrize("case", HONEST)
def test_honest_backends_agree_with_the_margin(case):
    make, x = HONEST[case]
    report = parity.compare(make(), x, TARGETS, backends=["numpy", "torch"], steps=4, batch_size=8)
    assert report.agrees and report.margin > 1, report.headline
    assert report.headline.startswith("numpy and torch agree over 4 steps") and len(report.curve) == 4


def test_a_model_that_amplifies_rounding_is_no_divergence():
    report = parity.compare(network(layers.Dense(64), Wild(name="wild")), np.tile(ROWS, (1, 9)).reshape(-1, 5), np.tile(TARGETS, (9, 1)), backends=["numpy", "jax"], steps=3)
    assert report.agrees and "the model itself amplifies rounding" in report.headline and "amplified" in str(report)
    excused = {row.tensor for row in report.rows if row.excused}
    assert "wild" in excused and "first" not in excused and not any(row.phase == "update" and row.excused for row in report.rows)


def test_a_fault_in_a_model_that_amplifies_rounding_is_found():
    backends = ["numpy", faults.faulty(sin=lambda b, x: b.multiply(b.sin(x), b.full((), 1.001, b.dtype(x))))]
    report = parity.compare(network(Wild(name="wild")), ROWS, TARGETS, backends=backends, steps=1)
    assert report.headline.startswith("Wild 'wild', op sin: ")


def test_more_than_two_backends_agree():
    report = parity.compare(network(layers.BatchNormalization(), layers.ReLU()), ROWS, TARGETS, backends=["torch", "jax", "tensorflow_graph"], steps=2, batch_size=8)
    assert report.agrees and report.headline.startswith("torch and jax and tensorflow_graph agree"), report.headline
    assert {row.backend for row in report.rows} == {"jax", "tensorflow_graph"}


def test_a_model_that_is_not_compiled_is_compared_in_its_outputs():
    model = models.Sequential([layers.Input((5,)), layers.Dense(3, name="only")], name="net")
    report = parity.compare(model, ROWS, backends=["numpy", "torch"], steps=2)
    assert report.agrees and {row.phase for row in report.rows} == {"forward", "state"}


def test_the_model_is_left_as_it_was():
    model = varied()
    model.compile("adam", "mse", metrics=["mae"], **quick("torch"))
    model.fit([IMAGES, ROWS], TARGETS, batch_size=8, verbose=0)
    variables = [*model.variables, *model.optimizer.variables]
    before = [variable.numpy() for variable in variables]
    homes = [variable.home for variable in variables]
    parity.compare(model, [IMAGES, ROWS], TARGETS, backends=["numpy", "torch"], steps=2, batch_size=8)
    assert all(np.array_equal(a, v.numpy()) for a, v in zip(before, variables)) and homes == [v.home for v in variables]
    assert model.backend == "torch"
    fresh = varied()
    parity.compare(fresh, [IMAGES, ROWS], TARGETS, backends=["numpy", "torch"], steps=2, batch_size=8)
    assert not fresh.optimizer.built and fresh.metric_plan is None


# -- budgets -------------------------------------------------------------------------------------------------


def test_the_budget_is_relative_to_the_largest_and_grows_with_the_root_of_the_step():
    assert Budget().allowed("float32", 1, 2.0) == 64 * 2.0**-23 * 2.0
    assert Budget().allowed("float64", 4, 1.0) == 64 * 2.0**-52 * 2
    assert Budget().allowed("int32", 9, 100.0) == 0


def test_what_is_measured():
    a = np.array([1.0, np.nan, np.inf, -4.0], "float32")
    gap = measure(a, a + np.array([0, 0, 0, 2.0**-20], "float32"), Budget())
    assert gap.gap == 2.0**-20 and gap.index == (3,) and gap.ulps == 2.0 and not gap.over
    assert measure(a, np.nan_to_num(a), Budget()).over
    assert measure(np.int32([3]), np.int32([4]), Budget()).over and not measure(np.int32([3]), np.int32([3]), Budget()).over
    assert measure(a, a[:3], Budget()).gap == np.inf and measure(a, a.astype("float64"), Budget()).over


def test_a_budget_may_be_given():
    faulty = lambda: faults.faulty(sigmoid=faults.a_little_off)
    model = network(layers.Activation("sigmoid", name="gate"))
    assert not parity.compare(model, ROWS, TARGETS, backends=["numpy", faulty()], steps=1, budget={"forward": 64}, free=False).agrees
    assert parity.compare(model, ROWS, TARGETS, backends=["numpy", faulty()], steps=1, budget=1e6, free=False).agrees
    for wrong in ({"backward": 3}, -1, "much"):
        with pytest.raises(ValueError, match="budget: expected"):
            as_budget(wrong)


def test_too_few_backends():
    with pytest.raises(DataError, match="expected at least two backends, got numpy"):
        parity.compare(network(), ROWS, TARGETS, backends=["numpy"])
