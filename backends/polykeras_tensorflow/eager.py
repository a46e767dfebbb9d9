"""The TensorFlow backend: eager arrays, and programs as tf.function over tf.Variables."""

import sys

import tensorflow as tf

from polykeras import aligned, contract
from polykeras_tensorflow import primitives
from polykeras_tensorflow.fused import fused  # noqa: F401  part of the contract
from polykeras_tensorflow.gradients import cond, scan, value_and_grad, while_loop  # noqa: F401
from polykeras_tensorflow.precision import numeric_mode, whole_products  # noqa: F401
from polykeras_tensorflow.shared import Plan, context, device_name, devices, dtype, find_device, from_numpy, input_signature, shape  # noqa: F401

name = "tensorflow"
api_version = contract.API_VERSION
capabilities = frozenset(contract.CAPABILITIES) - {"graph"}

globals().update({name: getattr(primitives, name) for name in contract.PRIMITIVES})

LONG = 2**18  # bytes that take longer to copy than to share


def to_numpy(x):
    return x.numpy()


def is_array(x):
    return isinstance(x, tf.Tensor) and (hasattr(x, "numpy") or x.graph.building_function)


class Store:
    """tf.Variables by name, on one device."""

    def __init__(self, values, device):
        self.place = find_device(device)
        self.device = device_name(self.place)
        self.values = {}
        self.add(values)

    def names(self):
        return set(self.values)

    def add(self, values):
        with tf.device(self.place):
            self.values.update({name: tf.Variable(value, trainable=False) for name, value in values.items()})

    def remove(self, names):
        for name in names:
            del self.values[name]

    def read(self, names):
        return {name: self.values[name].numpy() for name in names}

    def write(self, values):
        for name, value in values.items():
            self.values[name].assign(value)

    def get(self, name):
        return self.values[name].read_value()

    def put(self, name, value):
        self.values[name].assign(value)

    def native(self):
        return {"variables": dict(self.values)}

    def close(self):
        self.values.clear()


class Program:
    """A tf.function that reads a store's variables, runs a step or a chunk of them, and assigns."""

    def __init__(self, step, store, steps, options):
        self.store, self.steps = store, steps
        plan = Plan(step, steps, options, store.place)
        self.strategy = plan.words
        backend = sys.modules[__name__]
        self.shares = not step.keeps_inputs(backend)  # else an input could become state or a result as it is
        inner = plan.function(step.bind(backend))
        changing, fixed = [store.values[n] for n in plan.changed], [store.values[n] for n in plan.fixed]

        def program(inputs):
            changed, outputs = inner([v.read_value() for v in changing], [v.read_value() for v in fixed], inputs)
            for variable, value in zip(changing, changed):
                variable.assign(value)
            return outputs

        with tf.device(store.place):
            signature = [tf.TensorSpec(shape, dtype) for shape, dtype in input_signature(step, steps)]
            self.function = tf.function(program, autograph=False).get_concrete_function(signature)

    def run(self, inputs):
        with tf.device(self.store.place), whole_products:
            return self.function(*map(self._tensor, inputs))

    def _tensor(self, x):
        """Return an input as a tensor: a long one that is read only while the program runs in NumPy's memory."""
        if isinstance(x, tf.Tensor):
            return x
        if self.shares and x.nbytes >= LONG:
            x = x if aligned.is_aligned(x) and x.flags.writeable else aligned.copy(x)
            return tf.experimental.dlpack.from_dlpack(x.__dlpack__())
        return tf.constant(x)

    def native(self):
        return {"function": self.function}


def store(values, device):
    return Store(values, device)


def compile(step, store, steps, options):
    return Program(step, store, steps, options)
