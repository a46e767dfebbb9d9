"""Scaled dot-product attention."""

import math

from polykeras import dtypes
from polykeras.ops.activation import softmax
from polykeras.ops.creation import tri
from polykeras.ops.dispatch import constant, op, p, promoted
from polykeras.ops.elementwise import logical_and
from polykeras.sizes import is_static


@op("query key value bias mask")
def dot_product_attention(
    query, key, value, bias=None, mask=None, scale=None, is_causal=False, flash_attention=None, attn_logits_soft_cap=None
):
    """Return softmax(query key' * scale + bias) value, head by head (Vaswani et al. 2017).

    Args:
        query: (batch, target time, heads, width).
        key, value: (batch, source time, key heads, width); heads a multiple of key heads.
        bias: added to the scores, broadcast to (batch, heads, target time, source time).
        mask: bool, broadcast likewise: True where a source may be seen. A row that sees nothing
            weighs all sources alike, and gives the scores no gradient.
        scale: 1 / sqrt(width) for None.
        is_causal: whether a target sees only sources up to its own place.
        flash_attention: taken for Keras's sake; which kernel runs is the backend's business.
        attn_logits_soft_cap: scores are bent to cap * tanh(scores / cap).

    Returns:
        (batch, target time, heads, width).
    """
    query, key, value = promoted(query, key, value, floats=True)
    heads, groups = p.shape(query)[2], p.shape(key)[2]
    q, k, v = (p.transpose(x, (0, 2, 1, 3)) for x in (query, key, value))
    if is_static(heads) and heads != groups:
        k, v = (_repeated(x, heads // groups) for x in (k, v))
    factor = 1 / math.sqrt(p.shape(query)[-1]) if scale is None else scale
    scores = p.multiply(p.matmul(q, p.transpose(k, (0, 1, 3, 2))), constant(factor, q))
    if attn_logits_soft_cap is not None:
        cap = constant(attn_logits_soft_cap, q)
        scores = p.multiply(cap, p.tanh(p.divide(scores, cap)))
    if bias is not None:
        scores = p.add(scores, p.cast(bias, p.dtype(scores)))
    if is_causal:
        seen = p.cast(tri(p.shape(q)[2], p.shape(k)[2], dtype="int32"), "bool")
        mask = seen if mask is None else logical_and(mask, seen)
    weights = softmax(scores if mask is None else hidden_where(mask, scores))
    return p.transpose(p.matmul(weights, v), (0, 2, 1, 3))


def _repeated(x, count):
    """Repeat each key head. (batch, heads, time, width) -> (batch, heads * count, time, width)"""
    batch, heads, time, width = p.shape(x)
    spread = p.broadcast_to(p.reshape(x, (batch, heads, 1, time, width)), (batch, heads, count, time, width))
    return p.reshape(spread, (batch, heads * count, time, width))


def hidden_where(mask, scores):
    """Return scores, very low where a bool mask does not hold: by where, so no gradient passes there."""
    low = -0.7 * dtypes.largest(p.dtype(scores))
    return p.where(p.cast(mask, "bool"), scores, constant(low, scores))


