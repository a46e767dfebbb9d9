"""Convolution layers."""

from polykeras import config, ops
from polykeras.input_spec import InputSpec
from polykeras.layer import Layer


def each(title, name, value, rank):
    """Return one positive int per spatial axis.

    Raises:
        ValueError: another number of ints, or one below 1.
    """
    values = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(values) != rank or any(not isinstance(v, int) or isinstance(v, bool) or v < 1 for v in values):
        raise ValueError(f"{title}: expected a positive int or {rank} of them for {name}, got {value!r}.")
    return values


class Conv(Layer):
    """activation(correlation(inputs, kernel) + bias) over some spatial axes.

    Args:
        rank: number of spatial axes.
        filters: number of output channels.
        kernel_size, strides, dilation_rate: an int, or one per spatial axis.
        padding: "valid", "same" (the odd place at the end), or "causal" for one axis.
        data_format: "channels_last" or "channels_first"; the default one where None.
        groups: channels are split into so many, each with filters of its own.
        activation, use_bias, and the rest: see Dense.
    """

    def __init__(
        self,
        rank,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.rank = rank
        self.adopt(
            filters=each(self.title, "filters", filters, 1)[0],
            kernel_size=each(self.title, "kernel_size", kernel_size, rank),
            strides=each(self.title, "strides", strides, rank),
            padding=self._padding(padding),
            data_format=config.standardize_data_format(data_format),
            dilation_rate=each(self.title, "dilation_rate", dilation_rate, rank),
            groups=each(self.title, "groups", groups, 1)[0],
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )
        if filters % groups:
            raise ValueError(f"{self.title}: expected filters to be a multiple of groups, got {filters} and {groups}.")
        self.input_spec = InputSpec(min_ndim=rank + 2)

    def _padding(self, padding):
        allowed = ("valid", "same", "causal") if self.rank == 1 else ("valid", "same")
        if str(padding).lower() not in allowed:
            raise ValueError(f"{self.title}: expected padding {' or '.join(map(repr, allowed))}, got {padding!r}.")
        return padding.lower()

    def build(self, input_shape):
        axis = -1 if self.data_format == "channels_last" else 1
        channels = input_shape[axis]
        if channels is None or channels % self.groups:
            raise ValueError(f"{self.title}: expected a number of input channels that is a multiple of groups={self.groups}, got {channels}.")
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        self.kernel = self.add_weight(
            shape, self.kernel_initializer, None, True, True, self.kernel_regularizer, self.kernel_constraint, name="kernel"
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.filters,), self.bias_initializer, None, True, True, self.bias_regularizer, self.bias_constraint, name="bias"
            )
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={axis: channels})

    def call(self, inputs):
        padding = self.padding
        if padding == "causal":
            inputs, padding = self._padded_before(inputs), "valid"
        outputs = ops.conv(inputs, self.kernel, self.strides, padding, self.data_format, self.dilation_rate)
        if self.bias is not None:
            shape = (1,) * (self.rank + 1) + (-1,) if self.data_format == "channels_last" else (1, -1) + (1,) * self.rank
            outputs = ops.add(outputs, ops.reshape(self.bias, shape))
        return self.activation(outputs)

    def _padded_before(self, inputs):
        before = (self.dilation_rate[0] * (self.kernel_size[0] - 1), 0)
        widths = [(0, 0), before, (0, 0)] if self.data_format == "channels_last" else [(0, 0), (0, 0), before]
        return ops.pad(inputs, widths)


class _Ranked(Conv):
    """A Conv whose number of spatial axes is fixed by its class."""

    spatial = 0

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            self.spatial, filters, kernel_size, strides, padding, data_format, dilation_rate, groups, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint, **kwargs,
        )  # fmt: skip


class Conv1D(_Ranked):
    """Correlation along one axis. (batch, steps, channels) -> (batch, new steps, filters). See Conv."""

    spatial = 1


class Conv2D(_Ranked):
    """Correlation over two axes. (batch, height, width, channels) -> (batch, ..., filters). See Conv.

    >>> Conv2D(4, 3, padding="same").compute_output_shape((None, 28, 28, 1))
    (None, 28, 28, 4)
    """

    spatial = 2


class Conv3D(_Ranked):
    """Correlation over three axes. (batch, depth, height, width, channels) -> (batch, ..., filters). See Conv."""

    spatial = 3


Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
