"""More cases of ops that backends are likely to fuse, beside those of the lane of ops: larger, of other dtypes and settings."""

import numpy as np

from polykeras_conformance.budgets import COMPOSED, EXACT, SUMMED, Budget
from polykeras_conformance.cases import numbers, op

HALF = Budget(4, "largest")


def n(label, *shape, low=-2.0, high=2.0, dtype="float32"):
    """Return numbers of a shape."""
    return numbers(label, shape, dtype, low, high)


def words(label, count):
    """Return int32 words of any bits."""
    return numbers(label, (count,), "int64", -(2**31), 2**31).astype("int32")


KEY = words("key", 2)
RANDOM = [
    op("threefry", "one", KEY, words("a", 1), words("b", 1), budget=EXACT), op("threefry", "many", KEY, words("a", 1000), words("b", 1000), budget=EXACT),
    op("threefry", "blocks", KEY, words("a", 10000), words("b", 10000), budget=EXACT), op("threefry", "long", KEY, words("a", 70000), words("b", 70000), budget=EXACT),
    op("threefry", "none", KEY, words("a", 0), words("b", 0), budget=EXACT), op("threefry", "zero-key", np.zeros(2, "int32"), words("a", 7), words("b", 7), budget=EXACT),
    *(op("random_bits", f"{count}", KEY, count, budget=EXACT) for count in (0, 1, 2, 7, 1000, 4097)),
    *(op("random_mask", f"{share}", KEY, (30, 7), share, budget=EXACT) for share in (0.0, 0.1, 0.5, 1.0)),
    *(op("_dropout", f"{rate}", n("x", 30, 7), KEY, rate, None, budget=EXACT) for rate in (0.0, 0.1, 0.5)), op("_dropout", "shared", n("x", 3, 4, 7), KEY, 0.5, (None, 1, None), budget=EXACT),
    *(op("_uniform", dtype, KEY, (9, 5), 0.0, 1.0, dtype, budget=EXACT) for dtype in ("float32", "float64")), *(op("_normal", dtype, KEY, (9, 5), 1.0, 2.0, dtype) for dtype in ("float32", "float64")),
    *(op("_truncated", dtype, KEY, (9, 5), 0.0, 1.0, dtype) for dtype in ("float32", "float64")), op("_randint", "small", KEY, (50,), -3, 4, "int32", budget=EXACT),
    op("_bernoulli", "x", KEY, (50,), 0.3, "float32", budget=EXACT), op("_categorical", "x", n("l", 3, 4), KEY, 5, "int32", budget=EXACT, smooth=False), op("_shuffled", "x", n("x", 9, 2), KEY, 0, budget=EXACT),
]  # fmt: skip

SIZES = {"small": (2, 3), "wide": (33, 129), "high": (2, 3, 4, 5), "vector": (7,)}
ROWS = [
    *(op(name, f"{label}-{dtype}", n(label, *shape, dtype=dtype, low=-4, high=4)) for name in ("softmax", "log_softmax", "gelu", "silu", "relu", "sigmoid", "tanh", "softplus", "elu", "selu", "leaky_relu", "mean", "var", "logsumexp", "layer_normalization", "rms_normalization")
      for label, shape in SIZES.items() for dtype in ("float32", "float64")),
    *(op(name, "half", n("half", 4, 9, dtype="float16"), budget=HALF, smooth=False) for name in ("softmax", "log_softmax", "layer_normalization", "mean", "var")),
    op("gelu", "tanh", n("x", 5, 9), True), op("softmax", "axis", n("x", 5, 4, 3), 1), op("log_softmax", "axis", n("x", 5, 4, 3), 1),
    op("layer_normalization", "far", 1000 + n("x", 5, 16), n("g", 16), n("b", 16)), op("layer_normalization", "epsilon", 0.01 * n("x", 5, 16), n("g", 16), n("b", 16), -1, 0.001), op("layer_normalization", "rank-four", n("x", 2, 3, 4, 8), n("g", 8), n("b", 8)),
    op("rms_normalization", "epsilon", 0.01 * n("x", 5, 16), n("g", 16), -1, 0.001),
    op("batch_normalization", "wide", n("x", 32, 17), n("m", 17), n("v", 17, low=0.5), 1, n("s", 17), n("o", 17), 0.001), op("batch_normalization", "small-variance", n("x", 8, 5), n("m", 5), n("v", 5, low=1e-4, high=1e-2), 1),
    op("normalized_batch", "image", n("x", 4, 6, 5, 3), 3, n("o", 3), n("s", 3)), op("normalized_batch", "far", 1000 + np.round(4 * n("x", 8, 3)) / 4, 1, n("o", 3), n("s", 3)), op("normalized_batch", "small-variance", 0.01 * n("x", 16, 5), 1, None, n("s", 5)),
    op("moments", "image", n("x", 4, 6, 5, 3), (0, 1, 2)), op("moments", "far", 1000 + n("x", 8, 3), (0,)),
]  # fmt: skip

TARGETS, CLASSES = np.eye(10, dtype="float32")[[1, 3, 0, 9, 9]], np.array([1, 3, 0, 9, 9])
LOSSES = [
    op("categorical_crossentropy", "ten", TARGETS, n("z", 5, 10, low=-9, high=9), True), op("sparse_categorical_crossentropy", "ten", CLASSES, n("z", 5, 10, low=-9, high=9), True),
    op("sparse_categorical_crossentropy", "time", np.stack([CLASSES] * 2), n("z", 2, 5, 10), True), op("binary_crossentropy", "wide", (n("t", 9, 5) > 0).astype("float32"), n("z", 9, 5, low=-30, high=30), True),
]  # fmt: skip

WINDOWS = [
    op("conv", "one-by-one", n("x", 2, 5, 5, 8), n("k", 1, 1, 8, 6), budget=SUMMED), op("conv", "wide", n("x", 3, 9, 8, 16), n("k", 3, 3, 16, 24), 1, "same", budget=SUMMED),
    op("conv", "one-channel", n("x", 3, 8, 8, 1), n("k", 3, 3, 1, 4), 2, "same", budget=SUMMED), op("conv", "row-long", n("x", 2, 40, 3), n("k", 5, 3, 7), 1, "valid", budget=SUMMED),
    op("depthwise_conv", "stride", n("x", 2, 7, 7, 6), n("k", 3, 3, 6, 1), 2, "same", budget=SUMMED), op("max_pool", "overlap", n("x", 2, 7, 7, 4), 3, 2, budget=EXACT), op("max_pool", "same-overlap", n("x", 2, 7, 7, 4), 3, 2, "same", budget=EXACT),
    op("max_pool", "ties", np.maximum(n("x", 2, 8, 8, 3), 0), 2, budget=EXACT), op("average_pool", "overlap", n("x", 2, 7, 7, 4), 3, 2, "same", budget=SUMMED),
]  # fmt: skip

Q, K, V = n("q", 2, 9, 4, 8), n("k", 2, 11, 4, 8), n("v", 2, 11, 4, 8)
SEEN = np.tril(np.ones((9, 11), bool), 1)
SEEN[4] = False
ATTENTIONS = [
    op("dot_product_attention", label, Q, K, V, **options)
    for label, options in {"heads": {}, "causal-heads": {"is_causal": True}, "masked-heads": {"mask": SEEN}, "batch-mask": {"mask": np.stack([SEEN, ~SEEN])[:, None]}, "biased": {"bias": n("b", 4, 9, 11)}, "scaled": {"scale": 0.5}}.items()
]  # fmt: skip

STEPS, BATCH, WIDTH = 7, 3, 5
MASK = np.arange(STEPS) < np.array([[7], [4], [1]])
GAPS = numbers("gaps", (BATCH, STEPS), "int32", 0, 2).astype(bool)


def small(label, *shape):
    """Return numbers that leave tanh and sigmoid unsaturated."""
    return n(label, *shape, low=-0.7, high=0.7)


def recurrent(name, states, gates, bias):
    """Yield cases of a recurrence: plain, masked, backwards, with dropout factors, without bias, of one step."""
    units = 6
    arrays = [small("x", BATCH, STEPS, WIDTH), *(small(f"h{i}", BATCH, units) for i in range(states)), small("w", WIDTH, gates * units), small("r", units, gates * units)]
    given = small("b", *bias(units))
    drops = [np.round(n(f"f{i}", 1, BATCH, size, low=0, high=1)) * 2 for i, size in enumerate((WIDTH, units))]
    for label, rest, options in (
        ("bare", (), {}), ("ends", (given, MASK), {}), ("backwards", (given,), {"go_backwards": True}), ("zero-masked", (given, GAPS), {"zero_output_for_mask": True}),
        ("backwards-gaps", (given, GAPS), {"go_backwards": True}), ("dropout", (given, None, *drops), {}), ("rectified", (given,), {"activation": "relu"}),
    ):  # fmt: skip
        yield op(name, label, *arrays, *rest, **options)
    yield op(name, "one-step", arrays[0][:, :1], *arrays[1:], given)


LOOPS = [*recurrent("simple_rnn", 1, 1, lambda u: (u,)), *recurrent("lstm", 2, 4, lambda u: (4 * u,)), *recurrent("gru", 1, 3, lambda u: (2, 3 * u))]
GRU = [small("x", 3, 7, 5), small("h", 3, 6), small("w", 5, 18), small("r", 6, 18), small("b", 18)]
LOOPS += [op("gru", "before", *GRU, reset_after=False), op("lstm", "hard", *[small("x", 3, 4, 2), small("h", 3, 2), small("c", 3, 2), small("w", 2, 8), small("r", 2, 8), small("b", 8)], recurrent_activation="hard_sigmoid")]

OTHERS = [
    op("take", "many", n("t", 50, 8), numbers("i", (4, 9), "int32", 0, 50), 0, budget=EXACT), op("one_hot", "many", numbers("i", (20,), "int32", 0, 12), 12, budget=EXACT), op("argsort", "long", np.round(n("x", 3, 200)), budget=EXACT, smooth=False),
    op("top_k", "long", np.round(n("x", 3, 200) * 9), 5, budget=EXACT, smooth=False), op("cumsum", "long", n("x", 3, 200), 1, budget=SUMMED), op("segment_sum", "long", n("x", 40, 3), numbers("s", (40,), "int32", 0, 7), 7, budget=SUMMED),
    op("norm", "zero", np.zeros((3, 4), "float32"), None, 1),
]  # fmt: skip

for case in RANDOM:
    case.smooth = case.smooth and case.id.startswith("_dropout")
CASES = [*RANDOM, *ROWS, *LOSSES, *WINDOWS, *ATTENTIONS, *LOOPS, *OTHERS]
