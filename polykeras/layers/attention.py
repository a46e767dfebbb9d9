"""Attention layers."""

import math
import string

from polykeras import ops
from polykeras.layer import CATALOGUES, Layer
from polykeras.layers.activation import Softmax
from polykeras.layers.dense import EinsumDense
from polykeras.layers.regularization import Dropout


def _letters(count, start):
    return string.ascii_lowercase[start : start + count]


def projection(free, bound, outputs):
    """Return (equation, bias labels, output rank) of a projection of the last `bound` axes to `outputs` new ones."""
    kept, summed, made = _letters(free, 0), _letters(bound, free), _letters(outputs, free + bound)
    return f"{kept}{summed},{summed}{made}->{kept}{made}", made, free + outputs


def attention_equations(rank, axes):
    """Return the equations (scores of key and query, combination of scores and value) and the rank of the scores.

    The projected tensors are (batch, ..., heads, width) with `axes` the ones attended over.
    """
    target = _letters(rank, 0)
    batch = [axis for axis in range(rank) if axis not in axes and axis != rank - 1]
    fresh = iter(string.ascii_lowercase[rank:])
    source = "".join(next(fresh) if axis in axes else target[axis] for axis in range(rank))
    scores = "".join([target[a] for a in batch] + [target[a] for a in axes] + [source[a] for a in axes])
    return f"{source},{target}->{scores}", f"{scores},{source}->{target}", len(scores)


class MultiHeadAttention(Layer):
    """Attention by several heads (Vaswani et al. 2017).

    Called as layer(query, value, key=None): (batch, target time, n), (batch, source time, m) ->
    (batch, target time, output size). Masks that query, value and key carry are used; with
    `attention_mask` (batch, target time, source time) and `use_causal_mask` all of them must agree.

    Args:
        num_heads: number of heads.
        key_dim, value_dim: width of each head for query and key, and for value (key_dim where None).
        dropout: share of the weights that training drops.
        use_bias: whether projections have biases.
        output_shape: size of the output's last axis; the query's where None.
        attention_axes: the axes attended over; all but batch and features where None.
        flash_attention: taken for Keras's sake; which kernel runs is the backend's business.
        kernel_initializer and the rest: of each projection, see Dense.
        seed: of the dropout.
    """

    def __init__(
        self,
        num_heads,
        key_dim,
        value_dim=None,
        dropout=0.0,
        use_bias=True,
        output_shape=None,
        attention_axes=None,
        flash_attention=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.adopt(
            num_heads=num_heads,
            key_dim=key_dim,
            value_dim=value_dim or key_dim,
            dropout=dropout,
            use_bias=use_bias,
            output_shape=(output_shape,) if isinstance(output_shape, int) else output_shape,
            attention_axes=(attention_axes,) if isinstance(attention_axes, int) else attention_axes,
            flash_attention=flash_attention,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            seed=seed,
        )
        self.activity_regularizer = CATALOGUES["regularizer"].get(activity_regularizer)
        self.supports_masking = True

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = key_shape or value_shape
        if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
            raise ValueError(f"{self.title}: expected key and value of one shape but for the last axis, got {key_shape} and {value_shape}.")
        heads, rank = self.num_heads, len(query_shape) + 1
        self.query_dense = self._projection("query", query_shape, (heads, self.key_dim))
        self.key_dense = self._projection("key", key_shape, (heads, self.key_dim))
        self.value_dense = self._projection("value", value_shape, (heads, self.value_dim))
        axes = self.attention_axes or tuple(range(1, rank - 2))
        self.axes = tuple(axis % (rank - 1) if axis < 0 else axis for axis in axes)
        self.score_equation, self.combine_equation, score_rank = attention_equations(rank, self.axes)
        self.softmax = Softmax(axis=tuple(range(score_rank - len(self.axes), score_rank)), dtype=self.dtype_policy)
        self.dropout_layer = Dropout(self.dropout, seed=self.seed, dtype=self.dtype_policy)
        shape = self.output_shape or (query_shape[-1],)
        self.output_dense = self._projection("attention_output", (*query_shape[:-1], heads, self.value_dim), shape, bound=2)

    def _projection(self, name, input_shape, sizes, bound=1):
        free = len(input_shape) - bound
        equation, bias_axes, _ = projection(free, bound, len(sizes))
        layer = EinsumDense(
            equation,
            (*(None,) * (free - 1), *sizes),
            bias_axes=bias_axes if self.use_bias else None,
            kernel_initializer=self._fresh(self.kernel_initializer),
            bias_initializer=self._fresh(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            activity_regularizer=None if name == "attention_output" else self.activity_regularizer,  # that of the output is this layer's own
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            dtype=self.dtype_policy,
            name=name,
        )
        layer._build_by_shape(input_shape)
        return layer

    def _fresh(self, initializer):
        """Return another initializer with a seed of its own, or all projections would start alike."""
        return initializer.clone() if hasattr(initializer, "clone") else initializer

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        key = value if key is None else key
        mask = self._mask(query, value, query_mask, value_mask, key_mask, attention_mask, use_causal_mask)
        query, key, value = self.query_dense(query), self.key_dense(key), self.value_dense(value)
        outputs, scores = self._attend(query, key, value, mask, return_attention_scores, training)
        outputs = self.output_dense(outputs)
        return (outputs, scores) if return_attention_scores else outputs

    def _attend(self, query, key, value, mask, return_scores, training):
        scale = 1.0 / math.sqrt(self.key_dim)
        if not (self.dropout or return_scores or len(ops.shape(query)) != 4):
            mask = None if mask is None else ops.expand_dims(mask, 1) if len(ops.shape(mask)) == 3 else mask
            return ops.dot_product_attention(query, key, value, mask=mask, scale=scale), None
        scores = ops.einsum(self.score_equation, key, query * scale)
        if mask is not None:
            while len(ops.shape(mask)) < len(ops.shape(scores)):
                mask = ops.expand_dims(mask, -len(self.axes) * 2 - 1)
        weights = self.softmax(scores, mask=mask)
        dropped = self.dropout_layer(weights, training=training) if self.dropout else weights
        return ops.einsum(self.combine_equation, dropped, value), weights

    def _mask(self, query, value, query_mask, value_mask, key_mask, attention_mask, causal):
        """Return what all masks together show: (batch or 1, target time, source time), or None."""
        parts = [] if attention_mask is None else [ops.cast(attention_mask, "bool")]
        if query_mask is not None:
            parts.append(ops.expand_dims(ops.cast(query_mask, "bool"), -1))
        parts += [ops.expand_dims(ops.cast(m, "bool"), -2) for m in (value_mask, key_mask) if m is not None]
        if causal:
            target, source = ops.shape(query)[1], ops.shape(value)[1]
            parts.append(ops.cast(ops.expand_dims(ops.tri(target, source, dtype="int32"), 0), "bool"))
        made = None
        for part in parts:
            made = part if made is None else ops.logical_and(made, part)
        return made

    def compute_mask(self, query, previous_mask=None):
        return previous_mask
