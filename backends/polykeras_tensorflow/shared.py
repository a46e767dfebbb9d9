"""What both TensorFlow backends have in common: arrays, devices, and the function that is compiled."""

import numpy as np
import tensorflow as tf

from polykeras_tensorflow import primitives
from polykeras_tensorflow.gradients import loop
from polykeras_tensorflow.precision import whole_products
from polykeras_tensorflow.primitives import shape  # noqa: F401  part of the contract


def find_device(name):
    """Return TensorFlow's name of a device such as 'gpu:0'; the default one for None."""
    if name is None:
        return "/GPU:0" if tf.config.list_logical_devices("GPU") else "/CPU:0"
    return f"/{name.upper()}"


def device_name(place):
    """Return the name of a device."""
    return place.strip("/").lower()


def from_numpy(value, device):
    value = np.asarray(value)
    if device is None:
        return tf.constant(value)
    with tf.device(find_device(device)):
        return tf.constant(value)


def dtype(x):
    return x.dtype.name


def context():
    return whole_products


def devices():
    kinds = [("gpu", "GPU"), ("cpu", "CPU")]
    return [f"{kind}:{index}" for kind, word in kinds for index in range(len(tf.config.list_logical_devices(word)))]


def input_signature(step, steps):
    """Return (shape, dtype) of a program's inputs: those of a batch, behind an axis of steps if there are several."""
    lead = () if steps is None else (steps,)
    return [(lead + x.shape, x.dtype) for x in step.inputs]


class Plan:
    """How a step is run: a rule on its operations and the device, never a timing."""

    def __init__(self, step, steps, options, place):
        self.steps, self.rows = steps, [tf.TensorSpec(x.shape, x.dtype) for x in step.outputs]
        self.changed, self.fixed = sorted(step.updates), sorted(set(step.reads) - set(step.updates))
        convolves = step.operations["conv"] > 0 and "CPU" in place
        # on a CPU TensorFlow's own convolutions are about 2.4 times faster than XLA's
        self.xla = options.jit is True or options.jit == "auto" and not convolves
        how = "compiled by XLA" if self.xla else "TensorFlow's own kernels"
        if not self.xla and options.jit == "auto":
            how += " (they convolve faster than XLA's on a CPU)"
        loop = "one step a call" if steps is None else f"{steps} steps a call in a loop inside the program"
        self.words = f"{loop}, {how}"

    def function(self, step_function, wrapped=True):
        """Return (changing, fixed, inputs) -> (changed, outputs), all lists; a tf.function if wrapped."""

        def one(changing, fixed, inputs):
            state = dict(zip(self.changed, changing)) | dict(zip(self.fixed, fixed))
            updates, outputs = step_function(state, list(inputs))
            return [updates[name] for name in self.changed], outputs

        def whole(changing, fixed, inputs):
            primitives.guards.xla = self.xla
            try:
                return one(changing, fixed, inputs) if self.steps is None else self._loop(one, changing, fixed, inputs)
            finally:
                primitives.guards.xla = False

        return tf.function(whole, autograph=False, jit_compile=self.xla) if wrapped else whole

    def _loop(self, one, changing, fixed, inputs):
        return loop(lambda state, batch: one(state, fixed, batch), list(changing), list(inputs), self.steps, self.rows)
