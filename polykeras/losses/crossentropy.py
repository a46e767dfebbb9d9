"""Losses of probabilities: cross-entropies, their focal forms, divergence and Poisson."""

import warnings

from polykeras import config, masks, ops
from polykeras.errors import ShapeError
from polykeras.losses.formula import as_float, formula, named
from polykeras.losses.loss import FormulaLoss
from polykeras.sizes import is_static, visible


@formula
def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Return the mean over an axis of -y_true * log(y_pred) - (1 - y_true) * log(1 - y_pred). (..., n) -> (...)

    Args:
        from_logits: whether y_pred are logits; else probabilities, held within [1e-7, 1 - 1e-7].
        label_smoothing: labels are moved towards 0.5 by this share.
        axis: the axis of the mean.
    """
    y_true = _smoothed(y_true, label_smoothing, 2)
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits), axis=axis)


def _smoothed(y_true, label_smoothing, classes):
    if not label_smoothing:
        return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes


@formula
def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Return -sum(y_true * log(y_pred)) over the classes. (..., classes), (..., classes) -> (...)

    Args:
        from_logits: whether y_pred are logits; else probabilities, divided by their sum and held within
            [1e-7, 1 - 1e-7].
        label_smoothing: labels are moved towards 1 / classes by this share.
        axis: where the classes are.
    """
    y_true = _smoothed(y_true, label_smoothing, _classes("categorical_crossentropy", y_pred, axis))
    return ops.categorical_crossentropy(y_true, y_pred, from_logits, axis)


def _classes(name, y_pred, axis):
    if isinstance(axis, bool):
        raise ValueError(f"{name}: expected an int as axis, got {axis!r}.")
    classes = ops.shape(y_pred)[axis]
    if is_static(classes) and classes == 1:
        warnings.warn(
            f"{name}: got y_pred of shape {visible(ops.shape(y_pred))}, expected at least two classes: with one the loss is always 0. "
            "Take binary_crossentropy for two classes in one column.",
            SyntaxWarning,
            stacklevel=2,
        )
    return classes


@named
def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1):
    """Return -log(y_pred) at each class. (...), (..., classes) -> (...)

    A class out of range gives NaN. The result carries a mask where a class is ignored, so that means are
    over the others.

    Args:
        y_true: class numbers; an axis of size 1 may stand in place of the classes.
        from_logits: whether y_pred are logits; else probabilities, divided by their sum and held within
            [1e-7, 1 - 1e-7].
        ignore_class: a class whose places have loss 0 and no gradient, in range or not.
        axis: where the classes are.

    Raises:
        ShapeError: y_true has another shape.

    >>> float(sparse_categorical_crossentropy(1, [0.25, 0.5, 0.25]))
    0.6931471824645996
    """
    y_true, y_pred = ops.cast(y_true, "int32"), as_float(y_pred)
    if ops.ndim(y_true) == ops.ndim(y_pred) and is_static(ops.shape(y_true)[axis]) and ops.shape(y_true)[axis] == 1:
        y_true = ops.squeeze(y_true, axis)
    _check_classes(ops.shape(y_true), ops.shape(y_pred), axis)
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits, axis)
    counts = ops.not_equal(y_true, ignore_class)
    y_true = ops.where(counts, y_true, 0)
    y_pred = ops.where(ops.expand_dims(counts, axis), y_pred, 1)  # equal odds: 0 of all would be 0 / 0
    losses = ops.where(counts, ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits, axis), 0)
    if ops.ndim(losses):
        masks.set_mask(losses, counts)
    return losses


def _check_classes(got, shape, axis):
    expected = [size for place, size in enumerate(shape) if place != axis % len(shape)]
    if len(got) != len(expected) or any(is_static(a) and is_static(b) and a != b for a, b in zip(got, expected)):
        raise ShapeError(
            f"sparse_categorical_crossentropy: got y_true of shape {visible(got)} and y_pred of shape {visible(shape)}, "
            f"expected class numbers of shape {visible(expected)}. Take categorical_crossentropy for one-hot labels, or reshape y_true."
        )


@formula
def binary_focal_crossentropy(
    y_true, y_pred, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    """Return binary cross-entropy times (1 - probability of the label)**gamma, its mean over an axis.

    (..., n), (..., n) -> (...); Lin et al. 2017.

    Args:
        apply_class_balancing: whether label 1 weighs alpha and label 0 weighs 1 - alpha.
        alpha, gamma: see above.
        from_logits, label_smoothing, axis: see binary_crossentropy.
    """
    y_true = _smoothed(y_true, label_smoothing, 2)
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    losses = ops.power(1.0 - right, gamma) * ops.binary_crossentropy(y_true, y_pred)
    if apply_class_balancing:
        losses = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * losses
    return ops.mean(losses, axis=axis)


@formula
def categorical_focal_crossentropy(y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1):
    """Return -sum(alpha * (1 - y_pred)**gamma * y_true * log(y_pred)) over the classes (Lin et al. 2017).

    (..., classes), (..., classes) -> (...)

    Args:
        alpha, gamma: see above.
        from_logits, label_smoothing, axis: see categorical_crossentropy.
    """
    y_true = _smoothed(y_true, label_smoothing, _classes("categorical_focal_crossentropy", y_pred, axis))
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    odds = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    odds = ops.clip(odds, config.epsilon(), 1.0 - config.epsilon())
    losses = ops.power(1.0 - odds, gamma) * alpha * (-y_true * ops.log(odds))
    return ops.sum(losses, axis=axis)


@formula
def kl_divergence(y_true, y_pred):
    """Return sum(y_true * log(y_true / y_pred)) over the last axis, both held within [1e-7, 1]. (..., n) -> (...)"""
    y_true, y_pred = (ops.clip(y, config.epsilon(), 1.0) for y in (y_true, y_pred))
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


@formula
def poisson(y_true, y_pred):
    """Return mean(y_pred - y_true * log(y_pred + 1e-7)) over the last axis. (..., n), (..., n) -> (...)"""
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


@named
def categorical_generalized_cross_entropy(y_true, y_pred, q):
    """Return (1 - probability of the class**q) / q, which bears with wrong labels (Zhang & Sabuncu 2018).

    (...), (..., classes) -> (...)
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), as_float(y_pred)
    chosen = ops.one_hot(y_true, ops.shape(y_pred)[-1], dtype=ops.dtype(y_pred))
    return (1.0 - ops.power(ops.sum(y_pred * chosen, axis=-1), q)) / q


class BinaryCrossentropy(FormulaLoss):
    """Cross-entropy of yes-or-no labels.

    >>> float(BinaryCrossentropy(from_logits=True)([[1.0]], [[0.0]]))
    0.6931471824645996
    """

    def __init__(
        self, from_logits=False, label_smoothing=0.0, axis=-1, reduction="sum_over_batch_size", name="binary_crossentropy", dtype=None
    ):
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(binary_crossentropy, reduction, name, dtype, **arguments)


class BinaryFocalCrossentropy(FormulaLoss):
    """Cross-entropy of yes-or-no labels in which easy samples weigh little."""

    def __init__(
        self,
        apply_class_balancing=False,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_focal_crossentropy",
        dtype=None,
    ):
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis, "alpha": alpha, "gamma": gamma}
        super().__init__(binary_focal_crossentropy, reduction, name, dtype, apply_class_balancing=apply_class_balancing, **arguments)


class CategoricalCrossentropy(FormulaLoss):
    """Cross-entropy of one-hot labels."""

    def __init__(
        self, from_logits=False, label_smoothing=0.0, axis=-1, reduction="sum_over_batch_size", name="categorical_crossentropy", dtype=None
    ):
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(categorical_crossentropy, reduction, name, dtype, **arguments)


class CategoricalFocalCrossentropy(FormulaLoss):
    """Cross-entropy of one-hot labels in which easy samples weigh little."""

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_focal_crossentropy",
        dtype=None,
    ):
        arguments = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis, "alpha": alpha, "gamma": gamma}
        super().__init__(categorical_focal_crossentropy, reduction, name, dtype, **arguments)


class SparseCategoricalCrossentropy(FormulaLoss):
    """Cross-entropy of class numbers.

    >>> float(SparseCategoricalCrossentropy()([1], [[0.25, 0.5, 0.25]]))
    0.6931471824645996
    """

    def __init__(
        self,
        from_logits=False,
        ignore_class=None,
        reduction="sum_over_batch_size",
        axis=-1,
        name="sparse_categorical_crossentropy",
        dtype=None,
    ):
        arguments = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(sparse_categorical_crossentropy, reduction, name, dtype, **arguments)


class KLDivergence(FormulaLoss):
    """sum(y_true * log(y_true / y_pred))."""

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(FormulaLoss):
    """mean(y_pred - y_true * log(y_pred))."""

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(poisson, reduction, name, dtype)


class CategoricalGeneralizedCrossEntropy(FormulaLoss):
    """Cross-entropy of class numbers that bears with wrong labels, the more the nearer q is to 1."""

    def __init__(self, q=0.5, reduction="sum_over_batch_size", name="categorical_generalized_cross_entropy", dtype=None):
        if not 0 < q < 1:
            raise ValueError(f"CategoricalGeneralizedCrossEntropy: expected q between 0 and 1, got {q!r}.")
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)
