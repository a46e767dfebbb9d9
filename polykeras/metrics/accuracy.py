"""Accuracies: how often predictions hit the label."""

from polykeras import config, ops
from polykeras.errors import ShapeError
from polykeras.losses.formula import as_float, named, paired
from polykeras.metrics.reduction import FormulaMetric
from polykeras.sizes import is_static, visible


def _hits(y_true, y_pred):
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


@named
def accuracy(y_true, y_pred):
    """Return 1 where labels and predictions are equal, else 0. (...), (...) -> (...)"""
    return _hits(*paired("accuracy", ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)))


@named
def binary_accuracy(y_true, y_pred, threshold=0.5):
    """Return 1 where y_pred > threshold says what the label 0 or 1 says, else 0. (...), (...) -> (...)"""
    y_true, y_pred = paired("binary_accuracy", ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred))
    return _hits(y_true, ops.cast(ops.greater(y_pred, threshold), ops.dtype(y_true)))


@named
def categorical_accuracy(y_true, y_pred):
    """Return 1 where the highest of y_pred is where the highest of y_true is, else 0. (..., classes) -> (...)

    The first of several highest counts.
    """
    y_true, y_pred = _one_hot("categorical_accuracy", y_true, y_pred)
    return _hits(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1))


def _one_hot(name, y_true, y_pred):
    """Return labels and predictions of one shape (..., classes).

    Raises:
        ShapeError: their shapes differ.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    _check(name, y_true, y_pred, ops.shape(y_pred), "one-hot labels", "For class numbers take the sparse_ metric.")
    return y_true, y_pred


def _check(name, y_true, y_pred, expected, what, remedy):
    got = ops.shape(y_true)
    if len(got) != len(expected) or any(is_static(a) and is_static(b) and a != b for a, b in zip(got, expected)):
        raise ShapeError(
            f"{name}: got y_true of shape {visible(got)} and y_pred of shape {visible(ops.shape(y_pred))}, "
            f"expected {what} of shape {visible(expected)}. {remedy}"
        )


def _class_numbers(name, y_true, y_pred):
    """Return class numbers without a last axis of size 1, and predictions (..., classes).

    Raises:
        ShapeError: their shapes do not fit.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if ops.ndim(y_true) == ops.ndim(y_pred) and is_static(ops.shape(y_true)[-1]) and ops.shape(y_true)[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    _check(name, y_true, y_pred, ops.shape(y_pred)[:-1], "class numbers", "For one-hot labels take the metric without sparse_.")
    return y_true, y_pred


@named
def sparse_categorical_accuracy(y_true, y_pred):
    """Return 1 where the highest of y_pred is at the class number, else 0. (...), (..., classes) -> (...)

    The first of several highest counts. Labels are compared as they are, so class numbers are exact.
    """
    y_true, y_pred = _class_numbers("sparse_categorical_accuracy", y_true, y_pred)
    hits = _hits(y_true, ops.argmax(y_pred, axis=-1))
    last = ops.shape(hits)[-1] if ops.ndim(hits) > 1 else None
    return ops.squeeze(hits, -1) if is_static(last) and last == 1 else hits


@named
def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """Return 1 where the highest of y_true is among the k highest of y_pred, else 0. (..., classes) -> (...)

    Ties count as hits.
    """
    y_true, y_pred = _one_hot("top_k_categorical_accuracy", y_true, y_pred)
    return _top_k(ops.argmax(y_true, axis=-1), y_pred, k)


@named
def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5, from_sorted_ids=False):
    """Return 1 where the class number is among the k highest of y_pred, else 0. (...), (..., classes) -> (...)

    Ties count as hits.

    Args:
        from_sorted_ids: whether y_pred are class numbers already, the likeliest first.
    """
    y_true, y_pred = _class_numbers("sparse_top_k_categorical_accuracy", y_true, y_pred)
    if not from_sorted_ids:
        return _top_k(y_true, y_pred, k)
    return ops.cast(ops.any(ops.equal(ops.expand_dims(y_true, -1), ops.get_item(y_pred, (..., slice(k)))), axis=-1), config.floatx())


def _top_k(classes, y_pred, k):
    rows = ops.reshape(as_float(y_pred), (-1, ops.shape(y_pred)[-1]))
    hits = ops.in_top_k(ops.reshape(classes, (-1,)), rows, k)
    return ops.cast(ops.reshape(hits, ops.shape(classes)), config.floatx())


class Accuracy(FormulaMetric):
    """How often labels and predictions are equal.

    >>> float(Accuracy()([[1], [2], [3]], [[1], [2], [4]]))
    0.6666666865348816
    """

    _direction = "up"

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(FormulaMetric):
    """How often y_pred > threshold says what the label 0 or 1 says."""

    _direction = "up"

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(FormulaMetric):
    """How often the highest prediction is at the one-hot label."""

    _direction = "up"

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(FormulaMetric):
    """How often the highest prediction is at the class number."""

    _direction = "up"

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(FormulaMetric):
    """How often the one-hot label is among the k highest predictions."""

    _direction = "up"

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(FormulaMetric):
    """How often the class number is among the k highest predictions."""

    _direction = "up"

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False):
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)
