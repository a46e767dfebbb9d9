"""Loss: a function of labels and predictions, reduced over samples to the number that training lowers."""

from polykeras import config, dtype_policies, dtypes, masks, naming, ops, tree
from polykeras.errors import ShapeError
from polykeras.losses import formula, reduction as reductions
from polykeras.ops.dispatch import anywhere


class Loss:
    """The base of all losses.

    A subclass computes losses of samples in `call(y_true, y_pred)`. There, float labels have the loss's
    dtype, while integers stay integers (int32, or int64 where they were wider), so that class numbers
    are exact.

    Args:
        name: the class's name where None.
        reduction: "sum_over_batch_size" or "mean" (sum / number of losses), "sum",
            "mean_with_sample_weight" (sum / sum of weights), "none" or None.
        dtype: a dtype or DTypePolicy to compute in; the default float where None.

    >>> class Cubed(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return ops.mean(ops.power(ops.absolute(y_pred - y_true), 3.0), axis=-1)
    >>> float(Cubed()([[0.0, 0.0]], [[1.0, 2.0]]))
    4.5
    """

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None):
        self.name = name or naming.of_class(type(self))
        self.reduction = reductions.checked(reduction)
        self._given_dtype = dtype
        self._dtype = dtype_policies.get(dtype or config.floatx()).compute_dtype

    @property
    def dtype(self):
        """The dtype that it computes in."""
        return self._dtype

    @anywhere
    def __call__(self, y_true, y_pred, sample_weight=None):
        """Return the loss of predictions: a scalar, or as many as `call` gives without a reduction.

        Args:
            y_true, y_pred: arrays, or nested structures of them.
            sample_weight: of the losses' shape, a last axis of size 1 more or less, or a scalar.

        Raises:
            ShapeError: shapes that do not fit.
        """
        mask = masks.get_mask(y_pred)
        y_pred = formula.each(lambda x: ops.convert_to_tensor(x, self.dtype), y_pred)
        y_true = formula.each(self._label, y_true)
        losses = self.call(y_true, y_pred)
        mask = _both(mask, masks.get_mask(losses))
        return reductions.reduced(self.name, losses, sample_weight, mask, self.reduction, self.dtype)

    def _label(self, x):
        x = ops.convert_to_tensor(x)
        kind = ops.dtype(x)
        if dtypes.is_float(kind):
            return ops.cast(x, self.dtype)
        # narrow integers would wrap in formulas such as 2 * y_true - 1
        return ops.cast(x, "int64" if kind in ("int64", "uint32", "uint64") else "int32")

    def call(self, y_true, y_pred):
        """Return losses of samples; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__} has no call(self, y_true, y_pred). Write one.")

    def get_config(self):
        """Return what makes it anew."""
        base = {"name": self.name, "reduction": self.reduction}
        return base if self._given_dtype is None else {**base, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        """Return one made anew."""
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"


class LossFunctionWrapper(Loss):
    """A loss made of a function.

    Args:
        fn: function(y_true, y_pred, **kwargs) -> losses of samples.
        reduction, name, dtype: see Loss.
        kwargs: passed on to fn.
    """

    def __init__(self, fn, reduction="sum_over_batch_size", name=None, dtype=None, **kwargs):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn, self._fn_kwargs = fn, kwargs

    def call(self, y_true, y_pred):
        """Return what the function gives; a last axis of size 1 may be missing from one of its arguments."""
        labels, structure = tree.flatten(y_true)
        outputs, other = tree.flatten(y_pred)
        if len(labels) != len(outputs):
            raise ShapeError(f"{self.name}: got {len(labels)} arrays of labels for {len(outputs)} outputs, expected as many. Pass one per output.")
        pairs = [reductions.same_rank(label, output) for label, output in zip(labels, outputs)]
        y_true = tree.unflatten(structure, [label for label, _ in pairs])
        y_pred = tree.unflatten(other, [output for _, output in pairs])
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self):
        """Return what makes it anew; the function as its name."""
        return {**super().get_config(), "fn": self.fn.__name__, **self._fn_kwargs}

    @classmethod
    def from_config(cls, config):
        """Return one made anew; a function of the user's own must stand in the config in place of its name."""
        return cls(**{**config, "fn": formula.find(config["fn"])})


class FormulaLoss(LossFunctionWrapper):
    """A loss made of a formula whose arguments are its own."""

    def __init__(self, fn, reduction, name, dtype, **kwargs):
        super().__init__(fn, reduction, name, dtype, **kwargs)
        for argument, value in kwargs.items():
            setattr(self, argument, value)

    def get_config(self):
        """Return what makes it anew."""
        return {**Loss.get_config(self), **self._fn_kwargs}

    @classmethod
    def from_config(cls, config):
        """Return one made anew."""
        return cls(**config)


def _both(first, second):
    if first is None or second is None:
        return second if first is None else first
    return ops.logical_and(first, second)
