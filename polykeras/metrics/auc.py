"""AUC: the area under a curve of two rates over all thresholds."""

import numpy as np

from polykeras import config, ops
from polykeras.errors import ShapeError
from polykeras.metrics.confusion import Confusion, evenly_spread, share
from polykeras.metrics.tradeoff import evenly
from polykeras.sizes import is_static, visible

CURVES = ("ROC", "PR", "PRGAIN")
METHODS = ("interpolation", "majoring", "minoring")


class AUC(Confusion):
    """The area under a curve, by a sum over thresholds.

    Args:
        num_thresholds: how many thresholds, evenly spread over [0, 1].
        curve: "ROC" (recall over false positive rate), "PR" (precision over recall) or "PRGAIN"
            (Flach & Kull 2015).
        summation_method: "interpolation" (trapezia; for PR as of Davis & Goadrich 2006), "minoring" or
            "majoring" (rectangles below or above the curve).
        name, dtype: see Metric.
        thresholds: numbers within [0, 1] to take instead, 0 and 1 left out.
        multi_label: whether the areas of all labels are averaged, rather than all labels taken together.
        num_labels: number of labels; known from the first batch where None.
        label_weights: weights of the labels.
        from_logits: whether predictions are logits.

    >>> float(AUC(num_thresholds=3)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9]))
    0.75
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
        multi_label=False,
        num_labels=None,
        label_weights=None,
        from_logits=False,
    ):
        super().__init__(name=name, dtype=dtype)
        self.curve = _known("curve", curve.upper(), CURVES)
        self.summation_method = _known("summation_method", summation_method.lower(), METHODS)
        if num_labels and not multi_label:
            raise ValueError(f"AUC: got num_labels={num_labels} without multi_label, expected None. Pass multi_label=True.")
        if thresholds is None and num_thresholds <= 1:
            raise ValueError(f"AUC: expected num_thresholds of at least 2, got {num_thresholds}.")
        inner = evenly(num_thresholds)[1:-1] if thresholds is None else sorted(float(threshold) for threshold in thresholds)
        self._given_thresholds = thresholds is not None
        self._spread_evenly = thresholds is None or evenly_spread([0.0, *inner, 1.0])
        # the first lies below 0 and the last above 1, so that predictions of 0 and 1 are on the right side
        self.thresholds = [0.0 - config.epsilon(), *inner, 1.0 + config.epsilon()]
        self.num_thresholds = len(self.thresholds)
        self.multi_label, self.num_labels, self.from_logits = multi_label, num_labels, from_logits
        self.label_weights = None if label_weights is None else np.asarray(label_weights)
        self._built = False
        if not multi_label or num_labels:
            self._build(num_labels)

    def _build(self, labels):
        self._add_counts((self.num_thresholds, labels) if self.multi_label else (self.num_thresholds,), self._spread_evenly)
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in labels (0 or not), predictions and weights; (samples, labels) with multi_label.

        Raises:
            ShapeError: shapes that do not fit.
        """
        y_pred = ops.convert_to_tensor(y_pred)
        if self.multi_label and (ops.ndim(y_pred) != 2 or not is_static(ops.shape(y_pred)[1])):
            raise ShapeError(f"{self.name}: got y_pred of shape {visible(ops.shape(y_pred))}, expected (samples, labels) with multi_label. Reshape it.")
        if not self._built:
            self._build(ops.shape(y_pred)[1])
        super().update_state(y_true, ops.sigmoid(y_pred) if self.from_logits else y_pred, sample_weight)

    def result(self):
        """Return the area."""
        tp, fp, tn, fn = (getattr(self, cell).value for cell in self.counted)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._over_labels(_interpolated_precision(tp, fp, fn))
        x, y = {"ROC": _roc, "PR": _pr, "PRGAIN": _pr_gain}[self.curve](tp, fp, tn, fn)
        (x_left, x_right), (y_left, y_right) = _neighbours(x), _neighbours(y)
        if self.summation_method == "interpolation":
            height = (y_left + y_right) / 2.0
        else:
            height = (ops.minimum if self.summation_method == "minoring" else ops.maximum)(y_left, y_right)
        return self._over_labels((x_left - x_right) * height)

    def _over_labels(self, pieces):
        areas = ops.sum(pieces, axis=0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return ops.mean(areas)
        weights = ops.convert_to_tensor(self.label_weights, ops.dtype(areas))
        return ops.divide_no_nan(ops.sum(areas * weights), ops.sum(weights))

    def get_config(self):
        """Return what makes it anew."""
        names = ("num_thresholds", "curve", "summation_method", "multi_label", "num_labels", "from_logits")
        made = {**super().get_config(), **{name: getattr(self, name) for name in names}}
        made["label_weights"] = None if self.label_weights is None else self.label_weights.tolist()
        return {**made, "thresholds": self.thresholds[1:-1]} if self._given_thresholds else made


def _known(argument, value, values):
    if value not in values:
        raise ValueError(f"AUC: expected {argument} {', '.join(map(repr, values))}, got {value!r}.")
    return value


def _neighbours(x):
    """Return the values at each threshold but the last, and at each but the first."""
    size = ops.shape(x)[0]
    return ops.get_item(x, slice(0, size - 1)), ops.get_item(x, slice(1, size))


def _roc(tp, fp, tn, fn):
    return share(fp, tn), share(tp, fn)


def _pr(tp, fp, tn, fn):
    return share(tp, fn), share(tp, fp)


def _pr_gain(tp, fp, tn, fn):
    """Return recall gain and precision gain."""
    odds = ops.divide_no_nan(tp + fn, tn + fp)
    recall = 1.0 - odds * ops.divide_no_nan(fn, tp)
    precision = 1.0 - odds * ops.divide_no_nan(fp, tp)
    none = ops.equal(tp, 0.0)
    return ops.maximum(ops.where(none, 0.0, recall), 0.0), ops.where(none, 1.0, precision)


def _interpolated_precision(tp, fp, fn):
    """Return the area of precision over recall between thresholds: hits taken as linear in positives (Davis & Goadrich 2006)."""
    (hits, next_hits), (positives, next_positives) = _neighbours(tp), _neighbours(tp + fp)
    gained = hits - next_hits
    slope = ops.divide_no_nan(gained, ops.maximum(positives - next_positives, 0.0))
    intercept = next_hits - slope * next_positives
    both = ops.logical_and(ops.greater(positives, 0.0), ops.greater(next_positives, 0.0))
    ratio = ops.where(both, ops.divide_no_nan(positives, ops.maximum(next_positives, 0.0)), 1.0)
    labels = ops.maximum(_neighbours(tp + fn)[1], 0.0)
    return ops.divide_no_nan(slope * (gained + intercept * ops.log(ratio)), labels)
