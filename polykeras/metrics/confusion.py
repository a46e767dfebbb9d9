"""Confusion counts: true and false positives and negatives at thresholds, and the metrics read off them."""

import numpy as np

from polykeras import config, ops
from polykeras.errors import ShapeError
from polykeras.losses.formula import paired
from polykeras.losses.reduction import count, same_rank
from polykeras.metrics.metric import Metric
from polykeras.sizes import is_static, product, visible

CELLS = ("true_positives", "false_positives", "true_negatives", "false_negatives")
NOT_CHOSEN = -1e10  # the prediction of what is not among the top k: below every threshold


def evenly_spread(thresholds):
    """Say whether thresholds are 0, 1/n, 2/n, ... 1, three or more of them."""
    size = len(thresholds)
    return size > 2 and bool(np.allclose(thresholds, np.arange(size, dtype=np.float32) / (size - 1), atol=config.epsilon()))


class Confusion(Metric):
    """The base of metrics that count, at each threshold, which predictions above it have label 1.

    Attributes:
        thresholds: list of numbers; a prediction is positive where it is above.
        counted: names of the counts to keep, of CELLS; each is a Variable of that name, (thresholds,) or
            (thresholds, labels).
    """

    counted = CELLS
    top_k = class_id = label_weights = None
    multi_label = False

    def _add_counts(self, shape, evenly):
        """Make the Variables, and say whether the thresholds are evenly spread, so that buckets do."""
        self._evenly = evenly
        for cell in self.counted:
            setattr(self, cell, self.add_variable(shape, "zeros", name=cell))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in labels (0 or not), predictions and weights.

        Raises:
            ShapeError: shapes that do not fit.
        """
        dtype = config.floatx()
        y_true, y_pred = ops.cast(y_true, "bool"), ops.cast(y_pred, dtype)
        y_true, y_pred = paired(self.name, y_true, y_pred)
        _require_same(self.name, y_true, y_pred)
        weights = _weights(self.name, y_true, sample_weight, dtype)
        if self.top_k is not None:
            y_pred = _only_top(y_pred, self.top_k)
        if self.class_id is not None:
            y_true, y_pred = _column(self.name, y_true, self.class_id), _column(self.name, y_pred, self.class_id)
        if weights is not None:
            weights = _spread(self.name, weights, y_pred)
        if self.label_weights is not None and not self.multi_label:
            per_label = _spread(self.name, ops.expand_dims(ops.convert_to_tensor(self.label_weights, dtype), 0), y_pred)
            weights = per_label if weights is None else weights * per_label
        if not self.multi_label:
            y_true, y_pred, weights = (None if x is None else ops.reshape(x, (-1,)) for x in (y_true, y_pred, weights))
        how = _by_bucket if self._evenly else _by_comparison
        for cell, made in how(y_true, y_pred, weights, self.thresholds, self.counted).items():
            getattr(self, cell).assign_add(made)


def _require_same(name, y_true, y_pred):
    first, second = ops.shape(y_true), ops.shape(y_pred)
    if len(first) != len(second) or any(is_static(a) and is_static(b) and a != b for a, b in zip(first, second)):
        raise ShapeError(
            f"{name}: got y_true of shape {visible(first)} and y_pred of shape {visible(second)}, expected one shape. "
            "Reshape one of them, or make the labels one-hot."
        )


def _weights(name, y_true, sample_weight, dtype):
    """Return weights per sample or per label, of the labels' rank; None for None."""
    if sample_weight is None:
        return None
    weights = ops.expand_dims(ops.convert_to_tensor(sample_weight, dtype), -1)
    return same_rank(y_true, weights, expand=False)[1]


def _spread(name, weights, y_pred):
    shape, wanted = ops.shape(weights), ops.shape(y_pred)
    if len(shape) > len(wanted) or any(is_static(a) and is_static(b) and a not in (1, b) for a, b in zip(shape[::-1], wanted[::-1])):
        raise ShapeError(
            f"{name}: got weights of shape {visible(shape)} for predictions of shape {visible(wanted)}, "
            "expected one per sample, or per prediction. Reshape them."
        )
    return ops.broadcast_to(weights, wanted)


def _only_top(y_pred, k):
    """Return predictions with all but the k highest of the last axis far below every threshold; lower classes win ties."""
    chosen = ops.one_hot(ops.top_k(y_pred, k)[1], ops.shape(y_pred)[-1], dtype="int32")
    return ops.where(ops.any(chosen, axis=-2), y_pred, NOT_CHOSEN)


def _column(name, x, class_id):
    if ops.ndim(x) < 2:
        raise ShapeError(f"{name}: got predictions of shape {visible(ops.shape(x))} with class_id={class_id}, expected (samples, classes).")
    return ops.get_item(x, (..., slice(class_id, class_id + 1)))


def _by_comparison(y_true, y_pred, weights, thresholds, counted):
    """Return {cell: weight of what falls into it}, (thresholds, ...), comparing each prediction with each threshold."""
    limits = ops.convert_to_tensor(np.asarray(thresholds), ops.dtype(y_pred))
    positive = ops.greater(ops.expand_dims(y_pred, 0), ops.reshape(limits, (-1, *(1 for _ in ops.shape(y_pred)))))
    true = ops.expand_dims(y_true, 0)
    sides = {
        "true_positives": (true, positive),
        "false_positives": (ops.logical_not(true), positive),
        "true_negatives": (ops.logical_not(true), ops.logical_not(positive)),
        "false_negatives": (true, ops.logical_not(positive)),
    }
    weights = ops.ones_like(y_pred) if weights is None else weights
    return {cell: ops.sum(ops.where(ops.logical_and(*sides[cell]), ops.expand_dims(weights, 0), 0), axis=1) for cell in counted}


def _by_bucket(y_true, y_pred, weights, thresholds, counted):
    """Return {cell: weight of what falls into it}, (thresholds, ...), for evenly spread thresholds.

    Each prediction falls into the bucket between two thresholds; running sums from the top count those
    above each.
    """
    size = len(thresholds)
    weights = ops.ones_like(y_pred) if weights is None else weights
    trues, falses = ops.where(y_true, weights, 0), ops.where(y_true, 0, weights)
    buckets = ops.cast(ops.ceil(ops.clip(y_pred, 0.0, 1.0) * (size - 1)) - 1, "int32")
    # -1 is a prediction of 0: above the first threshold where that lies below 0, else above none (a last row, cut off)
    buckets = ops.where(ops.less(buckets, 0), 0 if thresholds[0] < 0 else size, buckets)
    tp, fp = _above(trues, falses, buckets, size)
    made = {
        "true_positives": lambda: tp,
        "false_positives": lambda: fp,
        "true_negatives": lambda: ops.sum(falses, axis=0) - fp,
        "false_negatives": lambda: ops.sum(trues, axis=0) - tp,
    }
    return {cell: made[cell]() for cell in counted}


def _above(trues, falses, buckets, size):
    """Return the weights in and above each bucket, of both kinds. (samples,) or (samples, labels) -> (size,) or (size, labels)"""
    labels = ops.shape(buckets)[1:]
    if labels:  # a row of buckets for each label
        buckets = ops.reshape(buckets * labels[0] + ops.arange(labels[0]), (-1,))
    both = ops.reshape(ops.stack([trues, falses], -1), (-1, 2))
    filled = ops.segment_sum(both, buckets, size * product(labels))
    above = ops.flip(ops.cumsum(ops.flip(ops.reshape(filled, (size, *labels, 2)), 0), 0), 0)
    return ops.get_item(above, (..., 0)), ops.get_item(above, (..., 1))


def in_range(name, thresholds):
    """Return thresholds as a list.

    Raises:
        ValueError: one is not within [0, 1].
    """
    thresholds = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    if any(threshold is None or not 0 <= threshold <= 1 for threshold in thresholds):
        raise ValueError(f"{name}: expected thresholds within [0, 1], got {thresholds}.")
    return thresholds


class _AtThresholds(Confusion):
    """The base of metrics whose thresholds the user gives; a scalar where there is one, else one result for each."""

    def __init__(self, thresholds, top_k, class_id, name, dtype):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        default = 0.5 if top_k is None else NOT_CHOSEN
        self.thresholds = [default] if thresholds is None else in_range(type(self).__name__, thresholds)
        self._add_counts((len(self.thresholds),), evenly_spread(self.thresholds))

    def _shown(self, values):
        return ops.get_item(values, 0) if len(self.thresholds) == 1 else values


class _Count(_AtThresholds):
    """The base of metrics that are one of the counts."""

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(thresholds, None, None, name, dtype)

    def result(self):
        """Return the count."""
        return self._shown(getattr(self, self.counted[0]).value)

    def get_config(self):
        """Return what makes it anew."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class TruePositives(_Count):
    """How many predictions above the threshold have label 1.

    >>> float(TruePositives()([0, 1, 1, 1], [0.9, 0.2, 0.7, 0.8]))
    2.0
    """

    counted = ("true_positives",)


class FalsePositives(_Count):
    """How many predictions above the threshold have label 0."""

    counted = ("false_positives",)


class TrueNegatives(_Count):
    """How many predictions up to the threshold have label 0."""

    counted = ("true_negatives",)


class FalseNegatives(_Count):
    """How many predictions up to the threshold have label 1."""

    counted = ("false_negatives",)


class Precision(_AtThresholds):
    """The share of label 1 among predictions above the threshold; 0 of none.

    Args:
        thresholds: a number or several within [0, 1]; 0.5 where None.
        top_k: only the k highest predictions of a sample count, all of them unless thresholds are given.
        class_id: only this class counts.
        name, dtype: see Metric.
    """

    counted = ("true_positives", "false_positives")
    _direction = "up"

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(thresholds, top_k, class_id, name, dtype)

    def result(self):
        """Return the share."""
        return self._shown(share(self.true_positives, self.false_positives))

    def get_config(self):
        """Return what makes it anew."""
        return {**super().get_config(), "thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}


class Recall(_AtThresholds):
    """The share of predictions above the threshold among those with label 1; 0 of none.

    Args:
        thresholds, top_k, class_id, name, dtype: see Precision.
    """

    counted = ("true_positives", "false_negatives")
    _direction = "up"

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(thresholds, top_k, class_id, name, dtype)

    def result(self):
        """Return the share."""
        return self._shown(share(self.true_positives, self.false_negatives))

    def get_config(self):
        """Return what makes it anew."""
        return {**super().get_config(), "thresholds": self.init_thresholds, "top_k": self.top_k, "class_id": self.class_id}


def share(part, rest):
    """Return part / (part + rest), 0 of nothing."""
    return ops.divide_no_nan(part, ops.add(part, rest))
