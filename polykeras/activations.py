"""Activations: Keras's names for functions of arrays, found by name or passed as they are."""

from polykeras import ops
from polykeras.objects import Catalogue
from polykeras.ops import (  # noqa: F401  they are the activations
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    log_sigmoid,
    log_softmax,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)


def linear(x):
    """Return x itself. (...) -> (...)"""
    return x


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """Return x above the threshold, negative_slope * (x - threshold) below, and at most max_value. (...) -> (...)"""
    if threshold == 0 and not negative_slope:
        if max_value is None:
            return ops.relu(x)
        if max_value == 6:
            return ops.relu6(x)
    if threshold == 0:
        bent = ops.leaky_relu(x, negative_slope) if negative_slope else ops.relu(x)
    else:
        bent = ops.where(ops.greater(x, threshold), x, negative_slope * (x - threshold))
    return bent if max_value is None else ops.clip(bent, float("-inf"), float(max_value))


def leaky_relu(x, negative_slope=0.2):
    """Return x where it is above 0, else negative_slope * x. (...) -> (...)"""
    return ops.leaky_relu(x, negative_slope)


def gelu(x, approximate=False):
    """Return x times the normal distribution's share below x; exactly, unless approximate. (...) -> (...)"""
    return ops.gelu(x, approximate)


def exponential(x):
    """Return e**x. (...) -> (...)"""
    return ops.exp(x)


def mish(x):
    """Return x * tanh(softplus(x)) (Misra 2019). (...) -> (...)"""
    return x * ops.tanh(ops.softplus(x))


def softmax(x, axis=-1):
    """Return exp(x) divided by its sum over an axis. (...) -> (...)"""
    return ops.softmax(x, axis)


_members = [
    celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh, leaky_relu, linear, log_sigmoid,
    log_softmax, mish, relu, relu6, selu, sigmoid, silu, soft_shrink, softmax, softplus, softsign, sparse_plus,
    sparse_sigmoid, sparsemax, squareplus, tanh, tanh_shrink, threshold,
]  # fmt: skip
swish, hard_swish = silu, hard_silu
_catalogue = Catalogue("activation", "keras.activations", _members, {"swish": silu, "hard_swish": hard_silu})
serialize, deserialize = _catalogue.serialize, _catalogue.deserialize


def get(identifier):
    """Return an activation given as a function, a name, a config or a layer; `linear` for None."""
    return linear if identifier is None else _catalogue.get(identifier)
