"""Constraints: functions applied to weights after each step."""

from polykeras import config, ops
from polykeras.objects import Catalogue


class Constraint:
    """A callable weight -> weight of the same shape."""

    def __call__(self, w):
        """Return the weight, constrained."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__(self, w). Write one.")

    def get_config(self):
        """Return what makes it anew."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Return one made anew."""
        return cls(**config)


def _length(w, axis):
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


class MaxNorm(Constraint):
    """Holds the norm of each slice at most max_value.

    Args:
        max_value: the largest norm.
        axis: the axes along which the norm is taken.
    """

    def __init__(self, max_value=2, axis=0):
        self.max_value, self.axis = max_value, axis

    def __call__(self, w):
        length = _length(w, self.axis)
        return w * (ops.clip(length, 0, self.max_value) / (config.epsilon() + length))

    def get_config(self):
        """Return what makes it anew."""
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Sets negative weights to 0."""

    def __call__(self, w):
        return ops.where(ops.less(w, 0.0), 0.0, w)


class UnitNorm(Constraint):
    """Gives each slice the norm 1."""

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, w):
        return w / (config.epsilon() + _length(w, self.axis))

    def get_config(self):
        """Return what makes it anew."""
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Moves the norm of each slice towards [min_value, max_value], at a rate from 0 to 1."""

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    def __call__(self, w):
        length = _length(w, self.axis)
        wanted = self.rate * ops.clip(length, self.min_value, self.max_value) + (1 - self.rate) * length
        return w * (wanted / (config.epsilon() + length))

    def get_config(self):
        """Return what makes it anew."""
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


max_norm, non_neg, unit_norm, min_max_norm = MaxNorm, NonNeg, UnitNorm, MinMaxNorm
_aliases = {"max_norm": MaxNorm, "non_neg": NonNeg, "unit_norm": UnitNorm, "min_max_norm": MinMaxNorm}
_catalogue = Catalogue("constraint", "keras.constraints", [MaxNorm, MinMaxNorm, NonNeg, UnitNorm], _aliases)
get, serialize, deserialize = _catalogue.get, _catalogue.serialize, _catalogue.deserialize
