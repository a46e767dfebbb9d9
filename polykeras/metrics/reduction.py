"""Sum, mean, and the mean of a function: most metrics are one of these."""

from polykeras import losses, masks, ops
from polykeras.errors import ShapeError
from polykeras.losses.formula import each, find
from polykeras.losses.reduction import count, same_rank, with_mask
from polykeras.metrics.metric import Metric
from polykeras.sizes import is_static, visible


def _per_sample(name, values, sample_weight, reduce, dtype):
    """Return values, one per sample and times its weight, and the weights, one per sample or None.

    Args:
        values: (samples, ...).
        sample_weight: of the values' shape, or without its last axes, or None.
        reduce: takes axes behind the samples together: ops.sum or ops.mean.

    Raises:
        ShapeError: the weights do not fit.
    """
    mask = masks.get_mask(values)
    values = ops.convert_to_tensor(values, dtype)
    if sample_weight is not None:
        # as in Keras, a mask that the values carry counts only where there are weights
        sample_weight = with_mask(name, sample_weight, mask, dtype, "sum")
        values, sample_weight = same_rank(values, sample_weight)
        rank = ops.ndim(sample_weight)
        if ops.ndim(values) > rank:
            values = reduce(values, axis=tuple(range(rank, ops.ndim(values))))
        _check_weights(name, values, sample_weight)
        sample_weight = ops.broadcast_to(sample_weight, ops.shape(values))
        values = values * sample_weight
        if rank > 1:
            sample_weight = reduce(sample_weight, axis=tuple(range(1, rank)))
    if ops.ndim(values) > 1:
        values = reduce(values, axis=tuple(range(1, ops.ndim(values))))
    return values, sample_weight


def _check_weights(name, values, sample_weight):
    shape, weights = ops.shape(values), ops.shape(sample_weight)
    fits = len(weights) == len(shape) and all(w == 1 or w == v for w, v in zip(weights, shape) if is_static(w) and is_static(v))
    if not fits:
        raise ShapeError(
            f"{name}: got sample_weight of shape {visible(weights)} for values of shape {visible(shape)}, "
            "expected one weight per sample, or per value. Reshape sample_weight."
        )


class Sum(Metric):
    """The sum of all values, each times its weight.

    >>> metric = Sum()
    >>> metric.update_state([1.0, 3.0])
    >>> float(metric.result())
    4.0
    """

    def __init__(self, name="sum", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")

    def update_state(self, values, sample_weight=None):
        """Take in values of any shape, with weights per sample or per value."""
        values, _ = _per_sample(self.name, values, sample_weight, ops.sum, self.dtype)
        self.total.assign_add(ops.sum(values))

    def result(self):
        """Return the sum."""
        return self.total.value


class Mean(Metric):
    """The mean of all values, each times its weight: sum / sum of weights, 0 of nothing.

    >>> metric = Mean()
    >>> metric.update_state([1.0, 3.0], sample_weight=[3.0, 1.0])
    >>> float(metric.result())
    1.5
    """

    def __init__(self, name="mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", self.dtype, name="total")
        self.count = self.add_variable((), "zeros", self.dtype, name="count")

    def update_state(self, values, sample_weight=None):
        """Take in values of any shape, with weights per sample or per value."""
        values, sample_weight = _per_sample(self.name, values, sample_weight, ops.mean, self.dtype)
        self.total.assign_add(ops.sum(values))
        self.count.assign_add(count(values, self.dtype) if sample_weight is None else ops.sum(sample_weight))

    def result(self):
        """Return the mean."""
        return ops.divide_no_nan(self.total, self.count)


class MeanMetricWrapper(Mean):
    """The mean of a function of labels and predictions.

    Args:
        fn: function(y_true, y_pred, **kwargs) -> values, one or several per sample.
        name, dtype: see Metric.
        kwargs: passed on to fn.
    """

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name=name, dtype=dtype)
        self._fn, self._fn_kwargs = fn, kwargs
        if self._direction is None and (isinstance(fn, losses.Loss) or getattr(losses, getattr(fn, "__name__", ""), None) is fn):
            self._direction = "down"

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in a batch of labels and predictions; a mask that y_pred carries leaves out values."""
        mask = masks.get_mask(y_pred)
        y_true, y_pred = (each(ops.convert_to_tensor, y) for y in (y_true, y_pred))
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        super().update_state(values, with_mask(self.name, sample_weight, mask, self.dtype, "sum"))

    def get_config(self):
        """Return what makes it anew; a function as its name."""
        return {**super().get_config(), "fn": losses.serialize(self._fn), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config):
        """Return one made anew; a function of the user's own must stand in the config in place of its name."""
        fn = config["fn"]
        return cls(**{**config, "fn": losses.deserialize(fn) if isinstance(fn, dict) else find(fn)})


class FormulaMetric(MeanMetricWrapper):
    """The mean of a formula whose arguments are the metric's own."""

    def __init__(self, fn, name, dtype, **kwargs):
        super().__init__(fn, name, dtype, **kwargs)
        for argument, value in kwargs.items():
            setattr(self, argument, value)

    def get_config(self):
        """Return what makes it anew."""
        return {**Metric.get_config(self), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config):
        """Return one made anew."""
        return cls(**config)
