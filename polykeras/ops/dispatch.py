"""The only place that picks a backend, and the decorator that makes a function an op.

An op is written once, as a composition over other ops or primitives. It runs on the backend of its
array arguments, else of the running program or model, else the default. Host values (numbers, lists,
NumPy arrays) belong to no backend.
"""

import functools
import inspect

import numpy as np

from polykeras import config, devices, dtypes, execute, scope, spec, tree
from polykeras.errors import BackendMismatchError, PolykerasError, ShapeError
from polykeras.plugins import registry
from polykeras.scope import Scope

OPS = {}  # every op by name, for conformance and documentation
HOST = (bool, int, float, complex, str, type(None), np.ndarray, np.generic, list, tuple, dict)


class Symbolic:
    """Base of values that stand for a layer's future input; applying an op to one records the op."""

    def apply_op(self, op, args, kwargs):
        """Return the symbolic result of op(*args, **kwargs)."""
        raise NotImplementedError


def op(arrays="", weak=False):
    """Make a function an op.

    Args:
        arrays: names of its parameters that are arrays, separated by spaces; a name that ends with *
            is a list of arrays. They reach the function as arrays of one backend.
        weak: leave the arguments as they are: the function promotes them itself, so that Python
            numbers can take the other argument's dtype. Such an op cannot be fused.
    """
    names = arrays.split()

    def decorate(function):
        parameters = list(inspect.signature(function).parameters.values())
        order = [parameter.name for parameter in parameters]
        defaults = [parameter.default for parameter in parameters]
        slots = [(order.index(name.rstrip("*")), name.endswith("*")) for name in names]

        @functools.wraps(function)
        def call(*args, **kwargs):
            if kwargs or len(args) < len(order):
                args = _positional(function, order, defaults, args, kwargs)
            backend = scope.running()
            if backend is None:
                return _from_outside(call, args, [args[slot] for slot, _ in slots])
            return function(*args) if weak else _apply(backend, function, list(args), slots)

        call.composition = function
        call.array_slots = slots
        OPS[function.__name__] = call
        return call

    return decorate


def _positional(function, order, defaults, args, kwargs):
    values = list(args)
    if len(values) > len(order) or any(name not in order[len(values) :] for name in kwargs):
        inspect.signature(function).bind(*args, **kwargs)  # raises Python's own message
    for name, default in zip(order[len(values) :], defaults[len(values) :]):
        value = kwargs.get(name, default)
        if value is inspect.Parameter.empty:
            inspect.signature(function).bind(*args, **kwargs)
        values.append(value)
    return values


def _apply(backend, function, args, slots):
    for slot, several in slots:
        args[slot] = [convert(backend, x) for x in args[slot]] if several else convert(backend, args[slot])
    fused = backend.fused.get(function.__name__)
    if fused is not None and (fused.when is None or fused.when(*_described(backend, args, slots))):
        record = getattr(backend, "record_fused", None)
        if record:
            return record(function.__name__, function, tuple(args))
        return fused.function(lambda: function(*args), *args) if fused.composed else fused.function(*args)
    return function(*args)


def _described(backend, args, slots):
    """Return the arguments with Specs in place of arrays."""
    described = list(args)
    for slot, several in slots:
        value = described[slot]
        described[slot] = [_spec(backend, x) for x in value] if several else _spec(backend, value)
    return described


def _spec(backend, x):
    return None if x is None else spec.Spec(backend.shape(x), backend.dtype(x))


def _from_outside(call, args, arrays):
    """Apply an op where no backend is running yet."""
    symbol = next((x for x in _each(arrays) if isinstance(x, Symbolic)), None)
    if symbol is not None:
        return symbol.apply_op(call, args, {})
    backend = backend_of(arrays)
    try:
        return enter(lambda: call(*args), backend)
    except PolykerasError:
        raise
    except Exception as cause:
        _explain(call, args, backend, cause)
        raise


def enter(function, backend):
    """Call a function where no backend is running yet: eagerly, or as a program where the backend runs only those."""
    if "eager" not in backend.capabilities:
        return execute.call(function, (), backend)
    with backend.context(), Scope(backend):
        return function()


def anywhere(function):
    """Let a function of arrays be called where no backend is running too, and on symbolic inputs, as ops can.

    It runs on the backend of its arguments, else on the default one.
    """

    @functools.wraps(function)
    def call(*args, **kwargs):
        if scope.running() is not None:
            return function(*args, **kwargs)
        leaves = tree.leaves((args, kwargs))
        symbol = next((x for x in leaves if isinstance(x, Symbolic)), None)
        if symbol is not None:
            return symbol.apply_op(call, args, kwargs)
        return enter(lambda: function(*args, **kwargs), backend_of(leaves))

    return call


def _explain(call, args, backend, cause):
    """Raise polykeras's own error for a call that a framework refused, if the contract refuses it too."""
    args = list(args)
    try:
        for slot, several in call.array_slots:
            args[slot] = [_spec(backend, convert(backend, x)) for x in args[slot]] if several else _spec(backend, convert(backend, args[slot]))
    except Exception:
        return
    with Scope(spec):
        try:
            call(*args)
        except PolykerasError as error:
            raise error from cause
        except Exception:
            return


def _each(values):
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from value
        else:
            yield value


def backend_of(arrays):
    """Return the backend that some arrays belong to, else the default one.

    Raises:
        BackendMismatchError: they belong to two.
    """
    found = None
    for x in _each(arrays):
        owner = owner_of(x)
        if owner is not None:
            if found is not None and owner is not found:
                raise BackendMismatchError(
                    f"Arrays of backends {found.name!r} and {owner.name!r} met in one operation. "
                    "Convert one with ops.convert_to_numpy first."
                )
            found = owner
    return found or default()


def default():
    """Return the default backend."""
    return registry.load(config.backend())


def owner_of(x):
    """Return the backend that a value belongs to; None for values of the host."""
    if isinstance(x, HOST):
        return None
    if hasattr(x, "__polykeras_array__"):
        return x.home.backend if x.home is not None else None
    for name in registry.owners(type(x).__module__.partition(".")[0]):
        backend = registry.load(name)
        if backend.is_array(x):
            return backend
    return None


def convert(backend, x, dtype=None):
    """Return a value as an array of a backend; None stays None.

    Raises:
        BackendMismatchError: it is an array of another backend.
        DTypeError: it is not made of numbers, or of a dtype that the backend lacks.
    """
    if x is None:
        return None
    if hasattr(x, "__polykeras_array__"):
        x = x.__polykeras_array__()
    if not backend.is_array(x) or isinstance(x, (np.ndarray, np.generic)):
        x = _from_host(backend, x, dtype)
    return x if dtype is None or backend.dtype(x) == dtype else backend.cast(x, dtype)


def _from_host(backend, x, dtype):
    if type(x) in (bool, int, float):  # np.float64 is a float too, but has a dtype of its own
        kind = dtype or ("bool" if isinstance(x, bool) else "int32" if isinstance(x, int) and abs(x) < 2**31 else "int64" if isinstance(x, int) else config.floatx())
        return backend.full((), x, kind)
    if isinstance(x, (list, tuple)) and any(not isinstance(part, HOST) for part in _each(x)):
        return _stacked(backend, [convert(backend, part, dtype) for part in x])
    if not isinstance(x, HOST):
        _refuse(backend, x)
    return backend.from_numpy(execute.host_array(x, backend), devices.current())


def _stacked(backend, parts):
    dtype = dtypes.result_type(*{backend.dtype(part) for part in parts})
    rows = [backend.reshape(convert(backend, part, dtype), (1, *backend.shape(part))) for part in parts]
    return backend.concatenate(rows, 0)


def _refuse(backend, x):
    running = getattr(backend, "target", backend).name
    if isinstance(x, Symbolic):
        raise PolykerasError(f"A symbolic input of shape {x.shape} reached an operation on real arrays. Call the model on data, or build a Model from its Inputs.")
    owner = owner_of(x)
    if owner is None:
        raise PolykerasError(f"Expected an array or numbers, got {type(x).__name__}: {str(x)[:80]!r}. Convert it to a NumPy array first.")
    raise BackendMismatchError(
        f"An array of backend {owner.name!r} reached an operation on backend {running!r}. "
        f"Convert it with ops.convert_to_numpy, or move the model with model.to({owner.name!r})."
    )


class Primitives:
    """The primitives of the backend that is running: `p.add(x, y)` within an op."""

    def __getattr__(self, name):
        return getattr(scope.running(), name)


p = Primitives()


def promoted(*values, floats=False):
    """Return values as arrays of one dtype, by the promotion table; Python numbers are weak.

    Args:
        floats: whether integers become the default float.
    """
    backend = scope.running()
    values = [x.__polykeras_array__() if hasattr(x, "__polykeras_array__") else x for x in values]
    kinds = [type(x).__name__ if type(x) in (bool, int, float) else None for x in values]
    arrays = [x if kind else convert(backend, x) for x, kind in zip(values, kinds)]
    names = [kind or backend.dtype(x) for x, kind in zip(arrays, kinds)]
    dtype = dtypes.result_type(*names, floatx=config.floatx())
    if floats:
        dtype = dtypes.float_of(dtype, config.floatx())
    return [convert(backend, x, dtype) for x in arrays]


def as_float(x):
    """Return an array as floats: integers and bools become the default float."""
    dtype = p.dtype(x)
    return x if dtypes.is_float(dtype) else p.cast(x, config.floatx())


def constant(value, like):
    """Return a Python number as a scalar of another array's dtype."""
    return p.full((), value, p.dtype(like))


def axes_of(axis, ndim):
    """Return an axis argument (int, sequence or None for all) as a sorted tuple of non-negative ints.

    Raises:
        ShapeError: an axis is out of range or given twice.
    """
    if axis is None:
        return tuple(range(ndim))
    wanted = (axis,) if isinstance(axis, (int, np.integer)) else tuple(axis)
    found = sorted(int(a) + ndim if a < 0 else int(a) for a in wanted)
    if any(not 0 <= a < ndim for a in found) or len(set(found)) < len(found):
        raise ShapeError(f"axis {axis} does not fit an array of {ndim} axes: expected distinct axes from {-ndim} to {ndim - 1}.")
    return tuple(found)


def axis_of(axis, ndim):
    """Return one axis as a non-negative int."""
    return axes_of(int(axis), ndim)[0]
