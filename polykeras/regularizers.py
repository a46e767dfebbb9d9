"""Regularizers: penalties on weights or outputs, added to the loss."""

from polykeras import ops
from polykeras.objects import Catalogue


class Regularizer:
    """A callable weight -> scalar penalty."""

    def __call__(self, x):
        """Return the penalty of x, a scalar."""
        return 0.0

    def get_config(self):
        """Return what makes it anew."""
        raise NotImplementedError(f"{type(self).__name__} has no get_config(self). Write one.")

    @classmethod
    def from_config(cls, config):
        """Return one made anew."""
        return cls(**config)


def _checked(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"{name}: expected a finite number, got {value!r}.")
    return float(value)


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x**2); the gradient of |x| at 0 is 0.

    >>> float(L1L2(l1=0.5, l2=2.0)([1.0, -2.0]))
    11.5
    """

    def __init__(self, l1=0.0, l2=0.0):
        self.l1, self.l2 = _checked("l1", l1 or 0.0), _checked("l2", l2 or 0.0)

    def __call__(self, x):
        total = 0.0
        if self.l1:
            total = self.l1 * ops.sum(ops.absolute(x))
        if self.l2:
            total = total + self.l2 * ops.sum(ops.square(x))
        return total

    def get_config(self):
        """Return what makes it anew."""
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """l1 * sum(|x|)."""

    def __init__(self, l1=0.01):
        super().__init__(l1=0.01 if l1 is None else l1)

    def get_config(self):
        """Return what makes it anew."""
        return {"l1": self.l1}


class L2(L1L2):
    """l2 * sum(x**2)."""

    def __init__(self, l2=0.01):
        super().__init__(l2=0.01 if l2 is None else l2)

    def get_config(self):
        """Return what makes it anew."""
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """A penalty on rows, or columns, that are not orthogonal.

    Args:
        factor: times the mean of |cosine| over all pairs.
        mode: "rows" or "columns".
    """

    def __init__(self, factor=0.01, mode="rows"):
        if mode not in ("rows", "columns"):
            raise ValueError(f"OrthogonalRegularizer: expected mode 'rows' or 'columns', got {mode!r}.")
        self.factor, self.mode = factor, mode

    def __call__(self, x):
        axis = 1 if self.mode == "rows" else 0
        unit = ops.normalize(x, axis=axis)
        cosines = ops.matmul(unit, ops.transpose(unit)) if self.mode == "rows" else ops.matmul(ops.transpose(unit), unit)
        size = ops.shape(x)[1 - axis]
        pairs = size * (size - 1.0) / 2.0
        return self.factor * 0.5 * ops.sum(ops.absolute(cosines * (1.0 - ops.eye(size, dtype=x.dtype)))) / pairs

    def get_config(self):
        """Return what makes it anew."""
        return {"factor": self.factor, "mode": self.mode}


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer
_catalogue = Catalogue("regularizer", "keras.regularizers", [L1, L2, L1L2, OrthogonalRegularizer], {"l1": L1, "l2": L2, "l1_l2": L1L2})
get, serialize, deserialize = _catalogue.get, _catalogue.serialize, _catalogue.deserialize
