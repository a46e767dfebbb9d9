"""The NumPy reference: it defines the numbers that every other backend must give."""

import functools

import numpy as np

from polykeras import autodiff, contract
from polykeras_numpy import primitives
from polykeras_numpy.fused import fused  # noqa: F401  part of the contract
from polykeras_numpy.program import Program, Store

name = "numpy"
api_version = contract.API_VERSION
capabilities = frozenset(contract.CAPABILITIES) - {"graph"}


def _quiet(function):
    """Silence NumPy's warnings: inf and NaN are results like any other here."""

    @functools.wraps(function)
    def call(*args):
        with np.errstate(all="ignore"):
            return function(*args)

    return call


def from_numpy(value, device):
    return np.asarray(value)


def to_numpy(x):
    return np.asarray(x)


def is_array(x):
    return isinstance(x, (np.ndarray, np.generic))


def shape(x):
    return np.shape(x)


def dtype(x):
    return x.dtype.name


def context():
    return np.errstate(all="ignore")


def devices():
    return ["cpu:0"]


def numeric_mode():
    return {"tf32": False, "fast_math": False, "flushes_subnormals": bool(np.float32(1e-40) * np.float32(1) == 0)}


_plain = {name: _quiet(getattr(primitives, name)) for name in contract.PRIMITIVES}
_traced = autodiff.differentiable({**_plain, "shape": shape, "dtype": dtype, "is_array": is_array}, wide="float64")
globals().update({name: getattr(_traced, name) for name in (*contract.PRIMITIVES, "shape", "dtype", "is_array")})


def value_and_grad(function, arrays):
    return _traced.value_and_grad(function, arrays)


def cond(predicate, true_function, false_function, operands):
    return true_function(operands) if _plain_value(predicate) else false_function(operands)


def while_loop(condition, body, carry):
    while _plain_value(condition(carry)):
        carry = body(carry)
    return carry


def scan(body, carry, xs, length):
    rows = []
    for index in range(length):
        carry, ys = body(carry, [_row(x, index) for x in xs])
        rows.append(ys)
    return carry, [_stacked(column) for column in zip(*rows)]


def _plain_value(x):
    return _traced.stop_gradient(x).item()


def _row(x, index):
    sizes = _traced.shape(x)
    cut = _traced.slice(x, (index, *(0 for _ in sizes[1:])), (index + 1, *sizes[1:]), (1,) * len(sizes))
    return _traced.reshape(cut, sizes[1:])


def _stacked(column):
    return _traced.concatenate([_traced.reshape(y, (1, *_traced.shape(y))) for y in column], 0)


def store(values, device):
    return Store(values)


def compile(step, store, steps, options):
    return Program(step.bind(_module(), hoist=True), store, steps)


def _module():
    import sys

    return sys.modules[__name__]


