"""Circle loss: embeddings of one class drawn together, those of others apart."""

import math

from polykeras import masks, ops
from polykeras.losses.formula import as_float, named
from polykeras.losses.loss import FormulaLoss


@named
def circle(y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal=True, gamma=80, margin=0.4):
    """Return log(1 + sum of pulls * sum of pushes) of each embedding (Sun et al. 2020). (n,), (n, width) -> (n,)

    An embedding that meets none of its class, or none of another, has loss 0. The result carries a mask
    that leaves out losses of 0.

    Args:
        y_true: class numbers.
        y_pred: embeddings of length 1.
        ref_labels, ref_embeddings: what to compare with; y_true and y_pred where None.
        remove_diagonal: whether the i-th embedding is not compared with the i-th reference.
        gamma: scale of the similarities.
        margin: how far off the optimum the two sides begin to weigh.
    """
    y_true, y_pred = ops.cast(y_true, "int32"), as_float(y_pred)
    references = y_pred if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings, ops.dtype(y_pred))
    ref_labels = y_true if ref_labels is None else ops.cast(ref_labels, "int32")
    distance = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(references)), 0.0)
    same, other = _pairs(y_true, ref_labels, remove_diagonal)
    pull = -gamma * ops.maximum(margin + distance, 0.0) * (margin - distance)
    push = gamma * ops.maximum(1 + margin - distance, 0.0) * (1 - margin - distance)
    met = ops.logical_and(ops.any(same, axis=1), ops.any(other, axis=1))
    total = _logsumexp(pull, same, met) + _logsumexp(push, other, met)
    losses = ops.where(met, ops.softplus(total), 0.0)
    masks.set_mask(losses, ops.greater(losses, 0))
    return losses


def _pairs(labels, references, remove_diagonal):
    """Return where two of one class meet, and where two of others do. (n,), (m,) -> (n, m), (n, m)"""
    same = ops.equal(ops.reshape(labels, (-1, 1)), ops.reshape(references, (1, -1)))
    other = ops.logical_not(same)
    if remove_diagonal:
        rows, columns = ops.arange(ops.shape(labels)[0]), ops.arange(ops.shape(references)[0])
        same = ops.logical_and(same, ops.not_equal(ops.reshape(rows, (-1, 1)), ops.reshape(columns, (1, -1))))
    return same, other


def _logsumexp(x, chosen, met):
    """Return log(sum(exp(x))) over what is chosen; rows without a pair, whose gradient would be NaN, take all."""
    chosen = ops.logical_or(chosen, ops.logical_not(ops.expand_dims(met, 1)))
    return ops.logsumexp(ops.where(chosen, x, -math.inf), axis=1)


class Circle(FormulaLoss):
    """Embeddings of length 1: those of one class drawn together, those of others apart."""

    def __init__(self, gamma=80.0, margin=0.4, remove_diagonal=True, reduction="sum_over_batch_size", name="circle", dtype=None):
        super().__init__(circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal)
