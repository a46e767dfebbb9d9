"""Convolution and pooling. The primitives take channels last; other layouts are transposed here."""

import math

from polykeras import config
from polykeras.errors import ShapeError
from polykeras.ops.dispatch import as_float, constant, op, p, promoted
from polykeras.ops.shapes import moveaxis


def _last(x, data_format):
    return moveaxis(x, 1, -1) if data_format == "channels_first" else x


def _first(x, data_format):
    return moveaxis(x, -1, 1) if data_format == "channels_first" else x


def _each(name, value, rank):
    """Return one int per spatial axis.

    Raises:
        ValueError: another number of ints, or one below 1.
    """
    values = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(values) != rank or any(not isinstance(v, int) or v < 1 for v in values):
        raise ValueError(f"{name}: expected a positive int or {rank} of them, got {value!r}.")
    return values


def _padding(padding):
    if str(padding).lower() not in ("valid", "same"):
        raise ValueError(f"padding: expected 'valid' or 'same', got {padding!r}.")
    return padding.lower()


@op("inputs kernel")
def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Return the correlation of a batch with a kernel; padding "same" puts the odd place at the end.

    Args:
        inputs: (batch, *spatial, channels), or channels second in "channels_first".
        kernel: (*window, channels / groups, filters); groups follow from the two.

    Returns:
        (batch, *spatial out, filters), in the inputs' layout.
    """
    data_format = config.standardize_data_format(data_format)
    inputs, kernel = promoted(inputs, kernel, floats=True)
    inputs = _last(inputs, data_format)
    rank = len(p.shape(kernel)) - 2
    channels, per_group = p.shape(inputs)[-1], p.shape(kernel)[-2]
    if per_group == 0 or channels % per_group:
        raise ShapeError(f"conv: kernel {p.shape(kernel)} takes channels in multiples of {per_group}, got input {p.shape(inputs)}.")
    strides, dilation = _each("strides", strides, rank), _each("dilation_rate", dilation_rate, rank)
    made = p.conv(inputs, kernel, strides, _padding(padding), dilation, channels // per_group)
    return _first(made, data_format)


@op("inputs kernel")
def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Return each channel correlated with kernels of its own. kernel: (*window, channels, multiplier)"""
    data_format = config.standardize_data_format(data_format)
    *window, channels, multiplier = p.shape(kernel)
    grouped = p.reshape(kernel, (*window, 1, channels * multiplier))
    return conv(inputs, grouped, strides, padding, data_format, dilation_rate)


@op("inputs")
def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Return the largest in each window; ties give their gradient to the first.

    Args:
        inputs: (batch, *spatial, channels), or channels second in "channels_first".
        pool_size: an int, or one per spatial axis.
        strides: likewise; the pool size for None.
    """
    return _pooled("max", inputs, pool_size, strides, padding, data_format)


@op("inputs")
def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """Return the mean of each window; padded places do not count. See max_pool."""
    return _pooled("sum", inputs, pool_size, strides, padding, data_format)


def _pooled(kind, inputs, pool_size, strides, padding, data_format):
    data_format = config.standardize_data_format(data_format)
    x = _last(as_float(inputs), data_format)
    rank = len(p.shape(x)) - 2
    size = _each("pool_size", pool_size, rank)
    strides = size if strides is None else _each("strides", strides, rank)
    padding = _padding(padding)
    made = p.pool(x, kind, size, strides, padding)
    if kind == "sum":
        made = p.divide(made, _window_counts(x, size, strides, padding))
    return _first(made, data_format)


def _window_counts(x, size, strides, padding):
    """Return how many true places each window has: a number, or (1, *out, 1) where the edges have fewer."""
    if padding == "valid":
        return constant(math.prod(size), x)
    ones = p.full((1, *p.shape(x)[1:-1], 1), 1, p.dtype(x))
    return p.pool(ones, "sum", size, strides, padding)
