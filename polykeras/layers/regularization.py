"""Layers that act in training only."""

from polykeras import ops, random, regularizers
from polykeras.layer import Layer
from polykeras.random.seed import SeedGenerator


class Dropout(Layer):
    """In training, sets a share of the inputs to 0 and divides the rest by 1 - rate. (...) -> (...)

    Args:
        rate: the share, from 0 to 1.
        noise_shape: shape of the mask, 1 or None where it should be shared or follow the inputs.
        seed: an int; drawn from the global generator where None.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(rate, (int, float)) or not 0 <= rate <= 1:
            raise ValueError(f"{self.title}: expected a rate from 0 to 1, got {rate!r}.")
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed
        self.seed_generator = SeedGenerator(seed) if rate > 0 else None
        self.supports_masking = True

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return ops.zeros_like(inputs)
        return random.dropout(inputs, self.rate, self.noise_shape, self.seed_generator)


class GaussianNoise(Layer):
    """In training, adds normal noise. (...) -> (...)

    Args:
        stddev: of the noise.
        seed: an int; drawn from the global generator where None.
    """

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(**kwargs)
        if stddev < 0:
            raise ValueError(f"{self.title}: expected stddev of at least 0, got {stddev}.")
        self.stddev, self.seed = stddev, seed
        self.seed_generator = SeedGenerator(seed) if stddev > 0 else None
        self.supports_masking = True

    def call(self, inputs, training=False):
        if not training or self.stddev == 0:
            return inputs
        noise = random.normal(ops.shape(inputs), 0.0, self.stddev, self.compute_dtype, self.seed_generator)
        return ops.add(inputs, noise)


class ActivityRegularization(Layer):
    """The inputs as they are, with a penalty on them added to the loss. (...) -> (...)"""

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1, self.l2 = l1, l2
        self.supports_masking = True

    def call(self, inputs):
        return inputs

    def get_config(self):
        """Return what makes it anew: the factors, of which the penalty is made."""
        config = {**super().get_config(), "l1": self.l1, "l2": self.l2}
        config.pop("activity_regularizer", None)
        return config
