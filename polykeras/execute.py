"""Running a function on a backend: record it, settle its state, compile, run.

This is the one door that serves eager, compiled and Session backends alike.
"""

import numpy as np

from polykeras import config, contract, dtypes, scope, state, tree
from polykeras.errors import DTypeError
from polykeras.plugins import registry
from polykeras.spec import Spec
from polykeras.trace import Recorder


class Recording:
    """A function recorded for one backend: its Trace, its Variables, the structure of its result."""

    def __init__(self, trace, variables, structure):
        self.trace, self.variables, self.structure = trace, variables, structure

    def compile(self, home, steps=None, options=contract.Options()):
        """Return the program that runs it on the state that lives in a Home."""
        return home.backend.compile(self.trace, home.store, steps, options)


def record(function, specs, backend):
    """Return the Recording of function(*specs), where specs are trees of Spec."""
    recorder = Recorder(backend)
    with scope.Scope(recorder, captures=True) as root:
        made = function(*specs)
        leaves, structure = tree.flatten(made)
        leaves = [leaf if isinstance(leaf, Spec) else _constant(recorder, leaf) for leaf in leaves]
    updates = {variable.key: value for variable, value in root.updates.items()}
    trace = recorder.finish(tree.leaves(specs), updates, leaves)
    used = [variable for key, variable in root.variables.items() if key in trace.reads or key in trace.updates]
    return Recording(trace, used, structure)


def _constant(recorder, value):
    if hasattr(value, "__polykeras_array__"):
        return value.__polykeras_array__()
    return recorder.from_numpy(np.asarray(value), None)


def run(function, *arrays, backend=None):
    """Evaluate a function of arrays on a backend: NumPy in, NumPy out.

    The function may use ops, layers and Variables; what it assigns is kept. It is recorded and compiled
    for the call, so it is the same on eager, compiled and Session backends.

    Args:
        function: takes arrays, returns an array or a nested structure of them.
        arrays: NumPy arrays, numbers, or nested structures of them.
        backend: name of a backend; None for the default.

    Raises:
        PluginError: the backend cannot be used.

    >>> import polykeras
    >>> polykeras.run(lambda x: polykeras.ops.sum(x * x), [1.0, 2.0], backend="numpy").item()
    5.0
    """
    chosen = registry.load(backend or config.backend())
    return call(function, arrays, chosen)


def call(function, args, backend, options=contract.Options()):
    """Evaluate a function of trees of host arrays on a backend object: NumPy in, NumPy out."""
    args = tuple(tree.map_structure(lambda x: host_array(x, backend), _arrays_only(arg)) for arg in args)
    with scope.outside():
        recording = record(function, tree.map_structure(lambda x: Spec(x.shape, x.dtype.name), args), backend)
        home = state.settle(recording.variables, backend)
        outputs = recording.compile(home, options=options).run(tree.leaves(args))
        return tree.unflatten(recording.structure, [backend.to_numpy(x) for x in outputs])


def _arrays_only(arg):
    """Take a list of numbers for one array, and a list of arrays for several."""
    if isinstance(arg, (list, tuple)) and not any(isinstance(leaf, np.ndarray) for leaf in tree.leaves(arg)):
        return np.asarray(arg)
    return arg


def host_array(value, backend=None):
    """Return a value as a NumPy array of a dtype that polykeras has: Python floats as floatx, ints as int32.

    Raises:
        DTypeError: text or objects, or a dtype that the backend lacks.
    """
    array = np.asarray(value)
    if not isinstance(value, (np.ndarray, np.generic)):
        if array.dtype == np.float64:
            array = array.astype(dtypes.to_numpy(config.floatx()))
        elif array.dtype == np.int64 and (array.size == 0 or np.abs(array).max() < 2**31):
            array = array.astype(np.int32)
    name = array.dtype.name
    if name not in dtypes.ALL:
        raise DTypeError(f"Expected numbers of a dtype such as float32 or int32, got an array of dtype {name}. Convert it to numbers first.")
    if backend is not None:
        require_dtype(name, backend)
    return array


def require_dtype(name, backend):
    """Refuse a dtype that a backend does not have.

    Raises:
        DTypeError: it names the backend and what it has.
    """
    if name not in dtypes.REQUIRED and name not in backend.capabilities:
        target = getattr(backend, "target", backend).name
        known = [other for other in dtypes.ALL if other in dtypes.REQUIRED or other in backend.capabilities]
        raise DTypeError(f"Backend {target!r} has no {name}: it has {', '.join(known)}. Cast to one of these, or choose another backend.")
