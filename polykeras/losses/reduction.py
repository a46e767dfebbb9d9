"""Reduction: how losses of samples, their weights and a mask make one number."""

from polykeras import ops
from polykeras.errors import ShapeError
from polykeras.sizes import is_static, product, visible

MEANS = ("sum_over_batch_size", "mean")
REDUCTIONS = (*MEANS, "mean_with_sample_weight", "sum", "none", None)


def checked(reduction):
    """Return the name of a reduction.

    Raises:
        ValueError: there is none of that name.
    """
    if reduction not in REDUCTIONS:
        raise ValueError(f"Unknown reduction: got {reduction!r}, expected one of {', '.join(map(repr, REDUCTIONS))}.")
    return reduction


def count(x, dtype):
    """Return how many elements an array has, as a scalar array of a dtype."""
    return ops.full((), product(ops.shape(x)), dtype)


def same_rank(x, y, expand=True):
    """Return two arrays, a last axis of size 1 dropped from one where that makes their ranks equal.

    Where the other has one axis only, it gets a last axis of size 1 instead, unless told not to.
    """
    if ops.ndim(x) == ops.ndim(y) + 1 and _ends_in_one(x):
        return (x, ops.expand_dims(y, -1)) if expand and ops.ndim(y) == 1 else (ops.squeeze(x, -1), y)
    if ops.ndim(y) == ops.ndim(x) + 1 and _ends_in_one(y):
        return (ops.expand_dims(x, -1), y) if expand and ops.ndim(x) == 1 else (x, ops.squeeze(y, -1))
    return x, y


def _ends_in_one(x):
    size = ops.shape(x)[-1]
    return is_static(size) and size == 1


def fitting(x, y):
    """Say whether two arrays have as many axes, each of one size or of size 1; a scalar fits all."""
    first, second = ops.shape(x), ops.shape(y)
    if not first or not second:
        return True
    proper = lambda a, b: is_static(a) and is_static(b) and 1 not in (a, b)
    return len(first) == len(second) and all(a == b for a, b in zip(first, second) if proper(a, b))


def weighted(name, values, sample_weight, what="losses"):
    """Return values and weights of ranks that fit.

    Raises:
        ShapeError: weights of fewer axes, which could be meant for the samples or for the last axis.
    """
    values, sample_weight = same_rank(values, sample_weight)
    if not fitting(values, sample_weight):
        raise ShapeError(
            f"{name}: got sample_weight of shape {visible(ops.shape(sample_weight))} for {what} of shape {visible(ops.shape(values))}, "
            "expected as many axes, each of the same size or 1. Reshape it: sample_weight[:, None] is one weight per sample."
        )
    return values, sample_weight


def with_mask(name, sample_weight, mask, dtype, reduction):
    """Return weights that are 0 where a mask does not hold; None without either.

    Under a mean, the others weigh elements / elements that hold, so that the mean is over those.
    """
    if sample_weight is not None:
        sample_weight = ops.convert_to_tensor(sample_weight, dtype)
    if mask is None:
        return sample_weight
    holds = ops.cast(mask, "bool")
    kept = ops.cast(holds, dtype)
    if reduction in MEANS:
        kept = ops.where(holds, ops.divide_no_nan(count(holds, dtype), ops.sum(kept)), 0)
    if sample_weight is None:
        return kept
    kept, sample_weight = weighted(name, kept, sample_weight, "a mask")
    return sample_weight * kept


def reduced(name, values, sample_weight, mask, reduction, dtype):
    """Return the losses of samples as one number, or each times its weight where there is no reduction.

    Args:
        name: whose losses they are, for messages.
        values: losses of any shape.
        sample_weight: of the losses' shape, a last axis of size 1 more or less, or a scalar; or None.
        mask: bool of the losses' shape, or None.
        reduction: one of REDUCTIONS.
        dtype: what to compute in.
    """
    values = ops.convert_to_tensor(values, dtype)
    sample_weight = with_mask(name, sample_weight, mask, dtype, reduction)
    if sample_weight is not None:
        values, sample_weight = weighted(name, values, sample_weight)
        values = values * sample_weight
    if reduction in (None, "none") or ops.shape(values) in ((), (0,)):
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return ops.divide_no_nan(ops.sum(values), ops.sum(sample_weight))
    return ops.sum(values) if 0 in ops.shape(values) else ops.mean(values)
