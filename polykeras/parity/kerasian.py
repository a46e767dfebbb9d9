"""A model with Keras 3's own names, of whatever library has them, as the parity tool sees it: known by `stateless_call`."""

import contextlib
import sys
from typing import NamedTuple

import numpy as np

from polykeras import tree
from polykeras.ops import dispatch


class Weight(NamedTuple):
    """A weight: the interface of docs/parity.md."""

    name: str
    module: str
    trainable: bool
    value: object
    how: str
    raw: tuple
    convert: object


class Run(NamedTuple):
    """What a run gave: calls (module, [arrays]) in order, outputs, raw gradients and raw state by name."""

    calls: list
    outputs: list
    gradients: dict
    state: dict


def outside(model):
    """Return the model for comparison, or None if it is none of this kind."""
    return Twin(model) if hasattr(model, "stateless_call") and hasattr(model, "trainable_variables") else None


class Twin:
    """A Keras model beside a polykeras model, on the backend that its own library runs on.

    Args:
        model: it is left as it is.
    """

    def __init__(self, model):
        self.model = model
        self.library = next(sys.modules[cls.__module__.partition(".")[0]] for cls in type(model).__mro__ if hasattr(sys.modules.get(cls.__module__.partition(".")[0]), "ops"))
        self.title = f"{self.library.__name__}'s {type(model).__name__}"

    def _array(self, x):
        return np.array(self.library.ops.convert_to_numpy(x))

    def raw(self):
        """Return {path: array}."""
        return {variable.path: self._array(variable) for variable in self.model.weights}

    def weights(self):
        """Return the Weights, layer after layer."""
        found = []
        for name, layer in self._layers():
            for variable in layer.weights if hasattr(layer, "cell") else [*layer._trainable_variables, *layer._non_trainable_variables]:
                found.append(Weight(variable.path, name, variable.trainable, self._array(variable), "", (variable.path,), lambda arrays: arrays[0]))
        return found

    def _layers(self):
        found, stack = {}, list(reversed(self.model._layers))
        while stack:
            layer = stack.pop()
            if id(layer) not in found:
                found[id(layer)] = (layer.name, layer)
                stack += [] if hasattr(layer, "cell") else reversed(layer._layers)  # a recurrence is one with its cell
        return list(found.values())

    def modules(self):
        """Return {name: (class, {attribute: (value, in words)})}."""
        return {name: (type(layer).__name__, {k: (v, f"{k}={v!r}") for k, v in layer.get_config().items()}) for name, layer in self._layers()}

    def run(self, x, training=False, cotangents=None):
        """Return the Run on a tree of arrays; the model's state stays."""
        self.model(x) if not self.model.built else None
        trained, kept = self.model.trainable_variables, self.model.non_trainable_variables
        values, others = [v.value for v in trained], [v.value for v in kept]
        calls = []
        with self._watched(calls):
            outputs, state = self.model.stateless_call(values, others, x, training=training)
        gradients = {} if cotangents is None else self._gradients(trained, values, others, x, training, cotangents)
        state = {v.path: self._array(value) for v, value in [*zip(trained, values), *zip(kept, state)]}
        return Run(calls, [self._array(x) for x in tree.leaves(outputs)], gradients, state)

    @contextlib.contextmanager
    def _watched(self, calls):
        """Note what every layer returns, by a `call` of its own for the while."""

        def noted(name, call):
            def wrapped(*args, **kwargs):
                made = call(*args, **kwargs)
                calls.append((name, [self._array(leaf) for leaf in tree.leaves(made)[:1]]))
                return made

            return wrapped

        layers = self._layers()
        for name, layer in layers:
            layer.__dict__["call"] = noted(name, layer.call)
        try:
            yield
        finally:
            for _, layer in layers:
                del layer.__dict__["call"]

    def _gradients(self, trained, values, others, x, training, cotangents):
        """Return the gradients of the outputs, weighed, by the backend of polykeras that knows the arrays."""
        ops = self.library.ops
        backend = dispatch.owner_of(values[0])
        if backend is None:
            return {}

        def weighed(arrays):
            outputs, _ = self.model.stateless_call(arrays, others, x, training=training)
            parts = [ops.sum(made * ops.convert_to_tensor(weight)) for made, weight in zip(tree.leaves(outputs), cotangents)]
            return sum(parts[1:], parts[0]), []

        _, _, found = backend.value_and_grad(weighed, values)
        return {variable.path: np.asarray(backend.to_numpy(g)) for variable, g in zip(trained, found)}


