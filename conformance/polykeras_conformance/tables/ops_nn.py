"""Cases of products, norms, losses, windows, attention and recurrences."""

import numpy as np

from polykeras_conformance.budgets import COMPOSED, EXACT, SUMMED, Budget
from polykeras_conformance.cases import array, numbers, op

inf, nan = np.inf, np.nan


def n(label, *shape, low=-2.0, high=2.0, dtype="float32"):
    """Return numbers of a shape."""
    return numbers(label, shape, dtype, low, high)


def summed(name, label, *args, **kwargs):
    """Return a case of products added up."""
    return op(name, label, *args, budget=SUMMED, group="products", **kwargs)


INTS, LARGE = np.array([[1, 2], [3, 4]], "int32"), np.array([[2**16, 2**16]], "int32")
PRODUCTS = [
    summed("matmul", "plain", n(1, 3, 4), n(2, 4, 5)), summed("matmul", "vectors", n(1, 4), n(2, 4)), summed("matmul", "row", n(1, 4), n(2, 2, 4, 5)), summed("matmul", "column", n(1, 2, 3, 4), n(2, 4)),
    summed("matmul", "int", INTS, INTS), summed("matmul", "int-wraps", LARGE, LARGE.T), summed("matmul", "promoted", INTS, n(1, 2, 2)), summed("dot", "matrices", n(1, 3, 4), n(2, 4, 5)),
    summed("dot", "vectors", n(1, 4), n(2, 4)), summed("dot", "scalar", n(1, 4), array(2.0)), summed("dot", "high", n(1, 2, 3, 4), n(2, 5, 4, 2)), summed("tensordot", "int", n(1, 2, 3, 4), n(2, 3, 4, 5), 2),
    summed("tensordot", "lists", n(1, 2, 3, 4), n(2, 4, 2, 5), ((0, 2), (1, 0))), summed("tensordot", "none", n(1, 2), n(2, 3), 0), summed("outer", "x", n(1, 3), n(2, 2, 2)),
    *(summed("_einsum", text, text, [n(i, *shape) for i, shape in enumerate(shapes)]) for text, shapes in {
        "ij,jk->ik": ((2, 3), (3, 4)), "bij,bjk->bik": ((2, 3, 4), (2, 4, 2)), "bhqd,bhkd->bhqk": ((1, 2, 3, 4), (1, 2, 5, 4)), "ij->ji": ((2, 3),), "ij->": ((2, 3),), "ii->i": ((3, 3),), "ii": ((3, 3),),
        "i,j->ij": ((2,), (3,)), "...ij,jk->...ik": ((2, 2, 3), (3, 4)), "ij,jk,kl->il": ((2, 3), (3, 2), (2, 4)), "bi,i->b": ((2, 3), (3,)), "abc,cd": ((2, 3, 4), (4, 2)), "ij,ij->i": ((2, 3), (2, 3)),
    }.items()),
]  # fmt: skip


def composed(name, label, *args, group="nn", **kwargs):
    """Return a case of an op made of many."""
    return op(name, label, *args, budget=COMPOSED, group=group, **kwargs)


LOGITS = n("logits", 3, 5, low=-4, high=4)
SOFT = [
    composed(name, label, *args, smooth=smooth)
    for name in ("softmax", "log_softmax")
    for label, args, smooth in (
        ("last", (LOGITS,), True), ("first", (LOGITS, 0), True), ("two", (n(1, 2, 3, 4), (1, 2)), True), ("large", (array([1000, 999, -1000]),), True),
        ("minus-inf", (array([0, -inf, 1]),), False), ("all-minus-inf", (array([-inf, -inf]),), False), ("nan", (array([0, nan]),), False),
    )
] + [
    composed("sparsemax", "x", LOGITS), composed("glu", "x", n(1, 2, 6)), composed("layer_normalization", "plain", n(1, 3, 6)), composed("layer_normalization", "affine", n(1, 3, 6), n(2, 6), n(3, 6)),
    composed("layer_normalization", "axes", n(1, 2, 3, 4), n(2, 3, 4), n(3, 3, 4), (1, 2), 1e-5), composed("layer_normalization", "half", n(1, 3, 6, dtype="float16"), smooth=False),
    composed("rms_normalization", "x", n(1, 3, 6), n(2, 6)), composed("batch_normalization", "plain", n(1, 4, 3), n(2, 3), n(3, 3, low=0.5), 1),
    composed("batch_normalization", "affine", n(1, 2, 3, 4), n(2, 3), n(3, 3, low=0.5), 1, n(4, 3), n(5, 3), 1e-5),
    composed("normalized_batch", "plain", n(1, 4, 3), 1), composed("normalized_batch", "affine", n(1, 2, 3, 4), -1, n(4, 4), n(5, 4), 1e-5), composed("normalized_batch", "first-axis", n(1, 3, 4), 0, n(4, 3)), composed("normalized_batch", "one", n(1, 1, 3), 1, n(4, 3)),
]  # fmt: skip

CLASSES = n("p", 3, 4, low=0.05, high=1)
PROBABLE = CLASSES / CLASSES.sum(1, keepdims=True)
TARGETS = np.eye(4, dtype="float32")[[1, 3, 0]]
EDGE, HARD = array([0, 1, 0.5, 0, 1]), array([0, 1, 1, 1, 0])
LOSSES = [
    composed("binary_crossentropy", "probabilities", array([0, 1, 0.3]), array([0.2, 0.9, 0.4])), composed("binary_crossentropy", "logits", array([0, 1, 0.3]), array([-3, 20.0, 0.4]), True),
    composed("binary_crossentropy", "edges", HARD, EDGE, smooth=False), composed("binary_crossentropy", "far-logits", array([0, 1]), array([100.0, -100.0]), True),
    composed("binary_crossentropy", "int-target", np.array([0, 1], "int32"), array([0.2, 0.9])), composed("categorical_crossentropy", "probabilities", TARGETS, PROBABLE),
    composed("categorical_crossentropy", "logits", TARGETS, n("z", 3, 4), True), composed("categorical_crossentropy", "unnormalised", TARGETS, CLASSES), composed("categorical_crossentropy", "axis", TARGETS, PROBABLE, False, 0),
    composed("categorical_crossentropy", "edges", TARGETS[:, [1, 3, 0, 2]], TARGETS, smooth=False), composed("sparse_categorical_crossentropy", "probabilities", np.array([1, 3, 0]), PROBABLE),
    composed("sparse_categorical_crossentropy", "logits", np.array([[1], [3], [0]]), n("z", 3, 4), True), composed("sparse_categorical_crossentropy", "out-of-range", np.array([4, -1, 0]), PROBABLE, smooth=False),
    composed("sparse_categorical_crossentropy", "axis", np.array([[1, 0], [2, 1]]), n("z", 2, 3, 2), True, 1),
]  # fmt: skip

IMAGE, KERNEL = n("image", 2, 6, 5, 3), n("kernel", 3, 3, 3, 4)
FIRST = {"data_format": "channels_first"}


def windowed(name, label, *args, budget=SUMMED, **kwargs):
    """Return a case of a convolution or a pooling."""
    return op(name, label, *args, budget=budget, group="windows", **kwargs)


WINDOWS = [
    windowed("conv", "plain", IMAGE, KERNEL), windowed("conv", "same-stride", IMAGE, KERNEL, 2, "same"), windowed("conv", "first", n(1, 2, 3, 6, 5), KERNEL, (2, 1), "valid", **FIRST),
    windowed("conv", "groups", n(1, 1, 7, 4), n(2, 3, 2, 6)), windowed("conv", "dilated", IMAGE, KERNEL, padding="same", dilation_rate=(1, 2)), windowed("conv", "three", n(1, 1, 4, 4, 4, 2), n(2, 2, 2, 2, 2, 3), padding="same"),
    windowed("conv", "stride-dilated", IMAGE, KERNEL, 2, "same", None, 2), windowed("depthwise_conv", "plain", IMAGE, n(2, 3, 3, 3, 2)), windowed("depthwise_conv", "row", n(1, 2, 7, 3), n(2, 3, 3, 1), 1, "same"),
    windowed("max_pool", "plain", IMAGE, 2, budget=EXACT), windowed("max_pool", "same", IMAGE, (3, 2), (2, 1), "same", budget=EXACT), windowed("max_pool", "first", n(1, 2, 3, 6), 2, 1, "valid", "channels_first", budget=EXACT),
    windowed("max_pool", "three", n(1, 1, 4, 4, 4, 2), 2, budget=EXACT), windowed("average_pool", "plain", IMAGE, 2), windowed("average_pool", "same", IMAGE, 3, 2, "same"),
    windowed("average_pool", "excludes-padding", array([1, 2, 3, 4]).reshape(1, 4, 1), 3, 2, "same", expected=[array([2, 3.5]).reshape(1, 2, 1)]), windowed("average_pool", "three", n(1, 1, 4, 3, 5, 2), 2, 2, "same"),
]  # fmt: skip


def small(label, *shape):
    """Return numbers that leave tanh and sigmoid unsaturated: 1 - tanh**2 would cancel."""
    return n(label, *shape, low=-0.7, high=0.7)


Q, K, V = n("q", 2, 3, 4, 5), n("k", 2, 6, 2, 5), n("v", 2, 6, 2, 5)
SEEN = np.tril(np.ones((3, 6), bool), 2)
SEEN[1] = False
SEQUENCE, MASK = small("sequence", 2, 4, 3), np.array([[True, True, False, True], [False, True, True, False]])


def looped(name, label, *args, **kwargs):
    """Return a case of attention or a recurrence."""
    return op(name, label, *args, budget=COMPOSED, group="loops", **kwargs)


LOOPS = [
    looped("dot_product_attention", "plain", Q, K[:, :, :1].repeat(4, 2), V[:, :, :1].repeat(4, 2)), looped("dot_product_attention", "grouped", Q, K, V), looped("dot_product_attention", "causal", Q, K, V, is_causal=True),
    looped("dot_product_attention", "mask", Q, K, V, mask=SEEN), looped("dot_product_attention", "bias-scale-cap", Q, K, V, n("b", 3, 6), None, 0.3, attn_logits_soft_cap=2.0),
    looped("simple_rnn", "plain", SEQUENCE, small("h", 2, 2), small("w", 3, 2), small("r", 2, 2), small("b", 2)), looped("simple_rnn", "masked", SEQUENCE, small("h", 2, 2), small("w", 3, 2), small("r", 2, 2), mask=MASK, activation="relu"),
    looped("lstm", "plain", SEQUENCE, small("h", 2, 2), small("c", 2, 2), small("w", 3, 8), small("r", 2, 8), small("b", 8)),
    looped("lstm", "masked-backwards", SEQUENCE, small("h", 2, 2), small("c", 2, 2), small("w", 3, 8), small("r", 2, 8), small("b", 8), mask=MASK, go_backwards=True),
    looped("gru", "plain", SEQUENCE, small("h", 2, 2), small("w", 3, 6), small("r", 2, 6), small("b", 2, 6)), looped("gru", "masked", SEQUENCE, small("h", 2, 2), small("w", 3, 6), small("r", 2, 6), small("b", 2, 6), mask=MASK),
    looped("gru", "reset-before", SEQUENCE, small("h", 2, 2), small("w", 3, 6), small("r", 2, 6), small("b", 6), reset_after=False),
]  # fmt: skip
SIXTEEN = [op("softmax", "half", n(1, 3, 5, dtype="float16"), budget=Budget(4, "largest"), group="nn", smooth=False), op("matmul", "half", n(1, 3, 5, dtype="float16"), n(2, 5, 2, dtype="float16"), budget=Budget(1, "absolute"), group="products", smooth=False)]


def adam(label, *shape, dtype="float32", largest=False, **constants):
    """Return a case of an optimizer's step, which nobody differentiates."""
    arrays = [n("w", *shape, dtype=dtype), n("g", *shape, dtype=dtype), n("m", *shape, dtype=dtype), *(n(f"v{i}", *shape, low=0.0, dtype=dtype) for i in range(1 + largest))]
    return op("adam_update", label, *arrays, *(() if largest else (None,)), np.asarray(0.01, dtype), group="updates", smooth=False, **constants)


UPDATES = [adam("plain", 3, 4), adam("double", 3, 4, dtype="float64"), adam("largest", 5, largest=True), adam("constants", 7, 33, beta_1=0.5, beta_2=0.75, epsilon=0.1), adam("scalar")]
RATES = [
    op("adam_rate", f"{step}-{dtype}", np.asarray(0.01, dtype), np.asarray(step, dtype), group="updates", smooth=False, **constants)
    for step, constants in ((1, {}), (7, {"beta_1": 0.5, "beta_2": 0.75}), (100000, {})) for dtype in ("float32", "float64")
]  # fmt: skip

CASES = [*PRODUCTS, *SOFT, *LOSSES, *WINDOWS, *LOOPS, *SIXTEEN, *UPDATES, *RATES]
