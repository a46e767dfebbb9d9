"""Rows of losses and metrics: each with weights, masks and its settings, on batches of which the last is short."""

import numpy as np

from polykeras_conformance.cases import numbers
from polykeras_conformance.loss_cases import Batch, Row

SIZES = (6, 3)
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)


def shares(label, *shape):
    """Return positive numbers that sum to 1 along the last axis."""
    made = numbers(label, shape, "float64", 0.05, 1)
    return made / made.sum(-1, keepdims=True)


def classes(label, high, *shape):
    """Return class numbers."""
    return numbers(label, shape, "int32", 0, high)


def one_hot(label, high, *shape):
    """Return one-hot rows."""
    return np.eye(high)[classes(label, high, *shape)]


def real(label, *shape):
    """Return numbers from -2 to 2."""
    return numbers(label, shape, "float64")


def odds(label, *shape):
    """Return numbers from 0 to 1."""
    return numbers(label, shape, "float64", 0, 1)


DATA = {  # name: function of the number of samples that returns (y_true, y_pred)
    "numbers": lambda n: (real("t", n, 3), real("p", n, 3)),
    "positive": lambda n: (odds("t", n, 3) + 0.5, odds("p", n, 3) + 0.5),
    "steps": lambda n: (real("t", n, 4, 3), real("p", n, 4, 3)),
    "shares": lambda n: (shares("t", n, 3), shares("p", n, 3)),
    "signs": lambda n: (classes("t", 2, n, 3), real("p", n, 3)),
    "bits": lambda n: (classes("t", 2, n, 3), odds("p", n, 3)),
    "column": lambda n: (classes("t", 2, n), odds("p", n)),
    "logits": lambda n: (classes("t", 2, n, 3), 4 * real("p", n, 3)),
    "one-hot": lambda n: (one_hot("t", 4, n), shares("p", n, 4)),
    "one-hot-logits": lambda n: (one_hot("t", 4, n), 3 * real("p", n, 4)),
    "one-hot-steps": lambda n: (one_hot("t", 4, n, 4), shares("p", n, 4, 4)),
    "classes": lambda n: (classes("t", 4, n), shares("p", n, 4)),
    "class-logits": lambda n: (classes("t", 4, n), 3 * real("p", n, 4)),
    "class-steps": lambda n: (classes("t", 4, n, 4), shares("p", n, 4, 4)),
    "two-labels": lambda n: (classes("t", 2, n), real("p", n, 3) / 4),
    "equal": lambda n: (np.round(real("t", n, 3)), np.round(real("p", n, 3))),
    "segments": lambda n: (classes("t", 3, n, 4), classes("p", 3, n, 4)),
    "segment-odds": lambda n: (one_hot("t", 3, n, 4), odds("p", n, 4, 3)),
    "values": lambda n: (None, real("p", n, 3)),
}


def batches(data, sizes, weight=None, mask=False):
    """Return Batches; weight is the shape of one sample's weights, some of which are 0."""
    made = []
    for number, size in enumerate(sizes):
        y_true, y_pred = DATA[data](size)
        weights = None if weight is None else numbers(f"w{number}", (size, *weight), "int32", 0, 4) / 2
        made.append(Batch(y_true, y_pred, weights, odds(f"m{number}", *np.shape(y_pred)[:2]) < 0.6 if mask else None))
    return made


def loss(name, data, weight=None, mask=False, **arguments):
    """Return the Row of a loss on a batch."""
    return _row("losses", (4,), name, data, weight, mask, arguments)


def metric(name, data, weight=None, mask=False, **arguments):
    """Return the Row of a metric on several batches."""
    return _row("metrics", SIZES, name, data, weight, mask, arguments)


def _row(module, sizes, name, data, weight, mask, arguments):
    extra = [f"{key}-{value}" for key, value in arguments.items()]
    extra += ["weight", *map(str, weight)] if weight is not None else []
    make = lambda k: getattr(getattr(k, module), name)(**arguments)
    return Row("-".join([name, data, *extra, *(["mask"] if mask else [])]), data, make, batches(data, sizes, weight, mask))


def wrapped(module, sizes, name, data, function):
    """Return the Row of a function made a loss or a metric."""
    make = lambda k: getattr(getattr(k, module), name)(lambda y_true, y_pred: function(k, y_true, y_pred))
    return Row(f"{name}-{data}", data, make, batches(data, sizes, ()))


PAIRS = ("MeanSquaredError", "MeanAbsoluteError", "CosineSimilarity")
CUBED = lambda k, y_true, y_pred: k.ops.mean(k.ops.power(k.ops.absolute(y_true - y_pred), 3.0), axis=-1)

LOSSES = [
    *(loss(name, "numbers") for name in (*PAIRS, "Huber", "LogCosh")),
    *(loss(name, "steps", (1,), mask=True) for name in ("MeanAbsoluteError", "Huber")),
    *(loss("MeanSquaredError", "steps", weight, reduction=reduction) for reduction in REDUCTIONS for weight in (None, (1,), (4,))),
    *(loss("MeanSquaredError", "steps", (4,), mask=True, reduction=reduction) for reduction in REDUCTIONS),
    *(loss(name, "positive") for name in ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError")),
    loss("Huber", "numbers", delta=0.25),
    loss("CosineSimilarity", "steps", axis=1),
    *(loss(name, "shares") for name in ("KLDivergence", "Poisson", "Dice", "Tversky")),
    loss("Dice", "shares", axis=1),
    loss("Tversky", "shares", axis=1, alpha=0.25, beta=0.75),
    *(loss(name, "signs", ()) for name in ("Hinge", "SquaredHinge")),
    loss("CategoricalHinge", "one-hot"),
    *(loss(name, "bits", weight) for name in ("BinaryCrossentropy", "BinaryFocalCrossentropy") for weight in (None, ())),
    loss("BinaryCrossentropy", "bits", label_smoothing=0.25),
    loss("BinaryCrossentropy", "logits", from_logits=True),
    loss("BinaryFocalCrossentropy", "logits", from_logits=True, apply_class_balancing=True, gamma=1.5),
    *(loss(name, "one-hot", ()) for name in ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")),
    loss("CategoricalCrossentropy", "one-hot-logits", from_logits=True, label_smoothing=0.25),
    loss("CategoricalCrossentropy", "one-hot-steps", (4,), mask=True),
    loss("CategoricalFocalCrossentropy", "one-hot-logits", from_logits=True, gamma=3.0),
    loss("CategoricalGeneralizedCrossEntropy", "one-hot", (1,)),
    loss("CategoricalGeneralizedCrossEntropy", "one-hot", q=0.75),
    loss("SparseCategoricalCrossentropy", "classes", ()),
    loss("SparseCategoricalCrossentropy", "class-logits", from_logits=True),
    loss("SparseCategoricalCrossentropy", "class-logits", from_logits=True, ignore_class=1),
    loss("SparseCategoricalCrossentropy", "class-steps", (1,), mask=True),
    loss("Circle", "two-labels", gamma=8.0),
    loss("Circle", "two-labels", gamma=8.0, remove_diagonal=False, reduction="sum"),
    wrapped("losses", (4,), "LossFunctionWrapper", "numbers", CUBED),
]  # fmt: skip

MEANS = (*PAIRS, "RootMeanSquaredError", "LogCoshError", "R2Score")
COUNTS = ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall")
TRADES = {"SensitivityAtSpecificity": "specificity", "SpecificityAtSensitivity": "sensitivity", "PrecisionAtRecall": "recall", "RecallAtPrecision": "precision"}

METRICS = [
    *(metric(name, "values", weight) for name in ("Mean", "Sum") for weight in (None, (), (3,))),
    *(metric(name, "numbers", weight) for name in MEANS for weight in (None, ())),
    metric("MeanSquaredError", "steps", (4,), mask=True),
    metric("R2Score", "numbers", class_aggregation=None, num_regressors=1),
    *(metric(name, "positive") for name in ("MeanAbsolutePercentageError", "MeanSquaredLogarithmicError")),
    *(metric(name, "shares", weight) for name in ("KLDivergence", "Poisson", "PearsonCorrelation", "ConcordanceCorrelation") for weight in (None, ())),
    *(metric(name, "signs") for name in ("Hinge", "SquaredHinge")),
    metric("CategoricalHinge", "one-hot"),
    metric("BinaryCrossentropy", "bits", ()),
    metric("BinaryCrossentropy", "logits", from_logits=True),
    metric("CategoricalCrossentropy", "one-hot", label_smoothing=0.25),
    metric("SparseCategoricalCrossentropy", "classes", ()),
    metric("SparseCategoricalCrossentropy", "class-steps", (4,), mask=True),
    wrapped("metrics", SIZES, "MeanMetricWrapper", "numbers", CUBED),
    metric("Accuracy", "equal", ()),
    *(metric("BinaryAccuracy", data, ()) for data in ("bits", "column")),
    metric("BinaryAccuracy", "bits", threshold=0.75),
    *(metric(name, "one-hot", ()) for name in ("CategoricalAccuracy", "F1Score", "FBetaScore")),
    metric("CategoricalAccuracy", "one-hot-steps", mask=True),
    metric("FBetaScore", "one-hot", average="weighted", beta=0.5, threshold=0.25),
    metric("TopKCategoricalAccuracy", "one-hot", k=2),
    metric("SparseCategoricalAccuracy", "classes", ()),
    metric("SparseCategoricalAccuracy", "class-steps", mask=True),
    metric("SparseTopKCategoricalAccuracy", "classes", k=2),
    *(metric(name, "bits", weight) for name in COUNTS for weight in (None, ())),
    metric("Precision", "bits", thresholds=[0.25, 0.75]),
    metric("Recall", "one-hot", top_k=2, class_id=1),
    metric("AUC", "column", ()),
    metric("AUC", "bits", num_thresholds=20, curve="PR", summation_method="minoring"),
    metric("AUC", "bits", num_thresholds=20, multi_label=True),
    *(metric(name, "column", (), num_thresholds=20, **{argument: 0.5}) for name, argument in TRADES.items()),
    metric("IoU", "segments", num_classes=3, target_class_ids=[0, 2]),
    metric("MeanIoU", "segments", num_classes=3),
    metric("BinaryIoU", "column", threshold=0.25),
    metric("OneHotIoU", "segment-odds", num_classes=3, target_class_ids=[1]),
    metric("OneHotMeanIoU", "segment-odds", num_classes=3),
]  # fmt: skip
