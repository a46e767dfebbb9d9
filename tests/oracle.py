"""Help for tests against Keras: arrays of both, floats of one width in both, closeness in so many words."""

import contextlib

import keras
import numpy as np

from polykeras import config, contract, execute, state, tree
from polykeras.plugins import registry
from polykeras.sizes import Size
from polykeras.spec import Spec

DTYPES = ("float32", "float64")
BOUND = {"float32": 3e-6, "float64": 1e-12}


@contextlib.contextmanager
def floatx(dtype):
    """Make a dtype the default float of polykeras and of Keras."""
    before = config.floatx(), keras.config.floatx()
    config.set_floatx(dtype), keras.config.set_floatx(dtype)
    try:
        yield
    finally:
        config.set_floatx(before[0]), keras.config.set_floatx(before[1])


keras.src.backend.common.dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # off TensorFlow, Keras makes it float32


def numpy_of(x):
    """Return what Keras made as a NumPy array."""
    return keras.ops.convert_to_numpy(x)


def as_dtype(array, dtype):
    """Return an array with its floats in a dtype; None stays."""
    if array is None:
        return None
    array = np.asarray(array)
    return array.astype(dtype) if array.dtype.kind == "f" else array


def assert_close(got, expected, bound, what=""):
    """Assert that arrays of one shape differ by at most bound * max(1, |expected|); NaN is equal to NaN."""
    got, expected = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    assert got.shape == expected.shape, f"{what}: shape {got.shape}, expected {expected.shape}"
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected), err_msg=what)
    gap = np.nan_to_num(np.abs(got - expected) / np.maximum(1, np.abs(expected)))
    assert gap.size == 0 or gap.max() <= bound, f"{what}: got {got}, expected {expected}, off by {gap.max():.3g}"


def _options(backend):
    """Return how to run hundreds of small cases in one program: XLA would take longer over them than all else."""
    return contract.Options(jit=False if backend.startswith("tensorflow") else "auto")


def run(function, arrays, backend):
    """Return function(arrays) run on a backend."""
    return execute.call(function, (arrays,), registry.load(backend), _options(backend))


def program(function, cases, backend):
    """Return a function of a list of cases, each a list of arrays: compiled once, the size of each case's batch unknown."""
    options, backend = _options(backend), registry.load(backend)

    def spec(number, x):
        return Spec((Size.named(f"case{number}n{x.shape[0]}"), *x.shape[1:]) if x.ndim else (), x.dtype.name)

    hosted = [_hosted(case, backend) for case in cases]
    specs = [tree.map_structure(lambda x: spec(number, x), case) for number, case in enumerate(hosted)]
    recording = execute.record(function, (specs,), backend)
    compiled = recording.compile(state.settle(recording.variables, backend), options=options)

    def call(cases):
        outputs = compiled.run(tree.leaves([_hosted(case, backend) for case in cases]))
        return tree.unflatten(recording.structure, [backend.to_numpy(x) for x in outputs])

    return call


def _hosted(case, backend):
    return tree.map_structure(lambda x: execute.host_array(x, backend), case)
