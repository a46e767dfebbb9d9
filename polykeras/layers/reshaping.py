"""Layers that rearrange."""

from polykeras import config, ops
from polykeras.errors import ShapeError
from polykeras.layer import Layer


class Flatten(Layer):
    """(batch, ...) -> (batch, n), channels last whatever the layout.

    Args:
        data_format: layout of the inputs; the default one where None.
    """

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = config.standardize_data_format(data_format)

    def call(self, inputs):
        rank = len(ops.shape(inputs))
        if self.data_format == "channels_first" and rank > 2:
            inputs = ops.transpose(inputs, (0, *range(2, rank), 1))
        sizes = ops.shape(inputs)
        count = 1
        for size in sizes[1:]:
            count = count * size
        return ops.reshape(inputs, (sizes[0], count))


class Reshape(Layer):
    """(batch, ...) -> (batch, *target_shape); one size may be -1.

    Raises:
        ShapeError: the elements do not fit.
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        self.target_shape = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)

    def call(self, inputs):
        return ops.reshape(inputs, (ops.shape(inputs)[0], *self._sizes(ops.shape(inputs)[1:])))

    def _sizes(self, given):
        """Return the target with its -1 worked out: the batch is unknown, so reshape cannot have another."""
        if -1 not in self.target_shape:
            return self.target_shape
        count, rest = 1, 1
        for size in given:
            count = count * size
        for size in self.target_shape:
            rest = rest * size if size != -1 else rest
        if isinstance(count, int) and (rest == 0 or count % rest):
            raise ShapeError(f"{self.title}: {count} elements do not fill shape {self.target_shape}. Choose sizes whose product divides them.")
        return tuple(count // rest if size == -1 else size for size in self.target_shape)


class Permute(Layer):
    """Axes in another order; they count from 1, the batch stays first.

    Args:
        dims: such as (2, 1).
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"{self.title}: expected an order of the axes from 1 to {len(self.dims)}, got {dims}.")

    def call(self, inputs):
        return ops.transpose(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """(batch, n) -> (batch, times, n).

    Args:
        n: how many times.
    """

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        self.n = n

    def call(self, inputs):
        batch, width = ops.shape(inputs)
        return ops.broadcast_to(ops.reshape(inputs, (batch, 1, width)), (batch, self.n, width))
