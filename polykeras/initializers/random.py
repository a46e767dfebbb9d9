"""Random initializers. Each has a seed of its own, so it gives the same values whenever it is called."""

import math

import numpy as np

from polykeras import config, ops, random
from polykeras.initializers.initializer import Initializer
from polykeras.random.seed import make_default_seed

# standard deviation of a normal distribution cut off at two of its own
_TRUNCATED_STDDEV = 0.87962566103423978


class RandomInitializer(Initializer):
    """An initializer with a seed: an int, a SeedGenerator, or None for the next of the global generator."""

    def __init__(self, seed=None):
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer, random.SeedGenerator))):
            raise ValueError(f"{type(self).__name__}: expected an int, a SeedGenerator or None as seed, got {seed!r}.")
        self._given_seed = seed
        self.seed = make_default_seed() if seed is None else seed

    def get_config(self):
        """Return what makes it anew."""
        seed = self._given_seed
        return {"seed": seed.get_config() if hasattr(seed, "get_config") else seed}


class RandomNormal(RandomInitializer):
    """Normally distributed values."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def __call__(self, shape, dtype=None):
        return random.normal(shape, self.mean, self.stddev, dtype, self.seed)

    def get_config(self):
        """Return what makes it anew."""
        return {"mean": self.mean, "stddev": self.stddev, **super().get_config()}


class TruncatedNormal(RandomNormal):
    """Normally distributed values within two standard deviations of the mean."""

    def __call__(self, shape, dtype=None):
        return random.truncated_normal(shape, self.mean, self.stddev, dtype, self.seed)


class RandomUniform(RandomInitializer):
    """Values spread evenly over [minval, maxval)."""

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def __call__(self, shape, dtype=None):
        return random.uniform(shape, self.minval, self.maxval, dtype, self.seed)

    def get_config(self):
        """Return what makes it anew."""
        return {"minval": self.minval, "maxval": self.maxval, **super().get_config()}


class VarianceScaling(RandomInitializer):
    """Values whose variance is scale / n, with n the fan in, the fan out, or their average.

    Args:
        scale: a positive number.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal", "untruncated_normal" or "uniform".
        seed: see RandomInitializer.
        input_axes, output_axes: the axes of the shape that count as inputs and outputs.
    """

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None, input_axes=None, output_axes=None):
        if scale <= 0:
            raise ValueError(f"{type(self).__name__}: expected a positive scale, got {scale}.")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"{type(self).__name__}: expected mode 'fan_in', 'fan_out' or 'fan_avg', got {mode!r}.")
        distribution = "truncated_normal" if distribution == "normal" else str(distribution).lower()
        if distribution not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                f"{type(self).__name__}: expected distribution 'truncated_normal', 'untruncated_normal' or 'uniform', got {distribution!r}."
            )
        super().__init__(seed)
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.input_axes, self.output_axes = input_axes, output_axes

    def __call__(self, shape, dtype=None):
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        share = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, share)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return random.uniform(shape, -limit, limit, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return random.normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        return random.truncated_normal(shape, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV, dtype, self.seed)

    def get_config(self):
        """Return what makes it anew."""
        own = {"scale": self.scale, "mode": self.mode, "distribution": self.distribution}
        return {**own, **super().get_config(), "input_axes": self.input_axes, "output_axes": self.output_axes}


def _scaling(name, scale, mode, distribution, source):
    """Make a VarianceScaling whose only choices are the seed and the axes."""

    def __init__(self, seed=None, input_axes=None, output_axes=None):
        VarianceScaling.__init__(self, scale, mode, distribution, seed, input_axes, output_axes)

    def get_config(self):
        config = VarianceScaling.get_config(self)
        return {key: config[key] for key in ("seed", "input_axes", "output_axes")}

    doc = f"VarianceScaling with scale {scale:g}, mode {mode!r} and distribution {distribution!r} ({source})."
    return type(name, (VarianceScaling,), {"__init__": __init__, "get_config": get_config, "__doc__": doc, "__module__": __name__})


GlorotUniform = _scaling("GlorotUniform", 1.0, "fan_avg", "uniform", "Glorot & Bengio 2010")
GlorotNormal = _scaling("GlorotNormal", 1.0, "fan_avg", "truncated_normal", "Glorot & Bengio 2010")
HeUniform = _scaling("HeUniform", 2.0, "fan_in", "uniform", "He et al. 2015")
HeNormal = _scaling("HeNormal", 2.0, "fan_in", "truncated_normal", "He et al. 2015")
LecunUniform = _scaling("LecunUniform", 1.0, "fan_in", "uniform", "LeCun et al. 1998")
LecunNormal = _scaling("LecunNormal", 1.0, "fan_in", "truncated_normal", "LeCun et al. 1998")


class Orthogonal(RandomInitializer):
    """A random orthogonal matrix times a gain, by QR of normal values (Saxe et al. 2014).

    A shape of more than two axes is taken as (all but the last, last).
    """

    def __init__(self, gain=1.0, seed=None):
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: expected a shape of at least 2 axes, got {tuple(shape)}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = random.normal((max(rows, columns), min(rows, columns)), dtype="float64", seed=self.seed)
        q, r = np.linalg.qr(ops.convert_to_numpy(drawn))
        q = q * np.sign(np.diag(r))  # without this the distribution is not even
        q = q if rows >= columns else q.T
        return ops.cast(self.gain * q.reshape(shape), dtype or config.floatx())

    def get_config(self):
        """Return what makes it anew."""
        return {"gain": self.gain, **super().get_config()}


def compute_fans(shape, input_axes=None, output_axes=None):
    """Return (fan in, fan out) of a weight's shape; of a convolution kernel, with its window.

    >>> compute_fans((3, 3, 8, 16))
    (72, 144)
    """
    shape = tuple(shape)
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        return (shape or (1,)) * 2
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window
