"""State and programs in JAX: donated arrays, one compiled function per step or chunk of steps."""

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp


def find_device(name):
    """Return the device of a name such as 'gpu:0'; the default one for None."""
    if name is None:
        return jax.devices()[0]
    kind, _, index = name.partition(":")
    return jax.devices(kind)[int(index or 0)]


def device_name(device):
    """Return the name of a device."""
    kind = "gpu" if device.platform in ("cuda", "rocm", "gpu") else device.platform
    return f"{kind}:{device.id}"


class Store:
    """Arrays by name, on one device."""

    def __init__(self, values, device):
        self.place = find_device(device)
        self.device = device_name(self.place)
        self.values = {}
        self.add(values)

    def names(self):
        return set(self.values)

    def add(self, values):
        with jax.enable_x64(True):
            # a copy: JAX may share memory with a NumPy array, and the steps overwrite what they own
            self.values.update({name: jax.device_put(np.array(value), self.place) for name, value in values.items()})

    def remove(self, names):
        for name in names:
            del self.values[name]

    def read(self, names):
        return {name: np.array(self.values[name]) for name in names}

    write = add

    def get(self, name):
        with jax.enable_x64(True):
            return jnp.copy(self.values[name])  # the next step gives the original away

    def put(self, name, value):
        with jax.enable_x64(True):
            self.values[name] = jax.device_put(jnp.copy(value), self.place)

    def native(self):
        return {"variables": {name: self.get(name) for name in self.values}}

    def close(self):
        self.values.clear()


class Program:
    """A compiled step; a chunk is a scan inside, or calls one after another where that is faster."""

    def __init__(self, function, step, store, steps, options):
        self.function, self.store, self.steps = function, store, steps
        self.changed, self.fixed = sorted(step.updates), sorted(set(step.reads) - set(step.updates))
        convolves = step.operations["conv"] > 0
        # XLA's CPU convolution is about 6 times slower inside a loop than outside
        self.inside = steps is not None and not (convolves and store.place.platform == "cpu")
        self.compiled = options.jit is not False
        function = self._chunk if self.inside else self._one
        self.call = jax.jit(function, donate_argnums=0) if self.compiled else function
        self.strategy = self._words(convolves)

    def _words(self, convolves):
        compiled = "compiled by XLA" if self.compiled else "operation by operation, not compiled"
        if self.steps is None:
            return f"one step a call, {compiled}"
        if self.inside:
            return f"{self.steps} steps a call in a loop inside the program, {compiled}"
        why = " (a convolution is slower inside a CPU loop)" if convolves else ""
        return f"one step a call, {compiled}, {self.steps} batches at a time{why}"

    def _one(self, changing, fixed, inputs):
        updates, outputs = self.function({**changing, **fixed}, inputs)
        return {**changing, **updates}, outputs

    def _chunk(self, changing, fixed, inputs):
        return lax.scan(lambda state, batch: self._one(state, fixed, batch), changing, inputs)

    def run(self, inputs):
        with jax.enable_x64(True):
            if self.steps is None or self.inside:
                return self._call(inputs)
            rows = [self._call([x[index] for x in inputs]) for index in range(self.steps)]
            return [jnp.stack(column) for column in zip(*rows)]

    def _call(self, inputs):
        values = self.store.values
        changing, fixed = {name: values[name] for name in self.changed}, {name: values[name] for name in self.fixed}
        # a copy where nothing is compiled: JAX may share memory with a NumPy array, and an input may become state as it is
        changed, outputs = self.call(changing, fixed, inputs if self.compiled else [jnp.array(x) for x in inputs])
        values.update(changed)
        return outputs

    def native(self):
        return {"function": self.call, "changed": self.changed, "fixed": self.fixed}
