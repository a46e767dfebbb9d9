"""Batch normalisation by TensorFlow's own kernels, which find the moments in two passes; XLA's do it in one and lose digits."""

import math

import tensorflow as tf

from polykeras.contract import Fused
from polykeras_tensorflow import primitives


def _by_channel(x, axis, offset=None, scale=None, epsilon=1e-3):
    plain = x.dtype == "float32" and all(v is None or v.dtype == x.dtype for v in (offset, scale))
    return plain and len(x.shape) > 1 and axis in (-1, len(x.shape) - 1) and all(isinstance(size, int) and size for size in x.shape)


def _normalized_batch(composition, x, axis, offset=None, scale=None, epsilon=1e-3):
    if primitives.guards.xla:
        return composition()
    offset = tf.zeros(x.shape[-1:]) if offset is None else offset
    scale = tf.ones(x.shape[-1:]) if scale is None else scale
    y, mean, variance = _by_kernel(epsilon)(x, offset, scale)
    return y, *_moments(x, tf.stop_gradient(mean), tf.stop_gradient(variance))


def _by_kernel(epsilon):
    """Return function(x, offset, scale) -> (y, mean, variance), of which y alone has a gradient."""

    @tf.custom_gradient
    def normalized(x, offset, scale):
        rows = math.prod(x.shape[:-1])
        image = tf.reshape(x, (x.shape[0], -1, 1, x.shape[-1]))
        none = tf.constant([], tf.float32)
        y, mean, spread, *kept = tf.raw_ops.FusedBatchNormV3(x=image, scale=scale, offset=offset, mean=none, variance=none, epsilon=epsilon, is_training=True)
        variance = spread * ((rows - 1) / rows) if rows > 1 else spread  # the kernel divides by rows - 1

        def gradient(slope, *_):
            saved = dict(zip(("reserve_space_1", "reserve_space_2", "reserve_space_3"), kept))
            slope = tf.reshape(slope, tf.shape(image))
            slopes = tf.raw_ops.FusedBatchNormGradV3(y_backprop=slope, x=image, scale=scale, epsilon=epsilon, is_training=True, **saved)
            return tf.reshape(slopes[0], x.shape), slopes[2], slopes[1]

        return (tf.reshape(y, x.shape), mean, variance), gradient

    return normalized


@tf.custom_gradient
def _moments(x, mean, variance):
    """Return a mean and a variance that are known, with the gradient to what they are of."""

    def gradient(of_mean, of_variance):
        return (of_mean + 2 * (x - mean) * of_variance) / math.prod(x.shape[:-1]), None, None

    return (tf.identity(mean), tf.identity(variance)), gradient


fused = {"normalized_batch": Fused(_normalized_batch, _by_channel, composed=True)}
