"""Planted faults: the reference with one thing wrong, under a name of its own."""

import types

import numpy as np

from polykeras import contract


def faulty(**wrong):
    """Return a backend that is the reference but for some parts, called "faulty".

    Args:
        wrong: {name of a primitive or service: function of (the sound backend, *arguments)}; `fused` is {op: function(sound, ...)}.
    """
    from polykeras_numpy import backend as sound
    from polykeras_numpy.program import Program

    made = types.SimpleNamespace(**{**vars(sound), "name": "faulty"})
    fused = {name: contract.Fused(bound(function, sound)) for name, function in wrong.pop("fused", {}).items()}
    vars(made).update({name: bound(function, sound) for name, function in wrong.items()}, fused=fused)
    made.compile = lambda step, store, steps, options: Program(step.bind(made, hoist=True), store, steps)
    return made


def bound(function, sound):
    """Return a function of the contract's arguments."""
    return lambda *args: function(sound, *args)


def first_wins(b, x, y):
    """maximum, with all of the gradient for the first at a tie."""
    return b.where(b.less(x, y), y, x)


def by_maximum(b, x):
    """relu, with half of the gradient at 0."""
    return b.maximum(x, b.full((), 0, b.dtype(x)))


def odd_place_first(b, x, kernel, strides, padding, dilation, groups):
    """conv, whose padding 'same' has the odd place in front."""
    from polykeras.spec import padding_pairs

    if padding == "same":
        pairs = padding_pairs("same", b.shape(x)[1:-1], b.shape(kernel)[:-2], strides, dilation)
        padding = tuple((after, before) for before, after in pairs)
    return b.conv(x, kernel, strides, padding, dilation, groups)


def a_little_off(b, x):
    """sigmoid, wrong by a thousandth."""
    return b.multiply(b.sigmoid(x), b.full((), 1.001, b.dtype(x)))


def unbiased(b, x, axes, keepdims=False, synchronized=False):
    """moments, with a variance divided by n - 1."""
    axes = tuple(axis % len(b.shape(x)) for axis in axes)
    count = float(np.prod([b.shape(x)[axis] for axis in axes]))
    constant = lambda value: b.full((), value, b.dtype(x))
    mean = b.divide(b.sum(x, axes, True), constant(count))
    gap = b.subtract(x, mean)
    variance = b.divide(b.sum(b.multiply(gap, gap), axes, keepdims), constant(count - 1))
    return (mean if keepdims else b.reshape(mean, b.shape(variance))), variance


def a_root_too_large(b, x):
    """sqrt, with something added, as of an epsilon at the wrong place."""
    return b.add(b.sqrt(x), b.full((), 1e-4, b.dtype(x)))


def last_of_equal(b, x, axis):
    """argmax, that takes the last of equal values."""
    size = b.shape(x)[axis]
    turned = b.argmax(b.flip(x, (axis,)), axis)
    return b.subtract(b.full((), size - 1, "int32"), turned)


def half_a_gradient(b, x, y):
    """matmul, that passes half of the gradient on to the second factor."""
    half = b.multiply(y, b.full((), 0.5, b.dtype(y)))
    return b.matmul(x, b.add(half, b.stop_gradient(half)))


def too_long(b, x):
    """abs, wrong by a hundredth."""
    return b.multiply(b.abs(x), b.full((), 1.01, b.dtype(x)))
