"""Normalisation layers."""

from polykeras import config, ops
from polykeras.input_spec import InputSpec
from polykeras.layer import Layer
from polykeras.ops.normalization import normalized_batch


class BatchNormalization(Layer):
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta, per channel (Ioffe & Szegedy 2015). (...) -> (...)

    In training the moments are those of the batch, and moving averages of them, of the biased variance
    too, are kept for inference.

    Args:
        axis: the channels.
        momentum: how much of a moving average stays at each step.
        epsilon: added to the variance.
        center, scale: whether beta and gamma are there.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: what
            the weights start from.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: of beta and gamma.
        synchronized: taken for Keras's sake; there is one replica.
    """

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        synchronized=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.adopt(
            axis=int(axis),
            momentum=float(momentum),
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            moving_mean_initializer=moving_mean_initializer,
            moving_variance_initializer=moving_variance_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            synchronized=synchronized,
        )
        self.supports_masking = True

    def build(self, input_shape):
        shape = (input_shape[self.axis],)
        if shape[0] is None:
            raise ValueError(f"{self.title}: expected a known size on axis {self.axis}, got input shape {input_shape}.")
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                shape, self.gamma_initializer, None, True, False, self.gamma_regularizer, self.gamma_constraint, name="gamma"
            )
        if self.center:
            self.beta = self.add_weight(
                shape, self.beta_initializer, None, True, False, self.beta_regularizer, self.beta_constraint, name="beta"
            )
        self.moving_mean = self.add_weight(shape, self.moving_mean_initializer, trainable=False, autocast=False, name="moving_mean")
        self.moving_variance = self.add_weight(
            shape, self.moving_variance_initializer, trainable=False, autocast=False, name="moving_variance"
        )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: shape[0]})

    def call(self, inputs, training=None, mask=None):
        dtype = "float32" if self.compute_dtype in ("float16", "bfloat16") else self.compute_dtype
        x = ops.cast(inputs, dtype)  # sixteen bits overflow in the variance
        gamma = None if self.gamma is None else ops.cast(self.gamma, dtype)
        beta = None if self.beta is None else ops.cast(self.beta, dtype)
        mean, variance = ops.cast(self.moving_mean, dtype), ops.cast(self.moving_variance, dtype)
        if not (training and self.trainable):
            made = ops.batch_normalization(x, mean, variance, self.axis, beta, gamma, self.epsilon)
            return ops.cast(made, self.compute_dtype)
        if mask is None:
            made, mean_now, variance_now = normalized_batch(x, self.axis, beta, gamma, self.epsilon)
        else:
            mean_now, variance_now = self._masked_moments(x, mask)
            made = ops.batch_normalization(x, mean_now, variance_now, self.axis, beta, gamma, self.epsilon)
        self.moving_mean.assign(mean * self.momentum + mean_now * (1.0 - self.momentum))
        self.moving_variance.assign(variance * self.momentum + variance_now * (1.0 - self.momentum))
        return ops.cast(made, self.compute_dtype)

    def _masked_moments(self, x, mask):
        rank = len(ops.shape(x))
        axes = tuple(axis for axis in range(rank) if axis != self.axis % rank)
        seen = ops.broadcast_to(ops.expand_dims(ops.cast(mask, "bool"), -1), ops.shape(x))
        weight = ops.sum(ops.cast(seen, ops.dtype(x)), axes, keepdims=True) + config.epsilon()
        mean = ops.sum(ops.where(seen, x, 0.0), axes, keepdims=True) / weight
        gap = ops.where(seen, x - mean, 0.0)
        variance = ops.sum(ops.square(gap), axes, keepdims=True) / weight
        return ops.squeeze(mean, axes), ops.squeeze(variance, axes)


class LayerNormalization(Layer):
    """Mean 0 and variance 1 over the features of each sample, times gamma, plus beta (Ba et al. 2016). (...) -> (...)

    Args:
        axis: the features: an axis, or several.
        epsilon: added to the variance.
        center, scale: whether beta and gamma are there.
        beta_initializer, gamma_initializer, beta_regularizer, gamma_regularizer, beta_constraint,
            gamma_constraint: of beta and gamma.
    """

    def __init__(
        self,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.adopt(
            axis=axis if isinstance(axis, int) else list(axis),
            epsilon=epsilon,
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
        )
        self.supports_masking = True

    def build(self, input_shape):
        axes = [self.axis] if isinstance(self.axis, int) else self.axis
        shape = tuple(input_shape[axis] for axis in sorted(axis % len(input_shape) for axis in axes))
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                shape, self.gamma_initializer, None, True, False, self.gamma_regularizer, self.gamma_constraint, name="gamma"
            )
        if self.center:
            self.beta = self.add_weight(
                shape, self.beta_initializer, None, True, False, self.beta_regularizer, self.beta_constraint, name="beta"
            )

    def call(self, inputs):
        return ops.cast(ops.layer_normalization(inputs, self.gamma, self.beta, self.axis, self.epsilon), self.compute_dtype)
