"""The JAX backend."""

import os
import re
import sys

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from polykeras import contract, dtypes
from polykeras_jax import primitives
from polykeras_jax.fused import fused  # noqa: F401  part of the contract
from polykeras_jax.primitives import wide
from polykeras_jax.program import Program, Store, device_name, find_device

name = "jax"
api_version = contract.API_VERSION
capabilities = frozenset(contract.CAPABILITIES) - {"graph"}

globals().update({name: wide(getattr(primitives, name)) for name in contract.PRIMITIVES})
for _name, _entry in contract.PRIMITIVES.items():
    globals()[_name].__signature__ = contract.signature(_entry)


@wide
def from_numpy(value, device):
    value = np.asarray(value)
    return jnp.array(value) if device is None else jax.device_put(value, find_device(device))


def to_numpy(x):
    return np.asarray(x)


def is_array(x):
    return isinstance(x, jax.Array)


def shape(x):
    return x.shape


def dtype(x):
    return dtypes.standardize(x.dtype)


def context():
    return jax.enable_x64(True)


def devices():
    default = jax.devices()
    return [device_name(d) for d in (*default, *(d for d in jax.devices("cpu") if d not in default))]


FAST = re.compile(r"--xla_[cg]pu_enable_fast_(math|min_max)(=true|=1)?(\s|$)", re.IGNORECASE)


def numeric_mode():
    tiny = multiply(from_numpy(np.float32(1e-40), None), from_numpy(np.float32(1), None))  # noqa: F821
    return {
        "tf32": False,  # products ask for all digits themselves, which no setting changes
        "fast_math": bool(FAST.search(os.environ.get("XLA_FLAGS", ""))),
        "flushes_subnormals": bool(to_numpy(tiny) == 0),
        "outside programs": f"default_matmul_precision {jax.config.jax_default_matmul_precision}",
    }


@wide
def value_and_grad(function, arrays):
    (value, aux), gradients = jax.value_and_grad(function, has_aux=True)(list(arrays))
    return value, aux, gradients


@wide
def cond(predicate, true_function, false_function, operands):
    return lax.cond(predicate, true_function, false_function, list(operands))


@wide
def while_loop(condition, body, carry):
    return lax.while_loop(condition, body, list(carry))


@wide
def scan(body, carry, xs, length):
    return lax.scan(lambda state, row: body(state, row), list(carry), list(xs), length)


def store(values, device):
    return Store(values, device)


def compile(step, store, steps, options):
    return Program(step.bind(sys.modules[__name__]), step, store, steps, options)
