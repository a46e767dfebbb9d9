"""State and programs on MLX: a dict of arrays, and a step whose lazy graph is evaluated batch after batch."""

import mlx.core as mx
import ml_dtypes
import numpy as np

from polykeras_mlx.primitives import DTYPES

CPU = "cpu:0"
UNKNOWN = {"cond", "while_loop"}  # they ask for a value, which mx.compile does not have


def from_numpy(value):
    """Return a NumPy array or scalar as an array of MLX."""
    value = np.asarray(value)
    return mx.array(value, dtype=DTYPES[value.dtype.name])


def to_numpy(x):
    """Return an array of MLX as a NumPy array."""
    if x.dtype == mx.bfloat16:
        return np.array(x.view(mx.uint16)).view(ml_dtypes.bfloat16)
    return np.array(x)


class Store:
    """Arrays by name."""

    device = CPU

    def __init__(self, values):
        self.values = {}
        self.add(values)

    def names(self):
        return set(self.values)

    def add(self, values):
        self.values.update({name: from_numpy(value) for name, value in values.items()})

    def remove(self, names):
        for name in names:
            del self.values[name]

    def read(self, names):
        return {name: to_numpy(self.values[name]) for name in names}

    write = add

    def get(self, name):
        return self.values[name]

    def put(self, name, value):
        self.values[name] = value

    def native(self):
        return {"variables": dict(self.values)}

    def close(self):
        self.values.clear()


class Program:
    """A step, called for each batch of a chunk. Compiled only where asked: for the CPU mx.compile builds C++, for a minute and more."""

    def __init__(self, step, backend, store, steps, options):
        self.store, self.steps, self.reads = store, steps, tuple(step.reads)
        compiled = options.jit is True and not UNKNOWN & set(step.operations)
        self.strategy = f"{'mx.compile' if compiled else 'a lazy graph'} for each step, evaluated batch after batch"
        self.function = step.bind(backend, hoist=True)
        if compiled:
            self.function = mx.compile(self.function)

    def run(self, inputs):
        with mx.stream(mx.cpu):
            if self.steps is None:
                return self._step(inputs)
            rows = [self._step([x[index] for x in inputs]) for index in range(self.steps)]
            return [mx.stack(column) for column in zip(*rows)]

    def _step(self, inputs):
        state = {name: self.store.values[name] for name in self.reads}
        updates, outputs = self.function(state, [from_numpy(x) for x in inputs])
        mx.eval(updates, outputs)  # here, so that the graph never holds more than one step
        self.store.values.update(updates)
        return outputs

    def native(self):
        return {"function": self.function}
