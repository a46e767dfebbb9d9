"""The TensorFlow graph backend: a tf.Graph with placeholders and variables, run by a Session.

Arrays are tensors of a graph under construction; they have no values, so nothing runs outside a program.
"""

import re
import sys

import numpy as np
import tensorflow as tf

from polykeras import contract
from polykeras.errors import TracingError
from polykeras_tensorflow import primitives
from polykeras_tensorflow.fused import fused  # noqa: F401  part of the contract
from polykeras_tensorflow.gradients import cond, scan, value_and_grad, while_loop  # noqa: F401
from polykeras_tensorflow.precision import numeric_mode, whole_products  # noqa: F401
from polykeras_tensorflow.shared import Plan, context, device_name, devices, dtype, find_device, from_numpy, input_signature, shape  # noqa: F401

v1 = tf.compat.v1

name = "tensorflow_graph"
api_version = contract.API_VERSION
capabilities = frozenset(contract.CAPABILITIES) - {"eager"}

globals().update({name: getattr(primitives, name) for name in contract.PRIMITIVES})


def to_numpy(x):
    if not is_array(x):
        return x  # what a Session returns is NumPy already
    raise TracingError(f"The tensor {x.name} of a graph has no value yet. Run it: model.native()['session'].run(tensor, feed_dict).")


def is_array(x):
    return isinstance(x, tf.Tensor) and not hasattr(x, "numpy")


SMALL = 4096  # elements


class Store:
    """Variables of one graph by name, and the Session that holds their values."""

    def __init__(self, values, device):
        self.place = find_device(device)
        self.device = device_name(self.place)
        self.graph = tf.Graph()
        self.session = v1.Session(graph=self.graph)
        self.variables, self.feeds = {}, {}
        self.add(values)

    def names(self):
        return set(self.variables)

    def add(self, values):
        with self.graph.as_default(), tf.device(self.place):
            for key, value in values.items():
                feed = v1.placeholder(value.dtype, value.shape, name="initial_value")
                label = re.sub(r"[^A-Za-z0-9_./-]", "_", key.partition("#")[0]) or "variable"
                self.variables[key] = v1.Variable(feed, use_resource=True, name=label.lstrip("_./-"), trainable=False)
                self.feeds[key] = feed
        self.write(values)

    def remove(self, names):
        for name in names:
            del self.variables[name], self.feeds[name]

    def read(self, names):
        # A Session goes through its whole graph for each new set of fetches, so small Variables are fetched all or none.
        wanted = [name for name in names if self.variables[name].shape.num_elements() > SMALL]
        if len(wanted) < len(names):
            wanted += [name for name, variable in self.variables.items() if variable.shape.num_elements() <= SMALL]
        found = dict(zip(wanted, self.session.run([self.variables[name] for name in wanted]))) if wanted else {}
        return {name: found[name] for name in names}

    def write(self, values):
        if values:
            ready = [self.variables[name].initializer for name in values]
            # a copy: a Session shares memory with a NumPy array that lies on a multiple of 64 bytes
            self.session.run(ready, {self.feeds[name]: np.array(value) for name, value in values.items()})

    def get(self, name):
        return self.read([name])[name]

    def put(self, name, value):
        self.write({name: value})

    def native(self):
        return {"graph": self.graph, "session": self.session, "variables": dict(self.variables)}

    def close(self):
        self.session.close()


class Program:
    """Operations of the store's graph: placeholders in, a step or a chunk of them, assignments, outputs."""

    def __init__(self, step, store, steps, options):
        self.store, self.steps = store, steps
        plan = Plan(step, steps, options, store.place)
        self.strategy = plan.words + ", run by a Session"
        backend = sys.modules[__name__]
        self.copies = step.keeps_inputs(backend)  # an input that becomes state as it is would share the caller's memory
        function = plan.function(step.bind(backend), wrapped=plan.xla or steps is not None)
        changing, fixed = [store.variables[n] for n in plan.changed], [store.variables[n] for n in plan.fixed]
        with store.graph.as_default(), tf.device(store.place):
            self.placeholders = [v1.placeholder(dtype, shape, name="input") for shape, dtype in input_signature(step, steps)]
            changed, self.plain_outputs = function([v.read_value() for v in changing], [v.read_value() for v in fixed], self.placeholders)
            with tf.control_dependencies([*changed, *self.plain_outputs]):
                assigned = [variable.assign(value) for variable, value in zip(changing, changed)]
            with tf.control_dependencies(assigned):
                self.outputs = [tf.identity(x) for x in self.plain_outputs]
                self.operation = tf.no_op()
        self.call = store.session.make_callable([*self.outputs, self.operation], self.placeholders)

    def run(self, inputs):
        with whole_products:
            return self.call(*map(np.array, inputs) if self.copies else inputs)[:-1]

    def native(self):
        return {"placeholders": self.placeholders, "outputs": self.plain_outputs, "operation": self.operation}


def store(values, device):
    return Store(values, device)


def compile(step, store, steps, options):
    return Program(step, store, steps, options)
