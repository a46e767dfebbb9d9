"""Layers that apply an activation."""

from polykeras import activations, ops
from polykeras.layer import Layer
from polykeras.ops.attention import hidden_where


class Activation(Layer):
    """Applies a function to each element, or along the last axis. (...) -> (...)

    Args:
        activation: a name or a function.
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.adopt(activation=activation)
        self.supports_masking = True

    def call(self, inputs):
        return self.activation(inputs)


class ReLU(Layer):
    """x above the threshold, negative_slope * (x - threshold) below, at most max_value. (...) -> (...)"""

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        for name, value in (("max_value", max_value), ("negative_slope", negative_slope), ("threshold", threshold)):
            if value is None and name != "max_value" or value is not None and value < 0:
                raise ValueError(f"{self.title}: expected {name} of at least 0, got {value}.")
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold
        self.supports_masking = True

    def call(self, inputs):
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Layer):
    """x above 0, negative_slope * x below. (...) -> (...)"""

    def __init__(self, negative_slope=0.3, **kwargs):
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(f"{self.title}: expected negative_slope of at least 0, got {negative_slope}.")
        self.negative_slope = negative_slope
        self.supports_masking = True

    def call(self, inputs):
        return ops.leaky_relu(inputs, self.negative_slope)


class PReLU(Layer):
    """x above 0, alpha * x below, with alpha learned. (...) -> (...)

    Args:
        shared_axes: axes along which one alpha serves all places.
    """

    def __init__(self, alpha_initializer="Zeros", alpha_regularizer=None, alpha_constraint=None, shared_axes=None, **kwargs):
        super().__init__(**kwargs)
        self.adopt(alpha_initializer=alpha_initializer, alpha_regularizer=alpha_regularizer, alpha_constraint=alpha_constraint)
        self.shared_axes = None if shared_axes is None else [shared_axes] if isinstance(shared_axes, int) else list(shared_axes)
        self.supports_masking = True

    def build(self, input_shape):
        shape = [1 if axis + 1 in (self.shared_axes or ()) else size for axis, size in enumerate(input_shape[1:])]
        self.alpha = self.add_weight(tuple(shape), self.alpha_initializer, regularizer=self.alpha_regularizer, constraint=self.alpha_constraint, name="alpha")

    def call(self, inputs):
        return ops.where(ops.greater(inputs, 0), inputs, self.alpha * inputs)


class ELU(Layer):
    """x above 0, alpha * (exp(x) - 1) below. (...) -> (...)"""

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True

    def call(self, inputs):
        return ops.elu(inputs, self.alpha)


class Softmax(Layer):
    """exp(x) divided by its sum over an axis; places that a mask hides get 0. (...) -> (...)

    Args:
        axis: an axis, or several taken together.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return ops.softmax(inputs, self.axis)
        mask = ops.cast(mask, "bool") if ops.dtype(mask) == "bool" else ops.greater(mask, 0.5)
        return ops.where(mask, ops.softmax(hidden_where(mask, inputs), self.axis), 0.0)
