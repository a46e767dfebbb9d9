"""Metrics of probabilities and margins: the means of losses."""

from polykeras import losses
from polykeras.metrics.reduction import FormulaMetric


class KLDivergence(FormulaMetric):
    """sum(y_true * log(y_true / y_pred))."""

    _direction = "down"

    def __init__(self, name="kl_divergence", dtype=None):
        super().__init__(losses.kl_divergence, name, dtype)


class Poisson(FormulaMetric):
    """mean(y_pred - y_true * log(y_pred))."""

    _direction = "down"

    def __init__(self, name="poisson", dtype=None):
        super().__init__(losses.poisson, name, dtype)


class BinaryCrossentropy(FormulaMetric):
    """Cross-entropy of yes-or-no labels."""

    _direction = "down"

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0):
        super().__init__(losses.binary_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing)


class CategoricalCrossentropy(FormulaMetric):
    """Cross-entropy of one-hot labels."""

    _direction = "down"

    def __init__(self, name="categorical_crossentropy", dtype=None, from_logits=False, label_smoothing=0, axis=-1):
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(losses.categorical_crossentropy, name, dtype, **arguments)


class SparseCategoricalCrossentropy(FormulaMetric):
    """Cross-entropy of class numbers; without weights, places of the ignored class count as losses of 0, as in Keras."""

    _direction = "down"

    def __init__(self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False, ignore_class=None, axis=-1):
        arguments = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(losses.sparse_categorical_crossentropy, name, dtype, **arguments)


class Hinge(FormulaMetric):
    """mean(max(1 - y_true * y_pred, 0)), for labels -1 and 1, or 0 and 1."""

    _direction = "down"

    def __init__(self, name="hinge", dtype=None):
        super().__init__(losses.hinge, name, dtype)


class SquaredHinge(FormulaMetric):
    """mean(max(1 - y_true * y_pred, 0)**2), for labels -1 and 1, or 0 and 1."""

    _direction = "down"

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(losses.squared_hinge, name, dtype)


class CategoricalHinge(FormulaMetric):
    """max(1 + highest wrong - right, 0), for one-hot labels."""

    _direction = "down"

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(losses.categorical_hinge, name, dtype)
