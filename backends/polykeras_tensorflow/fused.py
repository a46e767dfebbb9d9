"""Faster versions of ops in TensorFlow, each with the composition's values and gradients."""

import itertools

import tensorflow as tf

from polykeras.contract import Fused
from polykeras_tensorflow import fused_normalization, islands

FLOATS = ("float32", "float64")


def _split(x, indices_or_sections, axis=0):
    if isinstance(indices_or_sections, int):
        return tf.split(x, indices_or_sections, axis)
    places = [0, *indices_or_sections, x.shape[axis]]
    return tf.split(x, [stop - start for start, stop in itertools.pairwise(places)], axis)


def _places(x, indices_or_sections, axis=0):
    return isinstance(indices_or_sections, int) or list(indices_or_sections) == sorted(indices_or_sections)


def _float(x):
    return x.dtype in FLOATS


fused = {
    "split": Fused(_split, _places),  # whose gradient is one concatenation, not a sum of padded parts
    "relu": Fused(tf.nn.relu, _float),
    "threefry": Fused(islands.compiled, composed=True),
    **fused_normalization.fused,
}
