"""State and programs in NumPy: a dict of arrays, and a step run as it is, batch after batch."""

import numpy as np


class Store:
    """Arrays by name."""

    device = "cpu:0"

    def __init__(self, values):
        self.values = {}
        self.add(values)

    def names(self):
        return set(self.values)

    def add(self, values):
        self.values.update({name: np.array(value) for name, value in values.items()})

    def remove(self, names):
        for name in names:
            del self.values[name]

    def read(self, names):
        return {name: np.array(self.values[name]) for name in names}

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
    """A step, called for each batch of a chunk."""

    strategy = "the step's operations one by one in NumPy, batch after batch"

    def __init__(self, function, store, steps):
        self.function, self.store, self.steps = function, store, steps

    def run(self, inputs):
        with np.errstate(all="ignore"):
            if self.steps is None:
                return self._step(inputs)
            rows = [self._step([x[index] for x in inputs]) for index in range(self.steps)]
        return [np.stack(column) for column in zip(*rows)]

    def _step(self, inputs):
        updates, outputs = self.function(self.store.values, inputs)
        self.store.values.update({name: _own(value, inputs) for name, value in updates.items()})
        return outputs

    def native(self):
        return {"function": self.function}


def _own(value, inputs):
    """Return a value in memory of its own: a batch is the caller's, who may write over it."""
    return np.array(value) if any(np.may_share_memory(value, x) for x in inputs) else value
