"""Pooling layers: windows, and whole axes."""

from polykeras import config, ops
from polykeras.input_spec import InputSpec
from polykeras.layer import Layer
from polykeras.layers.convolution import each


class _Pooling(Layer):
    """Pooling over windows.

    Args:
        pool_size: an int, or one per spatial axis.
        strides: likewise; the pool size where None.
        padding: "valid" or "same"; padded places do not take part.
        data_format: "channels_last" or "channels_first"; the default one where None.
    """

    rank, pool = 0, None

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        self.pool_size = each(self.title, "pool_size", pool_size, self.rank)
        self.strides = self.pool_size if strides is None else each(self.title, "strides", strides, self.rank)
        if str(padding).lower() not in ("valid", "same"):
            raise ValueError(f"{self.title}: expected padding 'valid' or 'same', got {padding!r}.")
        self.padding = padding.lower()
        self.data_format = config.standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs):
        return type(self).pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)


class _GlobalPooling(Layer):
    """Pooling over all spatial axes.

    Args:
        data_format: "channels_last" or "channels_first"; the default one where None.
        keepdims: whether the spatial axes stay, with size 1.
    """

    rank, reduce = 0, None

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.data_format, self.keepdims = config.standardize_data_format(data_format), keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def axes(self):
        """The spatial axes."""
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))

    def call(self, inputs):
        return type(self).reduce(inputs, axis=self.axes, keepdims=self.keepdims)


def _pooling(name, rank, pool, what):
    doc = f"The {what} of each window over {rank} spatial axes. See _Pooling."
    return type(name, (_Pooling,), {"rank": rank, "pool": staticmethod(pool), "__doc__": doc, "__module__": __name__})


def _global_pooling(name, rank, reduce, what):
    doc = f"The {what} over all {rank} spatial axes. (batch, ..., channels) -> (batch, channels). See _GlobalPooling."
    return type(name, (_GlobalPooling,), {"rank": rank, "reduce": staticmethod(reduce), "__doc__": doc, "__module__": __name__})


MaxPooling1D, MaxPooling2D, MaxPooling3D = (_pooling(f"MaxPooling{n}D", n, ops.max_pool, "largest") for n in (1, 2, 3))
AveragePooling1D, AveragePooling2D, AveragePooling3D = (
    _pooling(f"AveragePooling{n}D", n, ops.average_pool, "mean") for n in (1, 2, 3)
)
GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D = (
    _global_pooling(f"GlobalMaxPooling{n}D", n, ops.max, "largest") for n in (1, 2, 3)
)
GlobalAveragePooling2D, GlobalAveragePooling3D = (
    _global_pooling(f"GlobalAveragePooling{n}D", n, ops.mean, "mean") for n in (2, 3)
)


class GlobalAveragePooling1D(_GlobalPooling):
    """The mean over the steps that a mask shows, all without one. (batch, steps, n) -> (batch, n). See _GlobalPooling."""

    rank, reduce = 1, staticmethod(ops.mean)

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        axis = self.axes[0]
        weights = ops.expand_dims(ops.cast(mask, ops.dtype(inputs)), 2 if axis == 1 else 1)
        total = ops.sum(inputs * weights, axis=axis, keepdims=self.keepdims)
        return total / ops.sum(weights, axis=axis, keepdims=self.keepdims)

    def compute_mask(self, inputs, mask=None):
        return None


MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D = GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalAveragePooling3D
