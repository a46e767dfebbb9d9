"""Losses of numbers: distances between labels and predictions, and how far their directions differ."""

import math

from polykeras import config, ops
from polykeras.losses.formula import formula
from polykeras.losses.loss import FormulaLoss


@formula
def mean_squared_error(y_true, y_pred):
    """Return mean((y_true - y_pred)**2) over the last axis. (..., n), (..., n) -> (...)

    >>> float(mean_squared_error([0.0, 1.0], [1.0, 3.0]))
    2.5
    """
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@formula
def mean_absolute_error(y_true, y_pred):
    """Return mean(|y_true - y_pred|) over the last axis; the gradient at 0 is 0. (..., n), (..., n) -> (...)"""
    return ops.mean(ops.absolute(y_true - y_pred), axis=-1)


@formula
def mean_absolute_percentage_error(y_true, y_pred):
    """Return 100 * mean(|(y_true - y_pred) / max(|y_true|, 1e-7)|) over the last axis. (..., n), (..., n) -> (...)"""
    share = (y_true - y_pred) / ops.maximum(ops.absolute(y_true), config.epsilon())
    return 100.0 * ops.mean(ops.absolute(share), axis=-1)


@formula
def mean_squared_logarithmic_error(y_true, y_pred):
    """Return mean((log(1 + y_true) - log(1 + y_pred))**2) over the last axis. (..., n), (..., n) -> (...)

    Both are held above 1e-7 first.
    """
    logs = [ops.log(ops.maximum(y, config.epsilon()) + 1.0) for y in (y_pred, y_true)]
    return ops.mean(ops.square(logs[0] - logs[1]), axis=-1)


@formula
def huber(y_true, y_pred, delta=1.0):
    """Return the mean over the last axis of error**2 / 2 up to delta, and of a straight line beyond.

    (..., n), (..., n) -> (...); Huber 1964.
    """
    error = y_pred - y_true
    size = ops.absolute(error)
    line = delta * size - 0.5 * delta * delta
    return ops.mean(ops.where(ops.less_equal(size, delta), 0.5 * ops.square(error), line), axis=-1)


@formula
def log_cosh(y_true, y_pred):
    """Return mean(log(cosh(y_pred - y_true))) over the last axis, without overflow. (..., n), (..., n) -> (...)"""
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(error * -2.0) - math.log(2.0), axis=-1)


@formula
def cosine_similarity(y_true, y_pred, axis=-1):
    """Return minus the cosine between vectors along an axis, 0 where one is zero. (..., n), (..., n) -> (...)"""
    return -ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


class MeanSquaredError(FormulaLoss):
    """mean((y_true - y_pred)**2).

    >>> float(MeanSquaredError()([[0.0], [1.0]], [[1.0], [3.0]]))
    2.5
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(FormulaLoss):
    """mean(|y_true - y_pred|)."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(FormulaLoss):
    """100 * mean(|(y_true - y_pred) / y_true|)."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None):
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(FormulaLoss):
    """mean((log(1 + y_true) - log(1 + y_pred))**2)."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class Huber(FormulaLoss):
    """Squares of small errors, straight lines for those beyond delta."""

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(FormulaLoss):
    """mean(log(cosh(y_pred - y_true))): near a square at 0, near a straight line far off."""

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(log_cosh, reduction, name, dtype)


class CosineSimilarity(FormulaLoss):
    """Minus the cosine between labels and predictions: -1 where they point the same way."""

    def __init__(self, axis=-1, reduction="sum_over_batch_size", name="cosine_similarity", dtype=None):
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)
