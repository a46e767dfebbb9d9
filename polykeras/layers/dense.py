"""Dense layers: products with a kernel."""

import copy
import re

from polykeras import ops
from polykeras.input_spec import InputSpec
from polykeras.layer import Layer


class Dense(Layer):
    """activation(inputs @ kernel + bias). (..., n) -> (..., units)

    Args:
        units: number of outputs.
        activation: a name or a function; none where None.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: what the weights start from.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: functions applied to the weights after each step.

    >>> Dense(2, kernel_initializer="ones")([[1.0, 2.0, 3.0]])
    array([[6., 6.]], dtype=float32)
    """

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if isinstance(units, bool) or not isinstance(units, int) or units < 1:
            raise ValueError(f"{self.title}: expected a positive int for units, got {units!r}.")
        self.adopt(
            units=units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )
        self.supports_masking = True
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            (input_shape[-1], self.units), self.kernel_initializer, None, True, True, self.kernel_regularizer, self.kernel_constraint, name="kernel"
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,), self.bias_initializer, None, True, True, self.bias_regularizer, self.bias_constraint, name="bias"
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: input_shape[-1]})
        self.built = True

    def call(self, inputs, training=None):
        outputs = ops.matmul(inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)


class EinsumDense(Layer):
    """activation(einsum(equation, inputs, kernel) + bias).

    Args:
        equation: such as "abc,cd->abd"; "..." stands for any leading axes.
        output_shape: without the batch and without "..."; None for sizes that follow from the input.
        bias_axes: the labels of the output that the bias has, such as "d"; no bias where None.
    """

    def __init__(
        self,
        equation,
        output_shape,
        activation=None,
        bias_axes=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.adopt(
            equation=equation,
            output_shape=(output_shape,) if isinstance(output_shape, int) else tuple(output_shape),
            activation=activation,
            bias_axes=bias_axes,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )

    def build(self, input_shape):
        inputs, kernel, output = re.split(r",|->", self.equation.replace(" ", ""))
        sizes = _sizes(inputs, input_shape, output, (input_shape[0], *self.output_shape))
        shape = tuple(sizes[label] for label in kernel)
        initializer = self.kernel_initializer
        if getattr(initializer, "input_axes", 0) is None:  # the fans of this kernel are known here only
            initializer = copy.copy(initializer)
            initializer.input_axes = [place for place, label in enumerate(kernel) if label not in output]
            initializer.output_axes = [place for place, label in enumerate(kernel) if label in output]
        self.kernel = self.add_weight(shape, initializer, None, True, True, self.kernel_regularizer, self.kernel_constraint, name="kernel")
        self.bias = None
        if self.bias_axes:
            labels = output.replace("...", "")
            first = min(labels.index(label) for label in self.bias_axes)
            bias = tuple(sizes[label] if label in self.bias_axes else 1 for label in labels[first:])
            if output.endswith("..."):
                bias += (1,) * (len(input_shape) - len(inputs.replace("...", "")))
            self.bias = self.add_weight(bias, self.bias_initializer, None, True, True, self.bias_regularizer, self.bias_constraint, name="bias")

    def call(self, inputs, training=None):
        outputs = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)


def _sizes(inputs, input_shape, output, output_shape):
    """Return the size of each label: those before "..." from the front of a shape, those behind it from the back."""
    known = {}
    for labels, shape in ((output, output_shape), (inputs, input_shape)):
        head, _, tail = labels.partition("...")
        for label, size in [*zip(head, shape), *zip(reversed(tail), reversed(shape))]:
            if size is not None or label not in known:
                known[label] = size
    return known
