"""Parts of a program that XLA compiles where TensorFlow runs the rest by its own kernels: many small calls made one."""

import tensorflow as tf

from polykeras_tensorflow import primitives


def compiled(composition, *args):
    """Run the composition of a call as one compiled part, if it would not be compiled otherwise."""
    if tf.executing_eagerly() or primitives.guards.xla:
        return composition()
    primitives.guards.xla = True
    try:
        return tf.function(composition, autograph=False, jit_compile=True)()
    finally:
        primitives.guards.xla = False
