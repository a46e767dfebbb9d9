"""Embedding, Lambda, Masking, Identity, Rescaling: small layers of no family."""

import inspect

from polykeras import ops
from polykeras.layer import Layer


class Embedding(Layer):
    """Rows of a table, by index. (...) ints -> (..., output_dim)

    Args:
        input_dim: number of rows; indices go from 0 to input_dim - 1.
        output_dim: length of a row.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: of the table.
        mask_zero: whether index 0 means padding, which layers behind should skip.
        weights: an array, or a list of one, to start from.
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        weights=None,
        **kwargs,
    ):
        length = kwargs.pop("input_length", None)
        if length is not None and "input_shape" not in kwargs:
            kwargs["input_shape"] = (length,)
        super().__init__(**kwargs)
        self.adopt(
            input_dim=input_dim,
            output_dim=output_dim,
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero,
        )
        self.supports_masking, self.autocast = mask_zero, False
        self.build()
        if weights is not None:
            self.set_weights(weights if isinstance(weights, list) else [weights])

    def build(self, input_shape=None):
        if not self.built:
            self.embeddings = self.add_weight(
                (self.input_dim, self.output_dim),
                self.embeddings_initializer,
                regularizer=self.embeddings_regularizer,
                constraint=self.embeddings_constraint,
                name="embeddings",
            )
        self.built = True

    def call(self, inputs):
        return ops.cast(ops.take(self.embeddings, ops.cast(inputs, "int32"), axis=0), self.compute_dtype)

    def compute_mask(self, inputs, mask=None):
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    @property
    def input_limit(self):
        """The number of rows: data is refused whose indices reach beyond."""
        return self.input_dim


class Lambda(Layer):
    """Any function as a layer, written with polykeras.ops so that it runs on every backend.

    Args:
        function: takes the inputs, and training and mask if it names them.
        output_shape: taken for Keras's sake; the shape follows from the function.
        mask: a mask, or a function (inputs, mask) of one.
        arguments: dict of further arguments for the function.
    """

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        self.function, self.arguments, self.mask = function, dict(arguments or {}), mask
        self.output_shape = output_shape
        self.supports_masking = mask is not None

    def call(self, inputs, mask=None, training=None):
        given = {"mask": mask, "training": training}
        named = inspect.signature(self.function).parameters
        return self.function(inputs, **self.arguments, **{name: value for name, value in given.items() if name in named})

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask


class Masking(Layer):
    """Hides the steps whose features all equal a value. (batch, time, ...) -> (batch, time, ...)"""

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def compute_mask(self, inputs, mask=None):
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs):
        seen = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * ops.cast(seen, ops.dtype(inputs))


class Identity(Layer):
    """The inputs as they are. (...) -> (...)"""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        return inputs


class Rescaling(Layer):
    """inputs * scale + offset, as floats. (...) -> (...)

    Args:
        scale, offset: numbers, or sequences that broadcast against the last axes.
    """

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self.supports_masking = True

    def call(self, inputs):
        made = ops.cast(inputs, self.compute_dtype)
        return made * ops.cast(self.scale, self.compute_dtype) + ops.cast(self.offset, self.compute_dtype)
