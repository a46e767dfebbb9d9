"""Metrics of numbers: distances between labels and predictions, their correlation, and the share explained."""

from polykeras import config, losses, ops
from polykeras.errors import ShapeError
from polykeras.losses.formula import formula, paired
from polykeras.losses.reduction import count
from polykeras.metrics.metric import Metric
from polykeras.metrics.reduction import FormulaMetric, Mean
from polykeras.sizes import is_static, visible


class MeanSquaredError(FormulaMetric):
    """mean((y_true - y_pred)**2)."""

    _direction = "down"

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(losses.mean_squared_error, name, dtype)


class MeanAbsoluteError(FormulaMetric):
    """mean(|y_true - y_pred|)."""

    _direction = "down"

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(losses.mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(FormulaMetric):
    """100 * mean(|(y_true - y_pred) / y_true|)."""

    _direction = "down"

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(losses.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(FormulaMetric):
    """mean((log(1 + y_true) - log(1 + y_pred))**2)."""

    _direction = "down"

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(losses.mean_squared_logarithmic_error, name, dtype)


class LogCoshError(FormulaMetric):
    """mean(log(cosh(y_pred - y_true)))."""

    _direction = "down"

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(losses.log_cosh, name, dtype)


class CosineSimilarity(FormulaMetric):
    """The mean cosine between labels and predictions: 1 where they point the same way."""

    _direction = "up"

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(_cosine, name, dtype, axis=axis)


def _cosine(y_true, y_pred, axis=-1):
    return ops.negative(losses.cosine_similarity(y_true, y_pred, axis))


class RootMeanSquaredError(Mean):
    """The square root of mean((y_true - y_pred)**2) over all batches.

    >>> metric = RootMeanSquaredError()
    >>> metric.update_state([3.0], [0.0])
    >>> metric.update_state([4.0], [0.0])
    >>> float(metric.result() ** 2)
    12.5
    """

    _direction = "down"

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in a batch of labels and predictions."""
        y_true, y_pred = (ops.convert_to_tensor(y, self.dtype) for y in (y_true, y_pred))
        y_true, y_pred = paired(self.name, y_true, y_pred)
        super().update_state(ops.square(y_pred - y_true), sample_weight)

    def result(self):
        """Return the root."""
        return ops.sqrt(super().result())


@formula
def pearson_correlation(y_true, y_pred, axis=-1):
    """Return the correlation along an axis (Pearson 1895), NaN where one side is constant. (..., n) -> (...)"""
    y_true, y_pred = (y - ops.mean(y, axis=axis, keepdims=True) for y in (y_true, y_pred))
    y_true, y_pred = (y / ops.std(y, axis=axis, keepdims=True) for y in (y_true, y_pred))
    return ops.mean(y_true * y_pred, axis=axis)


@formula
def concordance_correlation(y_true, y_pred, axis=-1):
    """Return the agreement along an axis: 1 where both are the same, not just in proportion (Lin 1989). (..., n) -> (...)"""
    (true_mean, true_var), (pred_mean, pred_var) = (ops.moments(y, axis, keepdims=True) for y in (y_true, y_pred))
    shared = (y_true - pred_mean) * (y_pred - pred_mean)
    spread = true_var + pred_var + ops.square(true_mean - pred_mean)
    return ops.mean(2.0 * shared / (spread + config.epsilon()), axis=axis)


class PearsonCorrelation(FormulaMetric):
    """The mean correlation of labels and predictions."""

    _direction = "up"

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(pearson_correlation, name, dtype, axis=axis)


class ConcordanceCorrelation(FormulaMetric):
    """The mean agreement of labels and predictions."""

    _direction = "up"

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(concordance_correlation, name, dtype, axis=axis)


class R2Score(Metric):
    """The share of the labels' variance that predictions explain: 1 at best, 0 for their mean.

    Args:
        class_aggregation: "uniform_average" or "variance_weighted_average" over outputs, or None for each.
        num_regressors: how many regressors to adjust for; the score is not adjusted where there are not
            more samples than that.
        name, dtype: see Metric.
    """

    _direction = "up"

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise ValueError(
                f"R2Score: expected class_aggregation None, 'uniform_average' or 'variance_weighted_average', got {class_aggregation!r}."
            )
        if num_regressors < 0:
            raise ValueError(f"R2Score: expected num_regressors of at least 0, got {num_regressors}.")
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._built = False

    def _build(self, outputs):
        for attribute, name in (("squared_sum", "squared_sum"), ("sum", "sum"), ("total_mse", "residual"), ("count", "count")):
            setattr(self, attribute, self.add_variable((outputs,), "zeros", name=name))
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in a batch. (samples, outputs), (samples, outputs), weights (samples,) or (samples, outputs)

        Raises:
            ShapeError: other shapes.
        """
        y_true, y_pred = (ops.convert_to_tensor(y, self.dtype) for y in (y_true, y_pred))
        y_true, y_pred = paired(self.name, y_true, y_pred)
        if not self._built:
            self._build(outputs_of(self, y_true, y_pred))
        weights = ops.convert_to_tensor(1.0 if sample_weight is None else sample_weight, self.dtype)
        weights = ops.expand_dims(weights, 1) if ops.ndim(weights) == 1 else weights
        weights = ops.broadcast_to(weights, ops.shape(y_true))
        self.sum.assign_add(ops.sum(y_true * weights, axis=0))
        self.squared_sum.assign_add(ops.sum(y_true * y_true * weights, axis=0))
        self.total_mse.assign_add(ops.sum(ops.square(y_true - y_pred) * weights, axis=0))
        self.count.assign_add(ops.sum(weights, axis=0))
        self.num_samples.assign_add(count(y_true, self.dtype))

    def result(self):
        """Return the score, or one per output without class_aggregation."""
        mean = self.sum / self.count
        total = self.squared_sum - self.sum * mean
        scores = 1.0 - self.total_mse / total
        scores = ops.where(ops.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = ops.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = ops.sum(total * scores) / ops.sum(total)
        return self._adjusted(scores) if self.num_regressors else scores

    def _adjusted(self, scores):
        spare = self.num_samples - (self.num_regressors + 1.0)
        adjusted = 1.0 - (1.0 - scores) * (self.num_samples - 1.0) / ops.maximum(spare, 1.0)
        return ops.where(ops.greater(spare, 0), adjusted, scores)

    def get_config(self):
        """Return what makes it anew."""
        return {**super().get_config(), "class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}


def outputs_of(metric, y_true, y_pred):
    """Return the number of outputs of labels and predictions (samples, outputs).

    Raises:
        ShapeError: they have other shapes.
    """
    shapes = [ops.shape(y_true), ops.shape(y_pred)]
    if any(len(shape) != 2 or not is_static(shape[1]) for shape in shapes) or shapes[0][1] != shapes[1][1]:
        shown = " and ".join(str(visible(shape)) for shape in shapes)
        raise ShapeError(f"{metric.name}: got y_true and y_pred of shapes {shown}, expected (samples, outputs) for both. Reshape them.")
    return shapes[1][1]
