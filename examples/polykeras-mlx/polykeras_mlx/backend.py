"""polykeras on MLX: the contract's services around the primitives."""

import sys

import mlx.core as mx

from polykeras import contract
from polykeras_mlx import program
from polykeras_mlx.primitives import *  # noqa: F403  the primitives are part of the contract
from polykeras_mlx.primitives import NAMES

name = "mlx"
api_version = contract.API_VERSION
capabilities = frozenset(contract.CAPABILITIES) - {"graph"}
fused = {}
array_protocol = "__mlx_array__"  # what mx.array asks another operand for, where others would leave the operation to it


def from_numpy(value, device):
    return program.from_numpy(value)


def to_numpy(x):
    return program.to_numpy(x)


def is_array(x):
    return isinstance(x, mx.array)


def shape(x):
    return x.shape


def dtype(x):
    return NAMES[x.dtype]


def devices():
    return [program.CPU]


def context():
    return mx.stream(mx.cpu)


def value_and_grad(function, arrays):
    if not arrays:
        return (*function([]), [])
    (value, aux), gradients = mx.value_and_grad(lambda xs: tuple(function(xs)))(list(arrays))
    return value, aux, gradients


def cond(predicate, true_function, false_function, operands):
    return true_function(operands) if predicate.item() else false_function(operands)


def while_loop(condition, body, carry):
    while condition(carry).item():
        carry = body(carry)
    return carry


def scan(body, carry, xs, length):
    columns = [mx.split(x, length) for x in xs if length]  # not x[index]: its gradient is as large as x, each time
    rows = []
    for index in range(length):
        carry, ys = body(carry, [mx.squeeze(column[index], 0) for column in columns])
        rows.append(ys)
    return carry, [mx.stack(column) for column in zip(*rows)]


def store(values, device):
    return program.Store(values)


def compile(step, store, steps, options):
    return program.Program(step, sys.modules[__name__], store, steps, options)
