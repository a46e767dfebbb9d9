"""Layers that make one tensor of several."""

from polykeras import masks, ops
from polykeras.errors import DataError
from polykeras.layer import Layer


class Merge(Layer):
    """The base of layers that combine tensors element by element; shapes broadcast."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 1:
            raise DataError(f"{self.title}: expected a list of tensors, got {type(inputs).__name__}. Pass them as [a, b].")
        rank = max(len(ops.shape(x)) for x in inputs)
        return self.merge([self._widened(x, rank) for x in inputs])

    def _widened(self, x, rank):
        """Give a tensor of fewer axes the missing ones behind the batch, as Keras does."""
        sizes = ops.shape(x)
        return x if len(sizes) == rank else ops.reshape(x, (sizes[0], *(1,) * (rank - len(sizes)), *sizes[1:]))

    def merge(self, inputs):
        """Combine a list of tensors; two at a time unless a subclass knows better."""
        made = inputs[0]
        for x in inputs[1:]:
            made = self.pair(made, x)
        return made

    def pair(self, first, second):
        """Combine two tensors."""
        raise NotImplementedError(f"{type(self).__name__} has neither merge(inputs) nor pair(first, second). Write one.")

    def compute_mask(self, inputs, mask=None):
        given = [m for m in (mask or []) if m is not None]
        if len(given) < len(inputs):
            return None
        made = given[0]
        for other in given[1:]:
            made = ops.logical_or(made, other)
        return made


def _shown(x):
    """Return which elements of x its mask shows, in x's shape; None without a mask."""
    mask = masks.get_mask(x)
    return None if mask is None else ops.broadcast_to(ops.expand_dims(mask, -1), ops.shape(x))


class Add(Merge):
    """The sum of the inputs."""

    def pair(self, first, second):
        return ops.add(first, second)


class Subtract(Merge):
    """The first of two inputs minus the second."""

    def merge(self, inputs):
        if len(inputs) != 2:
            raise DataError(f"{self.title}: expected 2 tensors, got {len(inputs)}.")
        return ops.subtract(*inputs)


class Multiply(Merge):
    """The product of the inputs; what is masked in one of them counts as 1, what is masked in all as 0."""

    def merge(self, inputs):
        shown = [_shown(x) for x in inputs]
        made = super().merge([x if mask is None else ops.where(mask, x, 1.0) for x, mask in zip(inputs, shown)])
        if any(mask is None for mask in shown):
            return made
        anywhere = shown[0]
        for mask in shown[1:]:
            anywhere = ops.logical_or(anywhere, mask)
        return ops.where(anywhere, made, 0.0)

    def pair(self, first, second):
        return ops.multiply(first, second)


class Average(Merge):
    """The mean of the inputs."""

    def merge(self, inputs):
        return super().merge(inputs) / len(inputs)

    def pair(self, first, second):
        return ops.add(first, second)


class _Extreme(Merge):
    """One of the inputs at each place; where some are masked, one of the others."""

    def merge(self, inputs):
        made, seen = inputs[0], _shown(inputs[0])
        for x in inputs[1:]:
            mask = _shown(x)
            x = x if mask is None else ops.where(mask, x, made)
            made = made if seen is None else ops.where(seen, made, x)
            seen = None if mask is None or seen is None else ops.logical_or(mask, seen)
            made = self.pair(made, x)
        return made


class Maximum(_Extreme):
    """The largest of the inputs."""

    def pair(self, first, second):
        return ops.maximum(first, second)


class Minimum(_Extreme):
    """The smallest of the inputs."""

    def pair(self, first, second):
        return ops.minimum(first, second)


class Concatenate(Merge):
    """The inputs joined along an axis.

    Args:
        axis: which; the last by default.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 1:
            raise DataError(f"{self.title}: expected a list of tensors, got {type(inputs).__name__}. Pass them as [a, b].")
        return ops.concatenate(list(inputs), self.axis)

    def compute_mask(self, inputs, mask=None):
        if mask is None or all(m is None for m in mask):
            return None
        masks = []
        for x, m in zip(inputs, mask):
            full = ops.ones_like(x, dtype="bool") if m is None else ops.cast(m, "bool")
            while len(ops.shape(full)) < len(ops.shape(x)):
                full = ops.expand_dims(full, -1)
            masks.append(ops.broadcast_to(full, ops.shape(x)))
        return ops.any(ops.concatenate(masks, self.axis), axis=-1)


def _function(layer):
    def merge(inputs, **kwargs):
        return layer(**kwargs)(inputs)

    merge.__doc__ = f"Return {layer.__name__}()(inputs)."
    return merge


add, subtract, multiply, average = map(_function, (Add, Subtract, Multiply, Average))
maximum, minimum = _function(Maximum), _function(Minimum)


def concatenate(inputs, axis=-1, **kwargs):
    """Return Concatenate(axis)(inputs)."""
    return Concatenate(axis, **kwargs)(inputs)
