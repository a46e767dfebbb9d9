"""The PyTorch backend."""

import contextlib
import sys
import threading

import torch

from polykeras import contract
from polykeras_torch import primitives
from polykeras_torch.fused import fused  # noqa: F401  part of the contract
from polykeras_torch.precision import numeric_mode, whole_products  # noqa: F401
from polykeras_torch.primitives import NAMES
from polykeras_torch.program import Program, Store, find_device, to_array, to_tensor

name = "torch"
api_version = contract.API_VERSION
capabilities = frozenset(contract.CAPABILITIES) - {"graph", "uint16", "uint32", "uint64"}

globals().update({name: getattr(primitives, name) for name in contract.PRIMITIVES})
_depth = threading.local()


def from_numpy(value, device):
    return to_tensor(value, find_device(device) if device else torch.get_default_device())


def to_numpy(x):
    return to_array(x)


def is_array(x):
    return isinstance(x, torch.Tensor)


def shape(x):
    return tuple(x.shape)


def dtype(x):
    return NAMES.get(x.dtype, str(x.dtype))


@contextlib.contextmanager
def context():
    with torch.no_grad(), whole_products:
        yield


def devices():
    found = [f"gpu:{index}" for index in range(torch.cuda.device_count())]
    return [*found, "cpu:0"]


def value_and_grad(function, arrays):
    nested = getattr(_depth, "value", 0)
    _depth.value = nested + 1
    try:
        with torch.enable_grad():
            leaves = [x.view_as(x) if x.requires_grad else x.detach().requires_grad_() for x in arrays]
            value, aux = function(leaves)
            if not value.requires_grad:
                return value, aux, [torch.zeros_like(x) for x in arrays]
            found = torch.autograd.grad(value, leaves, create_graph=nested > 0, allow_unused=True)
    finally:
        _depth.value = nested
    gradients = [torch.zeros_like(x) if g is None else g for g, x in zip(found, leaves)]
    if nested:
        return value, aux, gradients
    return value.detach(), [x.detach() for x in aux], gradients


def cond(predicate, true_function, false_function, operands):
    return true_function(operands) if predicate else false_function(operands)


def while_loop(condition, body, carry):
    while condition(carry):
        carry = body(carry)
    return carry


def scan(body, carry, xs, length):
    rows = []
    for index in range(length):
        carry, ys = body(carry, [x[index] for x in xs])
        rows.append(ys)
    return carry, [torch.stack(column) for column in zip(*rows)]


def store(values, device):
    return Store(values, device)


def compile(step, store, steps, options):
    backend = sys.modules[__name__]
    return Program(lambda: step.bind(backend, hoist=True), step.borrowed(backend), store, steps, options)


