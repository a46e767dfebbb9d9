"""float32 products in all their digits while a program runs, whatever the process allows its other code."""

import os
import re
import threading

import numpy as np
import tensorflow as tf

v1, switches = tf.compat.v1, tf.config.experimental
FAST = re.compile(r"--xla_[cg]pu_enable_fast_(math|min_max)(=true|=1)?(\s|$)", re.IGNORECASE)


class WholeProducts:
    """A context: the first to enter, of all threads, forbids TF32, the last to leave puts the switch back.

    No operation can ask for it: kernels and XLA look at the process's switch when they run and compile.
    """

    def __init__(self):
        self.lock, self.inside, self.before = threading.Lock(), 0, False

    def __enter__(self):
        with self.lock:
            if not self.inside:
                self.before = switches.tensor_float_32_execution_enabled()
                switches.enable_tensor_float_32_execution(False)
            self.inside += 1

    def __exit__(self, *_):
        with self.lock:
            self.inside -= 1
            if not self.inside:
                switches.enable_tensor_float_32_execution(self.before)


whole_products = WholeProducts()


def numeric_mode():
    """Return how programs compute, and what is set for other code."""
    with whole_products:
        tf32 = switches.tensor_float_32_execution_enabled()
    onednn = [os.environ.get(name, "strict").lower() for name in ("ONEDNN_DEFAULT_FPMATH_MODE", "TF_SET_ONEDNN_FPMATH_MODE")]
    halved = bool(tf.config.optimizer.get_experimental_options().get("auto_mixed_precision"))
    return {
        "tf32": tf32,
        "fast_math": halved or onednn != ["strict", "strict"] or bool(FAST.search(os.environ.get("XLA_FLAGS", ""))),
        "flushes_subnormals": _flushes(),
        "threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "outside programs": f"tensor_float_32_execution {'on' if switches.tensor_float_32_execution_enabled() else 'off'}",
    }


def _flushes():
    """Whether TensorFlow takes numbers below the normal ones for 0."""
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, ())
        return bool(session.run(x * 1.0, {x: np.float32(1e-40)}) == 0)
