"""Parts of a program that XLA compiles where TensorFlow runs the rest by its own kernels: many small calls made one."""

import tensorflow as tf

from polykeras_tensorflow import primitives


def alone(composition, *args):
    """Run the composition of one call of an op as one compiled part, if it would not be compiled otherwise."""
    return _compiled(composition)


def together(calls):
    """Run the compositions of several calls as one compiled part."""
    return _compiled(lambda: [composition() for composition, *_ in calls])


def _compiled(function):
    if tf.executing_eagerly() or primitives.guards.xla:
        return function()
    primitives.guards.xla = True
    try:
        return tf.function(function, autograph=False, jit_compile=True)()
    finally:
        primitives.guards.xla = False
