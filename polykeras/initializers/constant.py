"""Initializers that leave nothing to chance."""

from polykeras import config, ops
from polykeras.initializers.initializer import Initializer


class Zeros(Initializer):
    """All zeros.

    >>> Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def __call__(self, shape, dtype=None):
        return ops.zeros(shape, dtype)


class Ones(Initializer):
    """All ones."""

    def __call__(self, shape, dtype=None):
        return ops.ones(shape, dtype)


class Constant(Initializer):
    """All of one value.

    Args:
        value: a number, or an array that broadcasts to the shape.
    """

    def __init__(self, value=0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        return ops.full(shape, self.value, dtype or config.floatx())

    def get_config(self):
        """Return what makes it anew."""
        return {"value": self.value}


class Identity(Initializer):
    """The identity matrix, times a gain.

    Raises:
        ValueError: when called for a shape that is not two-dimensional.
    """

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) != 2:
            raise ValueError(f"Identity: expected a shape of 2 axes, got {tuple(shape)}.")
        return ops.eye(*shape, dtype=dtype) * self.gain

    def get_config(self):
        """Return what makes it anew."""
        return {"gain": self.gain}
