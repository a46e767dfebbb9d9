"""What a divergence looks like: situations and the convention of NUMERICS.md that they are about, as one table."""

from typing import NamedTuple

import numpy as np


class Convention(NamedTuple):
    """A place where frameworks part.

    Attributes:
        ops: names of operations, separated by spaces; "" for any.
        phases: phases, separated by spaces; "" for any.
        owners: words in the class of the layer, loss, optimizer or metric; "" for any.
        when: function(culprit, owner) -> whether the situation is there; None for always.
        text: what it looks like.
    """

    ops: str
    phases: str
    owners: str
    when: object
    text: str


def _tie(culprit, owner):
    """Two inputs are equal somewhere."""
    return len(culprit.values) == 2 and bool(np.any(np.equal(*np.broadcast_arrays(*culprit.values))))


def _repeats(culprit, owner):
    """The largest number of some row is there twice."""
    x = culprit.values[0]
    return x.size > len(np.unique(x))


def _same(culprit, owner):
    return "same" in culprit.arguments


def _at_zero(culprit, owner):
    return any(x.dtype.kind == "f" and np.any(x == 0) for x in culprit.values)


def _nan(culprit, owner):
    return any(x.dtype.kind == "f" and np.any(np.isnan(x)) for x in culprit.values)


def _out_of_half(culprit, owner):
    return any(x.dtype.name in ("float16", "bfloat16") for x in culprit.values)


TABLE = tuple(
    Convention(*row)
    for row in (
        ("maximum minimum", "gradient", "", _tie, "A9: at a tie each side gets half of the gradient; some frameworks give all to one."),
        ("max", "gradient", "", _repeats, "B2: the gradient of a reduction's maximum is split evenly among ties."),
        ("pool", "gradient", "", None, "B2: the gradient of max pooling goes to the first largest of a window, in row-major order."),
        ("where", "gradient", "", _at_zero, "A8: at 0 the branch for x > 0 is taken strictly: relu'(0) is 0, leaky_relu'(0) the slope."),
        ("relu relu6 leaky_relu elu selu", "gradient", "", _at_zero, "A8: at 0 the branch for x > 0 is taken strictly: relu'(0) is 0, leaky_relu'(0) the slope."),
        ("abs", "gradient", "", _at_zero, "A7: the gradient of abs at 0 is 0."),
        ("power", "gradient", "", _at_zero, "C3: the gradient of 0 ** 0 by the base is 0."),
        ("sqrt", "gradient", "", _at_zero, "B1: norms and deviations of zeros have gradient 0: where before sqrt and after."),
        ("prod", "gradient", "", _at_zero, "B4: the gradient of a product with a zero is the product of the others."),
        ("take take_along_axis scatter_add", "gradient", "", None, "A3: rows hit twice add up before anything is done with the gradient."),
        ("conv", "", "", _same, "B5: padding 'same' puts the odd place at the end (right, below), not at the start."),
        ("pool", "", "", _same, "A5: pooling with padding 'same' leaves the padded places out and puts the odd one at the end."),
        ("conv", "", "", None, "A6: look for TF32 or another reduced precision; conv is a correlation, channels last."),
        ("matmul", "", "", None, "A6: look for TF32 or another reduced precision."),
        ("moments var std", "", "", None, "A4, C8: the variance is biased (divided by n, not n - 1), in two passes."),
        ("batch_normalization", "", "", None, "A13: epsilon is added to the variance, inside the root; 1e-3 is Keras's, 1e-5 torch's."),
        ("layer_normalization rms_normalization", "", "", None, "A13: epsilon is inside the root; the variance is biased."),
        ("sqrt divide", "forward", "Normalization", None, "A13: epsilon is added to the variance, inside the root."),
        ("gru", "", "", None, "B8: gates in the order z, r, h; reset_after=True, with two biases."),
        ("lstm", "", "", None, "B8: gates in the order i, f, c, o; one bias."),
        ("gelu erf", "", "", None, "B7: activations.gelu is the exact one; ops.gelu takes tanh unless approximate=False."),
        ("argsort top_k", "", "", _repeats, "B3: equal values keep their order: the lowest index first."),
        ("argmax", "", "", _repeats, "B3: argmax takes the first of equal values."),
        ("max maximum minimum argmax argsort", "", "", _nan, "A11: NaN wins, and sorts last."),
        ("round", "", "", None, "C5: halves go to the even number."),
        ("cast", "", "", None, "C1: float to integer truncates, saturates and takes NaN to 0."),
        ("floor_divide mod", "", "", None, "C1, C5: floor of the exact quotient; the sign of the divisor."),
        ("sum cumsum", "", "", _out_of_half, "B11: sixteen-bit floats are added up in float32."),
        ("sigmoid", "loss", "", None, "A2: a loss of probabilities is a function of the values only: clipped to [1e-7, 1 - 1e-7]."),
        ("exp expm1 log log1p", "", "", _at_zero, "C4: numbers below 1.2e-38 count as 0."),
        ("", "update", "Adam Nadam Adamax", None, "A12: Keras's Adam divides by sqrt(v) + epsilon with the correction in the rate (epsilon 1e-7)."),
        ("", "update", "RMSprop Adagrad", None, "A12: Keras's formula has epsilon inside the root."),
        ("", "update", "SGD", None, "A12: Keras's momentum is v = m v - lr g; w += v; the rate is inside v."),
        ("", "update", "", None, "A12: optimizers are Keras's formulas; weight decay is decoupled."),
        ("", "state", "BatchNormalization", None, "A13: moving = moving * momentum + batch * (1 - momentum), momentum 0.99, biased variance."),
    )
)  # fmt: skip


def hint(phase, culprit, owner):
    """Return the text of the first convention that fits, or the culprit's own note, or ""."""
    if culprit is not None and culprit.note:
        return f"{culprit.note[0].upper()}{culprit.note[1:]}."
    op = culprit.operation.removeprefix("fused.") if culprit is not None else ""
    for row in TABLE:
        fits = (
            (not row.ops or op in row.ops.split())
            and (not row.phases or phase in row.phases.split())
            and (not row.owners or any(word in type(owner).__name__ for word in row.owners.split()))
        )
        if fits and (row.when is None or culprit is not None and culprit.values and row.when(culprit, owner)):
            return f"Looks like NUMERICS {row.text}"
    return ""


LAYERS = (
    ("state", "BatchNormalization", "A13: moving = moving * momentum + batch * (1 - momentum), momentum 0.99, biased variance."),
    ("", "Normalization", "A13: epsilon is added to the variance, inside the root; 1e-3 is Keras's, 1e-5 torch's."),
    ("", "Conv", "B5: padding 'same' puts the odd place at the end; torch's is alike on both sides. Channels last, a correlation."),
    ("", "AveragePooling", "A5: padded places do not count in the mean."),
    ("", "Pooling", "B5: padding 'same' puts the odd place at the end; the last window may be left out there."),
    ("", "GRU", "B8: gates in the order z, r, h; reset_after=True, with two biases."),
    ("", "LSTM", "B8: gates in the order i, f, c, o; one bias."),
    ("", "Embedding", "A15: indices from the end wrap; a row for padding is a row like any other."),
    ("", "Attention", "A14: masked scores are replaced before the softmax."),
)


def layer_hint(phase, layer):
    """Return the convention that a kind of layer is known for, or ""."""
    activation = getattr(layer, "activation", None)
    if "gelu" in getattr(activation, "__name__", "") or "gelu" in type(layer).__name__.lower():
        return "Looks like NUMERICS B7: activations.gelu is the exact one; the other form takes tanh."
    rows = (text for where, word, text in LAYERS if where in ("", phase) and word in type(layer).__name__)
    return next((f"Looks like NUMERICS {text}" for text in rows), "")
