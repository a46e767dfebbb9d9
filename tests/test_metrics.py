"""Metrics against Keras 3.15.1 on every backend: several batches, weights, masks, edges, errors."""

import functools
import inspect
from typing import NamedTuple

import keras
import numpy as np
import oracle
import pytest

from polykeras import config, losses, masks, metrics, ops
from polykeras.errors import BackendMismatchError, ShapeError

random = np.random.default_rng(11)
SIZES = (6, 6, 3)  # the last batch is ragged


def batches(make):
    return [make(size) for size in SIZES]


def weighted(data, *weights):
    """Return batches with weights of these shapes behind the samples, drawn with some zeros."""
    return [(*given, random.integers(0, 4, (len(given[1]), *shape)) / 2) for given, shape in zip(data, weights or [()] * len(data))]


def masked(data):
    """Return batches whose predictions (samples, steps, ...) carry a mask."""
    return [(*given, None, random.random(np.shape(given[1])[:2]) < 0.7) for given in data]


NUMBERS = batches(lambda n: (random.normal(size=(n, 3)), random.normal(size=(n, 3))))
STEPS = batches(lambda n: (random.normal(size=(n, 5, 2)), random.normal(size=(n, 5, 2))))
SHARES = batches(lambda n: (random.dirichlet(np.ones(3), n), random.dirichlet(np.ones(3), n)))
BITS = batches(lambda n: ((random.random((n, 3)) < 0.5).astype(np.int32), random.random((n, 3))))
COLUMN = batches(lambda n: ((random.random((n,)) < 0.5).astype(np.int32), random.random((n,))))
TALL = batches(lambda n: ((random.random((n,)) < 0.5).astype(np.int32), random.random((n, 1))))
ONE_HOT = batches(lambda n: (np.eye(6)[random.integers(0, 6, n)], random.dirichlet(np.ones(6), n)))
CLASSES = batches(lambda n: (random.integers(0, 6, n), random.dirichlet(np.ones(6), n)))
CLASS_COLUMN = batches(lambda n: (random.integers(0, 6, (n, 1)).astype(np.uint8), random.dirichlet(np.ones(6), n)))
STEP_CLASSES = batches(lambda n: (random.integers(0, 6, (n, 5)), random.dirichlet(np.ones(6), (n, 5))))
STEP_ONE_HOT = batches(lambda n: (np.eye(6)[random.integers(0, 6, (n, 5))], random.dirichlet(np.ones(6), (n, 5))))
TIES = [(np.array([1, 2, 0, 3]), np.array([[1.0, 2, 2, 2], [0, 0, 0, 0], [0, 1, 2, 3], [5, 5, 5, 1]]))]
RANKED = [(np.array([1, 2, 0]), np.array([[3, 1, 2], [1, 2, 0], [1, 2, 3]]))]
PERFECT = [(np.array([0, 1, 1, 0]), np.array([0.0, 1.0, 1.0, 0.0]))]
WRONG = [(np.array([0, 1, 1, 0]), np.array([1.0, 0.0, 0.0, 1.0]))]
NO_POSITIVES = [(np.zeros(4), np.array([0.1, 0.6, 0.7, 0.2]))]
NO_NEGATIVES = [(np.ones(4), np.array([0.1, 0.6, 0.7, 0.2]))]
AT_THRESHOLDS = [(np.arange(12) % 3 > 0, np.arange(12) / 11)]
ZERO_WEIGHTS = [(*COLUMN[0], np.zeros(6))]
SEGMENTS = batches(lambda n: (random.integers(0, 3, (n, 4)), random.integers(0, 3, (n, 4))))
SEGMENT_ODDS = batches(lambda n: (np.eye(3)[random.integers(0, 3, (n, 4))], random.random((n, 4, 3))))


class Case(NamedTuple):
    """One metric over some batches: (y_true, y_pred, weight or None, mask or None), or (values, weight)."""

    name: str
    data: list
    arguments: dict = {}

    @property
    def label(self):
        shown = [f"{key}={value}" for key, value in self.arguments.items()]
        given = self.data[0]
        extra = ("-weight" + "x".join(map(str, np.shape(given[2])))) if len(given) > 2 and given[2] is not None else ""
        return "-".join([self.name, "x".join(map(str, np.shape(given[0]))), *shown]) + extra + ("-mask" if len(given) > 3 else "")

    def made(self, module):
        return getattr(module, self.name)(**self.arguments)


def case(name, data, **arguments):
    return Case(name, data, arguments)


def update(metric, given, set_mask):
    """Take one batch into a metric of either library."""
    given, mask = (given[:3], given[3]) if len(given) > 3 else (given, None)
    if mask is not None:
        set_mask(given[1], mask)
    metric.update_state(*given)


MEANS = ("MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "LogCoshError", "CosineSimilarity", "MeanSquaredLogarithmicError")
COUNTS = ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")
RATES = {"SensitivityAtSpecificity": "specificity", "SpecificityAtSensitivity": "sensitivity", "PrecisionAtRecall": "recall", "RecallAtPrecision": "precision"}
VALUES = [(random.normal(size=(6, 3)),), (random.normal(size=(3, 3)),)]
CASES = [
    # sums and means
    *(case(name, VALUES) for name in ("Mean", "Sum")),
    *(case(name, [(np.array(2.5),), (np.array(-1.0),)]) for name in ("Mean", "Sum")),
    *(case(name, [(np.array(2.5), np.array(32)), (np.array(-1.0), np.array(7))]) for name in ("Mean", "Sum")),
    *(case(name, [(values, np.array([0.5, 0, 2, 1, 1, 3])[: len(values)]) for (values,) in VALUES]) for name in ("Mean", "Sum")),
    *(case(name, [(values, random.random((len(values), 3))) for (values,) in VALUES]) for name in ("Mean", "Sum")),
    *(case(name, [(values, np.ones((len(values), 1)) * 2) for (values,) in VALUES]) for name in ("Mean", "Sum")),
    *(case(name, [(values, np.array(2.0)) for (values,) in VALUES]) for name in ("Mean", "Sum")),
    *(case(name, [(random.normal(size=(4, 5, 2)), random.random((4, 5)))]) for name in ("Mean", "Sum")),
    case("Mean", [(np.arange(6), np.zeros(6))]),
    case("Mean", [(np.arange(6, dtype=np.int64),)]),
    case("Mean", [(np.array([True, False]),)]),
    # means of functions
    *(case(name, NUMBERS) for name in MEANS),
    *(case(name, weighted(NUMBERS)) for name in MEANS),
    *(case(name, STEPS) for name in MEANS),
    *(case(name, weighted(STEPS, (5,), (5,), ())) for name in MEANS),
    *(case(name, masked(STEPS)) for name in MEANS if name != "RootMeanSquaredError"),
    *(case(name, [(NUMBERS[0][0], NUMBERS[0][0])]) for name in MEANS),
    case("MeanSquaredError", [(*given[:2], random.random((len(given[0]), 5)), random.random((len(given[0]), 5)) < 0.5) for given in STEPS]),
    case("MeanSquaredError", [(given[0][:, 0], given[1][:, :1]) for given in NUMBERS]),
    case("MeanAbsolutePercentageError", [(y_true + 5, y_pred) for y_true, y_pred in NUMBERS]),
    case("CosineSimilarity", STEPS, axis=1),
    *(case(name, SHARES) for name in ("KLDivergence", "Poisson", "PearsonCorrelation", "ConcordanceCorrelation")),
    *(case(name, weighted(SHARES)) for name in ("KLDivergence", "Poisson", "PearsonCorrelation", "ConcordanceCorrelation")),
    case("PearsonCorrelation", NUMBERS, axis=0),
    *(case(name, [(labels, y_pred) for (labels, _), (_, y_pred) in zip(BITS, NUMBERS)]) for name in ("Hinge", "SquaredHinge")),
    case("CategoricalHinge", ONE_HOT),
    case("BinaryCrossentropy", BITS),
    case("BinaryCrossentropy", BITS, label_smoothing=0.2),
    case("BinaryCrossentropy", [(labels, y_pred) for (labels, _), (_, y_pred) in zip(BITS, NUMBERS)], from_logits=True),
    case("CategoricalCrossentropy", ONE_HOT, label_smoothing=0.1),
    case("CategoricalCrossentropy", weighted(STEP_ONE_HOT, (5,), (5,), (5,))),
    case("SparseCategoricalCrossentropy", CLASSES),
    case("SparseCategoricalCrossentropy", weighted(STEP_CLASSES, (1,), (1,), ())),
    case("SparseCategoricalCrossentropy", STEP_CLASSES, ignore_class=2),
    case("SparseCategoricalCrossentropy", weighted(STEP_CLASSES, (5,), (5,), (5,)), ignore_class=2),
    *(case("R2Score", data, **more) for data in (NUMBERS, weighted(NUMBERS)) for more in (
        {}, {"class_aggregation": None}, {"class_aggregation": "variance_weighted_average"}, {"num_regressors": 2}, {"num_regressors": 100})),
    # accuracies
    case("Accuracy", [(np.round(y_true), np.round(y_pred)) for y_true, y_pred in NUMBERS]),
    case("Accuracy", [(given[0], np.round(given[1]), *given[2:]) for given in weighted(BITS)]),
    *(case("BinaryAccuracy", data) for data in (BITS, COLUMN, TALL, weighted(BITS), weighted(TALL))),
    case("BinaryAccuracy", BITS, threshold=0.8),
    case("BinaryAccuracy", [(np.array([0, 1, 1]), np.array([0.5, 0.5, 0.75]))]),
    case("BinaryAccuracy", [(labels.astype(bool), y_pred) for labels, y_pred in BITS]),
    case("BinaryAccuracy", [(labels[:, :, None].repeat(2, 2), y_pred[:, :, None].repeat(2, 2)) for labels, y_pred in BITS]),
    *(case("CategoricalAccuracy", data) for data in (ONE_HOT, STEP_ONE_HOT, weighted(ONE_HOT), masked(STEP_ONE_HOT))),
    case("CategoricalAccuracy", [(np.eye(4)[labels], scores) for labels, scores in TIES]),
    *(case("SparseCategoricalAccuracy", data) for data in (CLASSES, CLASS_COLUMN, STEP_CLASSES, TIES, masked(STEP_CLASSES))),
    *(case("SparseCategoricalAccuracy", weighted(data)) for data in (CLASSES, CLASS_COLUMN, STEP_CLASSES)),
    case("SparseCategoricalAccuracy", weighted(STEP_CLASSES, (1,), (1,), ())),
    case("SparseCategoricalAccuracy", [(labels.astype("float32"), y_pred) for labels, y_pred in CLASSES]),
    *(case("TopKCategoricalAccuracy", ONE_HOT, k=k) for k in (1, 3, 5)),
    case("TopKCategoricalAccuracy", STEP_ONE_HOT, k=2),
    case("TopKCategoricalAccuracy", [(np.eye(4)[labels], scores) for labels, scores in TIES], k=2),
    case("TopKCategoricalAccuracy", weighted(ONE_HOT), k=2),
    *(case("SparseTopKCategoricalAccuracy", data, k=2) for data in (CLASSES, CLASS_COLUMN, STEP_CLASSES, TIES, weighted(CLASSES))),
    case("SparseTopKCategoricalAccuracy", TIES, k=1),
    case("SparseTopKCategoricalAccuracy", RANKED, k=2, from_sorted_ids=True),
    # counts at thresholds
    *(case(name, data) for name in COUNTS for data in (COLUMN, BITS, weighted(BITS), TALL, PERFECT)),
    *(case(name, weighted(BITS, (3,), (3,), ()), thresholds=[0.2, 0.7]) for name in COUNTS),
    *(case(name, AT_THRESHOLDS, thresholds=[0.0, 0.5, 1.0]) for name in COUNTS),
    *(case(name, data) for name in ("Precision", "Recall") for data in (COLUMN, weighted(COLUMN), BITS, PERFECT, WRONG, NO_POSITIVES, NO_NEGATIVES, ZERO_WEIGHTS)),
    *(case(name, BITS, thresholds=[0.1, 0.5, 0.8]) for name in ("Precision", "Recall")),
    *(case(name, BITS, thresholds=0.3) for name in ("Precision", "Recall")),
    *(case(name, BITS, class_id=1) for name in ("Precision", "Recall")),
    *(case(name, weighted(ONE_HOT), top_k=2) for name in ("Precision", "Recall")),
    *(case(name, ONE_HOT, top_k=3, class_id=2) for name in ("Precision", "Recall")),
    *(case(name, ONE_HOT, top_k=3, thresholds=0.2) for name in ("Precision", "Recall")),
    *(case(name, data, **{argument: 0.4}) for name, argument in RATES.items() for data in (COLUMN, weighted(COLUMN))),
    *(case(name, COLUMN, **{argument: 0.6}, num_thresholds=1) for name, argument in RATES.items()),
    *(case(name, AT_THRESHOLDS, **{argument: 0.6}, num_thresholds=12) for name, argument in RATES.items()),
    *(case(name, BITS, **{argument: 0.5}, num_thresholds=7, class_id=0) for name, argument in RATES.items()),
    # areas
    *(case("AUC", data) for data in (COLUMN, TALL, weighted(COLUMN), PERFECT, WRONG, NO_POSITIVES, NO_NEGATIVES, ZERO_WEIGHTS, AT_THRESHOLDS)),
    *(case("AUC", AT_THRESHOLDS, num_thresholds=12, curve=curve, summation_method=method)
      for curve in ("ROC", "PR", "PRGAIN") for method in ("interpolation", "minoring", "majoring")),
    *(case("AUC", weighted(COLUMN), curve=curve) for curve in ("PR", "PRGAIN")),
    *(case("AUC", data, curve="PR") for data in (PERFECT, NO_POSITIVES)),
    case("AUC", COLUMN, thresholds=[0.9, 0.2, 0.4]),
    case("AUC", AT_THRESHOLDS, thresholds=[0.25, 0.5, 0.75]),
    case("AUC", [(labels, y_pred) for (labels, _), (_, y_pred) in zip(BITS, NUMBERS)], from_logits=True),
    *(case("AUC", BITS, multi_label=True, curve=curve, label_weights=weights) for curve in ("ROC", "PR") for weights in (None, [1.0, 0.0, 3.0])),
    case("AUC", BITS, multi_label=True, num_labels=3, thresholds=[0.3, 0.8]),
    case("AUC", weighted(BITS), multi_label=True, thresholds=[0.3, 0.8]),
    case("AUC", weighted(BITS), multi_label=True),
    case("AUC", BITS, label_weights=[1.0, 0.0, 3.0]),
    case("AUC", weighted(BITS, (3,), (3,), ()), label_weights=[1.0, 0.5, 3.0], thresholds=[0.3, 0.8]),
    # F-scores and overlap
    *(case("F1Score", data, average=how) for how in (None, "micro", "macro", "weighted") for data in (ONE_HOT, weighted(ONE_HOT))),
    *(case("FBetaScore", BITS, average=how, beta=2.0, threshold=0.5) for how in (None, "micro", "macro", "weighted")),
    case("F1Score", [(np.array([[1, 0], [0, 1]]), np.zeros((2, 2)))]),
    case("IoU", SEGMENTS, num_classes=3, target_class_ids=[0, 2]),
    case("MeanIoU", SEGMENTS, num_classes=3),
    case("MeanIoU", SEGMENTS, num_classes=3, ignore_class=1),
    case("MeanIoU", [(y_true, y_pred - 1) for y_true, y_pred in SEGMENTS], num_classes=3),  # some out of range
    case("MeanIoU", [(*given, random.integers(0, 3, np.shape(given[0]))) for given in SEGMENTS], num_classes=3),
    case("MeanIoU", [(*given, random.random(np.shape(given[0]))) for given in SEGMENTS], num_classes=3, dtype="float32"),
    case("BinaryIoU", BITS, threshold=0.3),
    case("BinaryIoU", BITS, target_class_ids=[1]),
    case("OneHotIoU", SEGMENT_ODDS, num_classes=3, target_class_ids=[0, 2]),
    case("OneHotMeanIoU", SEGMENT_ODDS, num_classes=3),
    case("OneHotMeanIoU", [(y_true, y_pred[..., 0].round().astype(int)) for y_true, y_pred in SEGMENT_ODDS], num_classes=3, sparse_y_pred=True),
]  # fmt: skip
LABELS = [f"{index}-{one.label}" for index, one in enumerate(CASES)]
CHUNK = 40  # compiling a program takes longer than its two halves
SLOW = ("jax", "tensorflow_graph")  # where each operation outside a program is compiled by itself


def given_in(dtype, number):
    """Return the batch of a number of each case; a case that has fewer starts again."""
    return [tuple(oracle.as_dtype(x, dtype) for x in one.data[number % len(one.data)]) for one in CASES]


def numbers(dtype):
    """Return which batches are taken in: the ragged last one in float32 only."""
    return range(2 if dtype == "float64" else 3)


def chosen(backend, dtype):
    """Return the numbers of the cases that are run on a backend in a dtype."""
    return range(0, len(CASES), 24 if dtype == "float32" and backend in SLOW else 1)


@functools.cache
def expected(dtype):
    """Return Keras's results, after all batches and after a reset."""

    def set_mask(y_pred, mask):
        y_pred._keras_mask = keras.ops.convert_to_tensor(mask)

    with oracle.floatx(dtype):
        made = [one.made(keras.metrics) for one in CASES]
        for number in numbers(dtype):
            for metric, given in zip(made, given_in(dtype, number)):
                update(metric, [x if x is None or place == 3 else keras.ops.convert_to_tensor(x) for place, x in enumerate(given)], set_mask)
        results = [oracle.numpy_of(metric.result()) for metric in made]
        for metric in made:
            metric.reset_state()
        return results, [oracle.numpy_of(metric.result()) for metric in made]


@functools.cache
def in_a_program(backend):
    """Return the results after all batches, in float64, every batch one run of the same program."""
    results = []
    with oracle.floatx("float64"):
        for start in range(0, len(CASES), CHUNK):
            results += _chunk(backend, slice(start, start + CHUNK))
    return results


def _chunk(backend, part):
    made = [one.made(metrics) for one in CASES[part]]

    def step(arrays):
        for metric, given in zip(made, arrays):
            update(metric, given, masks.set_mask)
        return [metric.result() for metric in made]

    run = oracle.program(step, given_in("float64", 0)[part], backend)
    results = [run(given_in("float64", number)[part]) for number in numbers("float64")][-1]
    reset = oracle.run(lambda _: [metric.reset_state() or metric.variables for metric in made], [np.zeros(1)], backend)
    assert all((value == 0).all() for values in reset for value in values)
    return results


@functools.cache
def outside(backend):
    """Return {case: results} after all batches and after a reset, in float32, outside any program."""
    before = config._settings["backend"]
    config.set_backend(backend)
    try:
        made = {index: CASES[index].made(metrics) for index in chosen(backend, "float32")}
        for number in numbers("float32"):
            arrays = given_in("float32", number)
            for index, metric in made.items():
                update(metric, arrays[index], masks.set_mask)
        results = {index: ops.convert_to_numpy(metric.result()) for index, metric in made.items()}
        for metric in made.values():
            metric.reset_state()
        return results, {index: ops.convert_to_numpy(metric.result()) for index, metric in made.items()}
    finally:
        config._settings["backend"] = before


def bound(index, dtype):
    """Return how far a result may be off; intersection over union Keras works out in float32 always."""
    return oracle.BOUND["float32" if "IoU" in CASES[index].name else dtype]


@pytest.mark.parametrize("index", range(len(CASES)), ids=LABELS)
def test_result_in_a_program_is_that_of_keras(judged, index):
    oracle.assert_close(in_a_program(judged)[index], expected("float64")[0][index], bound(index, "float64"), LABELS[index])


@pytest.mark.parametrize("index", range(len(CASES)), ids=LABELS)
def test_result_outside_any_program_is_that_of_keras(backend, index):
    if index in chosen(backend, "float32"):
        for ours, theirs in zip(outside(backend), expected("float32")):
            oracle.assert_close(ours[index], theirs[index], bound(index, "float32"), LABELS[index])
