"""Cross-entropies. `from_logits=False` is a function of the probabilities alone, clipped to [eps, 1 - eps]."""

from polykeras import config
from polykeras.errors import ShapeError
from polykeras.ops.activation import log_sigmoid, log_softmax
from polykeras.ops.dispatch import axis_of, constant, op, p, promoted
from polykeras.ops.elementwise import clip
from polykeras.ops.indexing import take_along_axis
from polykeras.sizes import is_static, visible


def _clipped(output):
    return clip(output, config.epsilon(), 1.0 - config.epsilon())


def _same_shape(name, target, output):
    first, second = p.shape(target), p.shape(output)
    pairs = zip(first, second)
    if len(first) != len(second) or any(is_static(a) and is_static(b) and a != b for a, b in pairs):
        raise ShapeError(
            f"{name}: got target of shape {visible(first)} and output of shape {visible(second)}, expected one shape. "
            "Reshape one of them; class numbers go with sparse_categorical_crossentropy."
        )


@op("target output")
def binary_crossentropy(target, output, from_logits=False):
    """Return -target * log(output) - (1 - target) * log(1 - output), element by element. (...) -> (...)"""
    target, output = promoted(target, output, floats=True)
    _same_shape("binary_crossentropy", target, output)
    one = constant(1, output)
    if from_logits:
        positive, negative = log_sigmoid(output), log_sigmoid(p.negative(output))
    else:
        output = _clipped(output)
        positive, negative = p.log(output), p.log(p.subtract(one, output))
    return p.negative(p.add(p.multiply(target, positive), p.multiply(p.subtract(one, target), negative)))


def _log_probabilities(output, from_logits, axis):
    if from_logits:
        return log_softmax(output, axis)
    total = p.sum(output, (axis_of(axis, len(p.shape(output))),), True)
    return p.log(_clipped(p.divide(output, total)))


@op("target output")
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Return -sum(target * log(output)) over the classes. (..., classes), (..., classes) -> (...)

    Probabilities are divided by their sum first.
    """
    target, output = promoted(target, output, floats=True)
    _same_shape("categorical_crossentropy", target, output)
    axis = axis_of(axis, len(p.shape(output)))
    return p.negative(p.sum(p.multiply(target, _log_probabilities(output, from_logits, axis)), (axis,), False))


@op("target output")
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Return -log(output) at each target class; NaN for a class out of range. (...), (..., classes) -> (...)

    Target may have a last axis of size 1. Unlike the gradient of a clipped value, that of logits never dies.
    """
    (output,) = promoted(output, floats=True)
    rank = len(p.shape(output))
    axis = axis_of(axis, rank)
    target = p.cast(target, "int32")
    if len(p.shape(target)) == rank and is_static(p.shape(target)[-1]) and p.shape(target)[-1] == 1:
        target = p.reshape(target, p.shape(target)[:-1])
    if len(p.shape(target)) != rank - 1:
        raise ShapeError(
            f"sparse_categorical_crossentropy: got target of shape {visible(p.shape(target))} and output of shape "
            f"{visible(p.shape(output))}, expected a target of the output's shape without its classes. Reshape the target."
        )
    places = p.reshape(target, (*p.shape(target)[:axis], 1, *p.shape(target)[axis:]))
    outside = p.less(places, constant(0, places))  # a negative label is no class, it does not count from the end
    places = p.where(outside, constant(p.shape(output)[axis], places), places)
    picked = take_along_axis(_log_probabilities(output, from_logits, axis), places, axis)
    return p.negative(p.reshape(picked, p.shape(target)))
