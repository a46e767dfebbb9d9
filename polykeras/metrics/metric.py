"""Metric: numbers gathered over batches, in Variables, and what they come to."""

import functools

import numpy as np

from polykeras import config, dtype_policies, dtypes, initializers, naming, scope, tree
from polykeras.ops import dispatch
from polykeras.scope import Scope
from polykeras.tracking import Tracked
from polykeras.variable import Variable


def _anywhere(method):
    """Let a method be called where no backend is running too: on that of its arguments, else of the Variables, else the default."""

    @functools.wraps(method)
    def call(self, *args, **kwargs):
        if scope.running() is not None:
            return method(self, *args, **kwargs)
        backend = dispatch.backend_of([*tree.leaves((args, kwargs)), *self.variables])
        return dispatch.enter(lambda: method(self, *args, **kwargs), backend)

    return call


class Metric(Tracked):
    """The base of all metrics.

    A subclass makes Variables with `add_weight`, changes them in `update_state` and computes a scalar
    from them in `result`. It works inside a training step, where it is pure, and outside any.

    Args:
        dtype: a dtype or DTypePolicy to compute in; the default float where None.
        name: the class's name where None.

    >>> class Largest(Metric):
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.largest = self.add_weight(name="largest", initializer="zeros")
    ...     def update_state(self, values):
    ...         from polykeras import ops
    ...         self.largest.assign(ops.maximum(self.largest, ops.max(values)))
    ...     def result(self):
    ...         return self.largest.value
    >>> metric = Largest()
    >>> metric.update_state([1.0, 3.0])
    >>> float(metric.result())
    3.0
    """

    is_metric = True
    #: "up" or "down", which way is better; callbacks that watch the metric read it, as in Keras
    _direction = None

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in ("update_state", "result"):
            if name in vars(cls):
                setattr(cls, name, _anywhere(vars(cls)[name]))

    def __init__(self, dtype=None, name=None):
        self.name = name or naming.of_class(type(self))
        self._dtype = dtype_policies.get(dtype or config.floatx()).compute_dtype

    @property
    def dtype(self):
        """The dtype that it computes in."""
        return self._dtype

    def add_variable(self, shape, initializer, dtype=None, aggregation="sum", name=None):
        """Return a new Variable that belongs to this metric: no optimizer changes it, no layer casts it.

        Args:
            shape: tuple of ints.
            initializer: what it starts from: a name, or a function (shape, dtype).
            dtype: the default float where None.
            aggregation: taken for Keras's sake; there is one replica.
            name: the last part of its path.
        """
        if "_dtype" not in self.__dict__:
            raise RuntimeError(f"{type(self).__name__}: call super().__init__() first, before anything else in __init__.")
        with naming.within(self, self.name.replace("/", ">")):
            made = Variable(
                initializers.get(initializer), tuple(shape), dtype, trainable=False, autocast=False, aggregation=aggregation, name=name
            )
        self.track(made)
        return made

    def add_weight(self, shape=(), initializer=None, dtype=None, name=None):
        """Return a new Variable that belongs to this metric, 0 unless told; see add_variable."""
        return self.add_variable(shape, initializer or "zeros", dtype, name=name)

    @property
    def variables(self):
        """The Variables of this metric and of metrics within; weights of a layer that it uses are not among them."""
        children = list(self.children())
        found = [child for child in children if isinstance(child, Variable)]
        for child in children:
            if isinstance(child, Metric):
                found += child.variables
        return found

    def update_state(self, *args, **kwargs):
        """Take in one batch; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__} has no update_state(self, ...). Write one.")

    def result(self):
        """Return what the batches come to; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__} has no result(self). Write one.")

    def reset_state(self):
        """Forget all batches: every Variable becomes 0."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, dtypes.to_numpy(variable.dtype)))

    def __call__(self, *args, **kwargs):
        """Take in one batch and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    # -- without side effects ------------------------------------------------------------------------

    @_anywhere
    def stateless_update_state(self, metric_variables, *args, **kwargs):
        """Return the values of the Variables after a batch, given those before; the Variables keep theirs."""
        return self._stateless(metric_variables, lambda: self.update_state(*args, **kwargs))[1]

    @_anywhere
    def stateless_result(self, metric_variables):
        """Return the result for values of the Variables."""
        return self._stateless(metric_variables, self.result)[0]

    @_anywhere
    def stateless_reset_state(self):
        """Return the values of the Variables that reset_state would set."""
        return self._stateless([variable.value for variable in self.variables], self.reset_state)[1]

    def _stateless(self, values, function):
        """Return function() and what the Variables become, their values given."""
        outer, variables = scope.current(), self.variables
        if len(values) != len(variables):
            raise ValueError(f"{type(self).__name__} '{self.name}': got {len(values)} values, expected one for each of its {len(variables)} variables.")
        with Scope(outer.backend, outer, captures=True) as inside:
            for variable, value in zip(variables, values):
                inside.values[variable] = dispatch.convert(outer.backend, value, variable.dtype)
            made = function()
        return made, [inside.values[variable] for variable in variables]

    # -- configuration -------------------------------------------------------------------------------

    def get_config(self):
        """Return what makes it anew: name and dtype; a subclass adds its own arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        """Return one made anew."""
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"
