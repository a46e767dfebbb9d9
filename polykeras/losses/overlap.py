"""Losses of overlap: how much of two regions is not shared, as in segmentation."""

from polykeras import config, ops
from polykeras.losses.formula import formula
from polykeras.losses.loss import FormulaLoss


@formula
def dice(y_true, y_pred, axis=None):
    """Return 1 - 2 * shared / (all of y_true + all of y_pred), summed over axes, all for None."""
    shared = ops.sum(y_true * y_pred, axis=axis)
    total = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis) + config.epsilon()
    return 1.0 - 2.0 * shared / total


@formula
def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """Return 1 - shared / (shared + alpha * missed + beta * excess), summed over axes (Salehi et al. 2017)."""
    shared = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum((1.0 - y_pred) * y_true, axis=axis)
    excess = ops.sum(y_pred * (1.0 - y_true), axis=axis)
    return 1.0 - shared / (shared + missed * alpha + excess * beta + config.epsilon())


class Dice(FormulaLoss):
    """1 - 2 * shared / (all of y_true + all of y_pred); over all axes, one number, where axis is None."""

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(FormulaLoss):
    """1 - shared / (shared + alpha * missed + beta * excess)."""

    def __init__(self, alpha=0.5, beta=0.5, reduction="sum_over_batch_size", name="tversky", axis=None, dtype=None):
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)
