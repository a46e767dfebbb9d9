"""InputSpec: what a layer demands of the shapes and dtypes of its inputs, and the check."""

from polykeras import tree
from polykeras.errors import DataError


class InputSpec:
    """What a layer takes.

    Args:
        dtype: name of the dtype.
        shape: tuple, None where any size will do.
        ndim, max_ndim, min_ndim: number of axes, or its bounds.
        axes: {axis: size}.
        allow_last_axis_squeeze: whether a last axis of size 1 may be there or not.
        name: name of the input, where a dict is passed.
        optional: whether None may be passed.
    """

    def __init__(
        self, dtype=None, shape=None, ndim=None, max_ndim=None, min_ndim=None, axes=None, allow_last_axis_squeeze=False, name=None, optional=False
    ):
        self.dtype, self.name, self.optional = dtype, name, optional
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze

    def __repr__(self):
        facts = {"shape": self.shape, "ndim": self.ndim, "min_ndim": self.min_ndim, "max_ndim": self.max_ndim, "axes": self.axes or None}
        return f"InputSpec({', '.join(f'{name}={fact}' for name, fact in facts.items() if fact is not None)})"

    def fault(self, shape):
        """Return how a shape falls short, in words, or None."""
        if self.allow_last_axis_squeeze and self.shape is not None:
            if len(shape) == len(self.shape) + 1 and shape[-1] == 1:
                shape = shape[:-1]
            elif len(self.shape) == len(shape) + 1 and self.shape[-1] == 1:
                shape = (*shape, 1)
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim:
            return f"expected {self.ndim} axes{self._example()}, got shape {shape} with {rank}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected at most {self.max_ndim} axes, got shape {shape} with {rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected at least {self.min_ndim} axes, got shape {shape} with {rank}"
        for axis, size in self.axes.items():
            if size is not None and shape[axis] not in (size, None):
                return f"expected size {size} on axis {axis}, got shape {shape}"
        for wanted, got in zip(self.shape or (), shape):
            if wanted is not None and got not in (wanted, None):
                return f"expected shape {self.shape}, got shape {shape}"
        return None

    def _example(self):
        return "" if self.shape is None else f" as in {self.shape}"


def check(specs, inputs, owner):
    """Refuse inputs that do not meet their specs.

    Args:
        specs: an InputSpec or nested ones, like inputs.
        inputs: arrays, symbols or anything with a shape.
        owner: what takes them, for the message: "Dense 'head'".

    Raises:
        DataError: it names the owner, what was expected and what was got.
    """
    wanted = [spec for spec in tree.leaves(specs)]
    if isinstance(inputs, dict) and wanted and all(spec.name for spec in wanted):
        given = [inputs.get(spec.name) for spec in wanted]
    else:
        given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        given = [leaf for part in given for leaf in ([None] if part is None else tree.leaves(part))]
    if len(given) != len(wanted):
        raise DataError(f"{owner}: expected {len(wanted)} inputs, got {len(given)}.")
    for index, (spec, x) in enumerate(zip(wanted, given)):
        if x is None and spec.optional or spec is None:
            continue
        fault = f"expected an array, got {x!r}" if not hasattr(x, "shape") else spec.fault(tuple(x.shape))
        if fault:
            which = "" if len(wanted) == 1 else f" {spec.name or index}"
            raise DataError(f"{owner}: input{which}: {fault}. Reshape the input, or build another {owner.split(' ')[0]}.")
