"""Ops on arrays as such: in and out of NumPy, their shape and dtype, stopping gradients."""

import numpy as np

from polykeras import dtypes, scope
from polykeras.ops import dispatch
from polykeras.ops.dispatch import Symbolic, backend_of, convert, op, p
from polykeras.sizes import product, visible
from polykeras.spec import Spec


@op("x", weak=True)
def convert_to_tensor(x, dtype=None):
    """Return x as an array of the backend in use, of a dtype if given.

    Lists of Python floats become the default float, lists of ints int32; NumPy arrays keep their dtype.

    >>> convert_to_tensor([1, 2], dtype="float32")
    array([1., 2.], dtype=float32)
    """
    return convert(scope.running(), x, None if dtype is None else dtypes.standardize(dtype))


def array(x, dtype=None):
    """Return x as an array: another name of convert_to_tensor."""
    return convert_to_tensor(x, dtype)


def convert_to_numpy(x):
    """Return an array of any backend, or a Variable, as a NumPy array.

    Raises:
        TracingError: the array has no value yet.
    """
    if hasattr(x, "numpy") and hasattr(x, "__polykeras_array__"):
        return x.numpy()
    owner = scope.running() or dispatch.owner_of(x)
    if isinstance(x, Spec):
        x._no_value()
    return np.asarray(x) if owner is None or not owner.is_array(x) else owner.to_numpy(x)


def is_tensor(x):
    """Return whether x is an array of some backend, or stands for one."""
    return isinstance(x, (Spec, Symbolic)) or dispatch.owner_of(x) is not None or isinstance(x, np.ndarray)


def shape(x):
    """Return the shape of an array: ints, or sizes that other ops take where they are not known yet.

    >>> shape([[1, 2, 3]])
    (1, 3)
    """
    if isinstance(x, Symbolic):
        return x.shape
    if hasattr(x, "__polykeras_array__"):
        return tuple(x.shape)
    if isinstance(x, dispatch.HOST):
        return np.shape(x)
    return tuple((scope.running() or backend_of([x])).shape(x))


def dtype_of(x):
    """Return the name of an array's dtype."""
    if isinstance(x, dispatch.HOST):
        return dispatch.execute.host_array(x).dtype.name
    if isinstance(x, (Symbolic, Spec)) or hasattr(x, "__polykeras_array__"):
        return x.dtype
    return (scope.running() or backend_of([x])).dtype(x)


def dtype(x):
    """Return the name of an array's dtype, as `keras.ops.dtype` does."""
    return dtype_of(x)


def ndim(x):
    """Return how many axes an array has."""
    return len(shape(x))


def size(x):
    """Return how many elements an array has; None where that is not known yet."""
    return visible((product(shape(x)),))[0] if not isinstance(x, Symbolic) else None if None in x.shape else product(x.shape)


@op("x")
def stop_gradient(x):
    """Return x as a constant for gradients. (...) -> (...)"""
    return p.stop_gradient(x)


@op("x")
def copy(x):
    """Return x; arrays are never changed in place. (...) -> (...)"""
    return x
