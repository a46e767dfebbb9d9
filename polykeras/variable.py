"""Variable: a named, typed piece of state; its value lives on the host or in a backend's Store."""

import itertools

import numpy as np

from polykeras import config, dtypes, naming, scope
from polykeras.errors import BackendMismatchError, DTypeError, ShapeError
from polykeras.ops import dispatch, operators
from polykeras.plugins import registry

_serial = itertools.count()


class Variable:
    """A tensor that keeps its value between steps.

    Args:
        initializer: a value, or a callable (shape, dtype) -> value; with a callable, give the shape.
        shape: tuple of ints; of the value where None.
        dtype: the default float, or the value's, where None.
        trainable: whether optimizers change it.
        autocast: whether layers see it in their compute dtype.
        aggregation, synchronization: taken for Keras's sake; there is one replica.
        name: the last part of its path; `variable`, `variable_1`, ... where None.

    >>> counter = Variable(0, name="counter")
    >>> counter.assign_add(2)
    >>> counter.numpy()
    array(2, dtype=int32)
    """

    def __init__(
        self, initializer, shape=None, dtype=None, trainable=True, autocast=True, aggregation="none", synchronization="auto", name=None
    ):
        self.name = name or naming.automatic("variable")
        if "/" in self.name:
            raise ValueError(f"Variable: expected a name without '/', got {self.name!r}.")
        self.path = naming.path(self.name)
        self.key = f"{self.path}#{next(_serial)}"
        self.trainable, self.autocast = trainable, autocast
        self.aggregation, self.synchronization = aggregation, synchronization
        self.regularizer = self.constraint = None
        self.overwrite_with_gradient = self.remembered = False
        self.home = None
        with scope.outside():
            self.host = self._first_value(initializer, shape, dtype)
        self.shape, self.dtype = self.host.shape, self.host.dtype.name

    def _first_value(self, initializer, shape, dtype):
        if callable(initializer):
            if shape is None:
                raise ShapeError(f"Variable {self.name!r}: an initializer that is a function needs a shape; got None.")
            dtype = dtypes.standardize(dtype or config.floatx())
            start = initializer  # on the reference, so that first values are the same bits whatever the default backend
            initializer = dispatch.enter(lambda: start(tuple(shape), dtype=dtype), registry.reference())
        value = np.array(dispatch.execute.host_array(to_host(initializer)))
        value = value if dtype is None else value.astype(dtypes.to_numpy(dtypes.standardize(dtype)))
        if shape is not None and tuple(shape) != value.shape:
            raise ShapeError(f"Variable {self.name!r}: expected a value of shape {tuple(shape)}, got {value.shape}.")
        return value

    @property
    def ndim(self):
        """Number of axes."""
        return len(self.shape)

    @property
    def value(self):
        """The value as an array of the backend in use, in the compute dtype of the layer around."""
        made = self._raw()
        wanted = scope.flag("autocast") if self.autocast else None
        if wanted is None or wanted == self.dtype or not dtypes.is_float(self.dtype):
            return made
        return scope.running().cast(made, wanted)

    def _raw(self):
        inside = scope.current()
        if inside is not None:
            found = inside.get(self)
            if found is not None:
                return found
        backend = inside.backend if inside else self.home.backend if self.home else None
        if self.home is None:
            return self.host if backend is None else backend.from_numpy(self.host, None)
        if backend is not self.home.backend:
            raise BackendMismatchError(
                f"Variable {self.path!r} lives on backend {self.home.backend.name!r}, the operation runs on {backend.name!r}. "
                f"Move its model with model.to({backend.name!r}), or convert the inputs."
            )
        return self.home.store.get(self.key)

    __polykeras_array__ = value.fget

    def numpy(self):
        """Return the value as a NumPy array of its own."""
        return np.array(self.host) if self.home is None else self.home.store.read([self.key])[self.key]

    def __array__(self, dtype=None, copy=None):
        if scope.current() is not None:  # a framework's operator that asks leaves the operation to ours, which knows the gradient
            raise TypeError(f"Variable {self.path!r}: NumPy cannot take it inside a step. Use polykeras.ops, or its numpy() for the value from before.")
        value = self.numpy()
        return value if dtype is None else value.astype(dtype)

    def __getattr__(self, name):
        """Give the backend's array to its framework, where that asks by an attribute (`array_protocol` of the contract)."""
        if name.startswith("__"):
            backend = scope.running() or (self.home.backend if self.home else None)
            if name == getattr(backend, "array_protocol", None):
                return self.__polykeras_array__
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def assign(self, value):
        """Set the value: a number, a NumPy array, or an array of the backend in use.

        Raises:
            ShapeError: its shape is another.
        """
        inside = scope.current()
        if inside is None:
            self._assign_host(to_host(value))
            return self
        made = dispatch.convert(inside.backend, value, self.dtype)
        if tuple(inside.backend.shape(made)) != self.shape:
            self._refuse_shape(inside.backend.shape(made))
        if not inside.set(self, made):
            self._assign_array(inside.backend, made)
        return self

    def _assign_host(self, value):
        value = np.asarray(value).astype(dtypes.to_numpy(self.dtype))
        if value.shape != self.shape:
            self._refuse_shape(value.shape)
        if self.home is None:
            self.host = np.array(value)
        else:
            self.home.store.write({self.key: value})

    def _assign_array(self, backend, value):
        if self.home is not None and self.home.backend is backend:
            self.home.store.put(self.key, value)
        else:
            self._assign_host(backend.to_numpy(value))

    def _refuse_shape(self, got):
        raise ShapeError(f"Variable {self.path!r}: expected a value of shape {self.shape}, got {tuple(got)}. Reshape it, or build the layer anew.")

    def assign_add(self, value):
        """Add to the value."""
        self.assign(self + value)

    def assign_sub(self, value):
        """Subtract from the value."""
        self.assign(self - value)

    def __repr__(self):
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}>"

    def __len__(self):
        return self.shape[0]

    def _number(self, kind):
        if scope.current() is not None and scope.current().get(self) is not None:
            scope.current().get(self)._no_value()
        return kind(self.numpy())

    def __int__(self):
        return self._number(int)

    def __float__(self):
        return self._number(float)

    def __bool__(self):
        return self._number(bool)

    __hash__ = object.__hash__


operators.install(Variable)


def to_host(value):
    """Return a value of any backend, or of the host, as something NumPy takes."""
    if isinstance(value, Variable):
        return value.numpy()
    if isinstance(value, dispatch.HOST):
        return value
    owner = dispatch.owner_of(value)
    if owner is None:
        raise DTypeError(f"Expected an array or numbers, got {type(value).__name__}.")
    return owner.to_numpy(value)
