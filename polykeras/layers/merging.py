"""Layers that make one tensor of several."""

from polykeras import ops
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
        masks = [m for m in (mask or []) if m is not None]
        if len(masks) < len(inputs):
            return None
        made = masks[0]
        for other in masks[1:]:
            made = ops.logical_or(made, other)
        return made


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
    """The product of the inputs."""

    def pair(self, first, second):
        return ops.multiply(first, second)

    def compute_mask(self, inputs, mask=None):
        masks = [m for m in (mask or []) if m is not None]
        made = masks[0] if masks else None
        for other in masks[1:]:
            made = ops.logical_and(made, other)
        return made


class Average(Merge):
    """The mean of the inputs."""

    def merge(self, inputs):
        return super().merge(inputs) / len(inputs)

    def pair(self, first, second):
        return ops.add(first, second)


class Maximum(Merge):
    """The largest of the inputs."""

    def pair(self, first, second):
        return ops.maximum(first, second)


class Minimum(Merge):
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
