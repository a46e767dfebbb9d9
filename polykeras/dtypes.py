"""Dtype names, and the one table that says which dtype two of them make.

The promotion lattice is JAX's (https://docs.jax.dev/en/latest/type_promotion.html), which Keras 3
follows too: Python numbers are weak (`i*`, `f*`), and int with float gives the float.
"""

import functools

import ml_dtypes
import numpy as np

from polykeras.errors import DTypeError

BOOLS = ("bool",)
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
SIGNED = ("int8", "int16", "int32", "int64")
INTS = SIGNED + UNSIGNED
FLOATS = ("bfloat16", "float16", "float32", "float64")
ALL = BOOLS + INTS + FLOATS

# Every backend has these; any other dtype is a declared capability of that name.
REQUIRED = ("bool", "uint8", "int8", "int32", "int64", "float32")

# Each dtype and the next ones up; the least common ancestor is the result.
_UP = {
    "bool": ("i*",),
    "i*": ("uint8", "int8"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("f*",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("f*",),
    "f*": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64",),
    "float64": (),
}


@functools.cache
def _ancestors(name):
    found = {name}
    for parent in _UP[name]:
        found |= _ancestors(parent)
    return frozenset(found)


@functools.cache
def _join(first, second):
    common = _ancestors(first) & _ancestors(second)
    return max(common, key=lambda name: len(_ancestors(name)))


@functools.cache
def result_type(*names, floatx="float32"):
    """Return the dtype that values of these dtypes make together.

    Names are dtypes, or "int" and "float" for Python numbers, which take the other's width.

    >>> result_type("int32", "float16"), result_type("float32", "int"), result_type("int8", "float")
    ('float16', 'float32', 'float32')
    """
    weak = {"int": "i*", "float": "f*"}
    joined = functools.reduce(_join, [weak.get(name, name) for name in names])
    return {"i*": "int32", "f*": floatx}.get(joined, joined)


@functools.cache
def standardize(dtype):
    """Return the name of a dtype given as a name, a NumPy dtype or a Python type.

    >>> standardize("float"), standardize(np.int64), standardize(bool)
    ('float32', 'int64', 'bool')
    """
    if isinstance(dtype, str) and dtype in ALL:
        return dtype
    python = {"float": "float32", float: "float32", "int": "int32", int: "int32", bool: "bool", "half": "float16"}
    name = python.get(dtype) or getattr(dtype, "name", None)
    if name is None:
        try:
            name = np.dtype(dtype).name
        except TypeError:
            name = str(dtype).rpartition(".")[2]
    if name not in ALL:
        raise DTypeError(f"Unknown dtype: got {dtype!r}, expected one of {', '.join(ALL)}.")
    return name


def to_numpy(dtype):
    """Return the NumPy dtype of a name; bfloat16 is that of ml_dtypes."""
    return np.dtype(ml_dtypes.bfloat16) if dtype == "bfloat16" else np.dtype(dtype)


def is_float(dtype):
    """Say whether values of this dtype can carry gradients."""
    return dtype in FLOATS


def is_int(dtype):
    """Say whether this is an integer dtype; bool is not."""
    return dtype in INTS


def float_of(dtype, floatx="float32"):
    """Return the float dtype in which to compute with values of a dtype."""
    return dtype if is_float(dtype) else floatx


def bits(dtype):
    """Return the width of a dtype's values, in bits."""
    return to_numpy(dtype).itemsize * 8


def largest(dtype):
    """Return the largest finite number of a float dtype."""
    return float(ml_dtypes.finfo(to_numpy(dtype)).max)
