"""Losses of margins: predictions should lie beyond 1 on the side of their label."""

from polykeras import ops
from polykeras.losses.formula import formula
from polykeras.losses.loss import FormulaLoss


def _signed(y_true):
    """Return labels as -1 and 1 where all of them are 0 or 1, else as they are."""
    binary = ops.all(ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1)))
    return ops.where(binary, 2.0 * y_true - 1.0, y_true)


def _missing(y_true, y_pred):
    """Return how far predictions fall short of the margin; half the gradient at the margin itself."""
    return ops.maximum(1.0 - _signed(y_true) * y_pred, 0.0)


@formula
def hinge(y_true, y_pred):
    """Return mean(max(1 - y_true * y_pred, 0)) over the last axis, for labels -1 and 1, or 0 and 1. (..., n) -> (...)"""
    return ops.mean(_missing(y_true, y_pred), axis=-1)


@formula
def squared_hinge(y_true, y_pred):
    """Return mean(max(1 - y_true * y_pred, 0)**2) over the last axis, for labels -1 and 1, or 0 and 1. (..., n) -> (...)"""
    return ops.mean(ops.square(_missing(y_true, y_pred)), axis=-1)


@formula
def categorical_hinge(y_true, y_pred):
    """Return max(1 + highest wrong - right, 0) for one-hot labels. (..., classes), (..., classes) -> (...)"""
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(FormulaLoss):
    """mean(max(1 - y_true * y_pred, 0)), for labels -1 and 1, or 0 and 1."""

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(FormulaLoss):
    """mean(max(1 - y_true * y_pred, 0)**2), for labels -1 and 1, or 0 and 1."""

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(FormulaLoss):
    """max(1 + highest wrong - right, 0), for one-hot labels."""

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(categorical_hinge, reduction, name, dtype)
