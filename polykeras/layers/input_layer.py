"""Input: where a model begins."""

from polykeras import config, dtypes, naming
from polykeras.errors import DTypeError
from polykeras.graph import KerasTensor, Node, sizes_of
from polykeras.layer import Layer


class InputLayer(Layer):
    """A layer that stands for an input; `Input` is the way to make one.

    Args:
        shape: without the batch; None for a size that may vary.
        batch_size: None for any.
        dtype: the default float unless told.
        batch_shape: with the batch, instead of shape.
        optional: whether None may be passed for it.
    """

    def __init__(
        self, shape=None, batch_size=None, dtype=None, sparse=None, ragged=None, batch_shape=None, input_tensor=None, optional=False, name=None, **kwargs
    ):
        super().__init__(name=name or naming.automatic("input_layer"), **kwargs)
        if sparse or ragged:
            raise DTypeError(f"{self.title}: sparse and ragged inputs are not supported; got one. Pad them, or use dense arrays.")
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        if (shape is None) == (batch_shape is None):
            raise ValueError(f"{self.title}: expected either shape or batch_shape, got shape={shape} and batch_shape={batch_shape}.")
        if batch_shape is None:
            shape = (shape,) if isinstance(shape, int) else tuple(shape)
            batch_shape = (batch_size, *shape)
        self.batch_shape, self.optional = tuple(batch_shape), optional
        self.tensor_dtype = dtypes.standardize(dtype or config.floatx())
        self.built = True
        symbol = KerasTensor(sizes_of(self.batch_shape, batch=True), self.tensor_dtype, name=self.name)
        symbol.optional, symbol.layer = optional, self
        Node(self, (), {}, symbol)  # inputs end the search for nodes: the symbol itself points at none

    def call(self):
        """Return nothing: an input is fed."""

    @property
    def dtype(self):
        """The dtype of the input."""
        return self.tensor_dtype

    def get_config(self):
        """Return what makes it anew."""
        return {"name": self.name, "batch_shape": list(self.batch_shape), "dtype": self.tensor_dtype, "optional": self.optional}


def Input(shape=None, batch_size=None, dtype=None, sparse=None, ragged=None, batch_shape=None, name=None, tensor=None, optional=False):
    """Return a symbolic tensor that stands for a model's input.

    Args:
        shape: without the batch; None for a size that may vary.
        batch_size: None for any.
        dtype: the default float unless told.
        batch_shape: with the batch, instead of shape.
        name: the input's name; `input_layer`, `input_layer_1`, ... where None.
        tensor: a KerasTensor whose shape and dtype to take.
        optional: whether None may be passed for it.

    >>> Input((28, 28, 1), name="image")
    <KerasTensor shape=(None, 28, 28, 1), dtype=float32, name=image>
    """
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output
