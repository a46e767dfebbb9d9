"""Rows of layers: each with several settings. `k` is any module with Keras's names."""

import numpy as np

from polykeras_conformance.budgets import EXACT
from polykeras_conformance.cases import numbers
from polykeras_conformance.layer_cases import Row

BOTH = (False, True)
FIRST = {"data_format": "channels_first"}
STEPS = np.array([[True, True, False, True], [True, False, False, False], [True, True, True, True]])
IDS = np.array([[0, 2, 4], [1, 1, 0]], "int32")


def x(*shape, label="x", low=-2.0, high=2.0):
    """Return numbers of a shape."""
    return numbers(f"{label}{shape}", shape, "float64", low, high)


def rows(group, *given):
    """Return Rows of a group: (id, make, *args), and options in a dict at the end."""
    made = []
    for id, make, *args in given:
        options = args.pop() if isinstance(args[-1], dict) else {}
        made.append(Row(id, make, *args, group=group, **options))
    return made


DENSE = rows(
    "dense",
    ("Dense-plain", lambda k: k.layers.Dense(3), x(4, 5)),
    ("Dense-high-rank", lambda k: k.layers.Dense(2, activation="relu", use_bias=False), x(2, 3, 4)),
    ("Dense-softmax", lambda k: k.layers.Dense(3, activation="softmax", kernel_initializer="he_normal", bias_initializer="ones"), x(4, 5)),
    ("Dense-penalties", lambda k: k.layers.Dense(3, "tanh", kernel_regularizer="l1", bias_regularizer="l2", activity_regularizer=k.regularizers.L1L2(0.01, 0.02)), x(4, 5)),
    ("Dense-constraints", lambda k: k.layers.Dense(3, kernel_constraint=k.constraints.MaxNorm(1.0), bias_constraint="non_neg"), x(4, 5)),
    ("Dense-constraints-two", lambda k: k.layers.Dense(3, kernel_constraint=k.constraints.MinMaxNorm(0.5, 1.0, 0.7), bias_constraint="unit_norm"), x(4, 5)),
    ("Dense-orthogonal", lambda k: k.layers.Dense(3, kernel_regularizer=k.regularizers.OrthogonalRegularizer(0.1)), x(4, 5)),
    ("Dense-mask", lambda k: k.layers.Dense(2), x(3, 4, 5), {"masks": {0: STEPS}}),
    ("EinsumDense-plain", lambda k: k.layers.EinsumDense("ab,bc->ac", 3, bias_axes="c"), x(4, 5)),
    ("EinsumDense-rows", lambda k: k.layers.EinsumDense("abc,cd->abd", (None, 3), activation="gelu", bias_axes="d"), x(2, 3, 4)),
    ("EinsumDense-heads", lambda k: k.layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de", kernel_regularizer="l2"), x(2, 3, 4)),
    ("EinsumDense-two-bound", lambda k: k.layers.EinsumDense("abcd,cde->abe", (None, 5)), x(2, 3, 2, 4)),
    ("EinsumDense-dots", lambda k: k.layers.EinsumDense("...x,xy->...y", 4, bias_axes="y"), x(2, 3, 5)),
    ("EinsumDense-dots-behind", lambda k: k.layers.EinsumDense("ab...,bc->ac...", 4, bias_axes="c"), x(2, 3, 5)),
    ("EinsumDense-bias-two", lambda k: k.layers.EinsumDense("abc,cd->abd", (3, 4), bias_axes="bd"), x(2, 3, 5)),
)

UNITS = ("elu", "selu", "softplus", "softsign", "relu", "relu6", "leaky_relu", "gelu", "tanh", "sigmoid", "hard_sigmoid", "silu", "exponential", "linear", "softmax", "log_softmax", "mish")
ACTIVATIONS = rows(
    "activations",
    *((f"Activation-{name}", lambda k, name=name: k.layers.Activation(name), x(3, 7, low=-4, high=4)) for name in UNITS),
    ("Activation-mask", lambda k: k.layers.Activation("relu"), x(3, 4, 2), {"masks": {0: STEPS}}),
    ("ReLU-plain", lambda k: k.layers.ReLU(), x(3, 7)),
    ("ReLU-all", lambda k: k.layers.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.3), x(3, 7)),
    ("LeakyReLU-plain", lambda k: k.layers.LeakyReLU(), x(3, 7)),
    ("LeakyReLU-slope", lambda k: k.layers.LeakyReLU(negative_slope=0.01), x(3, 7)),
    ("PReLU-plain", lambda k: k.layers.PReLU(), x(3, 7)),
    ("PReLU-shared", lambda k: k.layers.PReLU(alpha_initializer="ones", alpha_regularizer="l2", alpha_constraint="non_neg", shared_axes=[1, 2]), x(2, 3, 4, 2)),
    ("ELU-plain", lambda k: k.layers.ELU(), x(3, 7)),
    ("ELU-alpha", lambda k: k.layers.ELU(alpha=0.4), x(3, 7)),
    ("Softmax-last", lambda k: k.layers.Softmax(), x(3, 4)),
    ("Softmax-first", lambda k: k.layers.Softmax(axis=1), x(3, 4, 2)),
    ("Softmax-two", lambda k: k.layers.Softmax(axis=(1, 2)), x(3, 4, 2)),
    ("Softmax-mask", lambda k: k.layers.Softmax(), x(3, 4), STEPS),
)

CONVOLUTIONS = rows(
    "convolutions",
    ("Conv1D-plain", lambda k: k.layers.Conv1D(4, 3), x(2, 7, 3)),
    ("Conv1D-causal", lambda k: k.layers.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu"), x(2, 7, 3)),
    ("Conv1D-causal-stride", lambda k: k.layers.Conv1D(4, 3, strides=2, padding="causal"), x(2, 7, 3)),
    ("Conv1D-same-stride", lambda k: k.layers.Conv1D(4, 4, strides=2, padding="same", use_bias=False), x(2, 7, 3)),
    ("Conv1D-first", lambda k: k.layers.Conv1D(4, 3, padding="causal", **FIRST), x(2, 3, 7)),
    ("Conv1D-groups", lambda k: k.layers.Conv1D(4, 3, groups=2), x(2, 7, 4)),
    ("Conv2D-plain", lambda k: k.layers.Conv2D(4, 3, activation="relu"), x(2, 6, 5, 3)),
    ("Conv2D-same-stride", lambda k: k.layers.Conv2D(4, (3, 2), strides=2, padding="same"), x(2, 6, 5, 3)),
    ("Conv2D-dilated", lambda k: k.layers.Conv2D(4, 2, dilation_rate=(2, 1), padding="same"), x(2, 6, 5, 3)),
    ("Conv2D-groups", lambda k: k.layers.Conv2D(6, 3, groups=3, padding="same"), x(2, 4, 5, 3)),
    ("Conv2D-first", lambda k: k.layers.Conv2D(4, 3, strides=(2, 1), padding="same", **FIRST), x(2, 3, 6, 5)),
    ("Conv2D-penalties", lambda k: k.layers.Conv2D(2, 2, kernel_regularizer="l2", bias_regularizer="l1", activity_regularizer="l2", kernel_constraint=k.constraints.MaxNorm(1.0, axis=(0, 1, 2))), x(2, 4, 4, 2)),
    ("Conv3D-plain", lambda k: k.layers.Conv3D(3, 2, padding="same"), x(2, 3, 4, 3, 2)),
    ("Conv3D-first", lambda k: k.layers.Conv3D(3, (1, 2, 2), strides=(1, 2, 1), **FIRST), x(2, 2, 3, 4, 3)),
)

SPATIAL = {1: (6,), 2: (5, 6), 3: (3, 4, 4)}


def pooling_rows():
    """Return rows of every pooling layer."""
    found = []
    for n, sizes in SPATIAL.items():
        last, first = (2, *sizes, 2), (2, 2, *sizes)
        for kind in ("Max", "Average"):
            name, size = f"{kind}Pooling{n}D", () if kind == "Max" else (2,)  # which is Max's default
            found += [
                (f"{name}-plain", lambda k, name=name, size=size: getattr(k.layers, name)(*size), x(*last)),
                (f"{name}-valid", lambda k, name=name: getattr(k.layers, name)(3, 2), x(*last)),
                (f"{name}-same", lambda k, name=name: getattr(k.layers, name)(3, 2, "same"), x(*last)),
                (f"{name}-first", lambda k, name=name: getattr(k.layers, name)(2, 1, **FIRST), x(*first)),
            ]
            name = f"Global{kind}Pooling{n}D"
            found += [
                (f"{name}-plain", lambda k, name=name: getattr(k.layers, name)(), x(*last)),
                (f"{name}-first", lambda k, name=name: getattr(k.layers, name)(keepdims=True, **FIRST), x(*first)),
            ]
    found += [
        ("GlobalAveragePooling1D-mask", lambda k: k.layers.GlobalAveragePooling1D(), x(3, 4, 2), {"masks": {0: STEPS}}),
        ("GlobalAveragePooling1D-mask-first", lambda k: k.layers.GlobalAveragePooling1D(keepdims=True, **FIRST), x(3, 2, 4), {"mask": STEPS}),
    ]
    return rows("poolings", *found)


NORMALIZATIONS = rows(
    "normalizations",
    ("BatchNormalization-plain", lambda k: k.layers.BatchNormalization(), x(6, 3), {"modes": BOTH}),
    ("BatchNormalization-image", lambda k: k.layers.BatchNormalization(momentum=0.8, epsilon=1e-5), x(2, 3, 4, 3), {"modes": BOTH}),
    ("BatchNormalization-first", lambda k: k.layers.BatchNormalization(axis=1, scale=False), x(2, 3, 4, 2), {"modes": BOTH}),
    ("BatchNormalization-bare", lambda k: k.layers.BatchNormalization(center=False, scale=False), x(5, 2), {"modes": BOTH}),
    ("BatchNormalization-options", lambda k: k.layers.BatchNormalization(beta_initializer="ones", gamma_initializer="zeros", moving_mean_initializer="ones", moving_variance_initializer="zeros", beta_regularizer="l2", gamma_regularizer="l1", gamma_constraint="non_neg", beta_constraint="unit_norm"), x(5, 2), {"modes": BOTH}),
    ("BatchNormalization-frozen", lambda k: k.layers.BatchNormalization(trainable=False), x(5, 2), {"modes": BOTH}),
    ("BatchNormalization-mask", lambda k: k.layers.BatchNormalization(), x(3, 4, 2), {"masks": {0: STEPS}, "modes": BOTH}),
    ("BatchNormalization-one-row", lambda k: k.layers.BatchNormalization(), x(1, 3), {"modes": (True,)}),
    ("BatchNormalization-far", lambda k: k.layers.BatchNormalization(), 1000 + np.arange(6.0).reshape(3, 2), {"modes": (True,)}),
    ("LayerNormalization-plain", lambda k: k.layers.LayerNormalization(), x(4, 5)),
    ("LayerNormalization-axes", lambda k: k.layers.LayerNormalization(axis=(1, 2), epsilon=1e-5), x(2, 3, 4)),
    ("LayerNormalization-middle", lambda k: k.layers.LayerNormalization(axis=1), x(2, 3, 4)),
    ("LayerNormalization-bare", lambda k: k.layers.LayerNormalization(center=False, scale=False), x(2, 3, 4)),
    ("LayerNormalization-options", lambda k: k.layers.LayerNormalization(beta_initializer="ones", gamma_regularizer="l2", beta_regularizer="l1", gamma_constraint="non_neg"), x(2, 3, 4)),
    ("LayerNormalization-mask", lambda k: k.layers.LayerNormalization(), x(3, 4, 2), {"masks": {0: STEPS}}),
    ("LayerNormalization-far", lambda k: k.layers.LayerNormalization(), 1000 + np.arange(6.0).reshape(2, 3)),
)

OTHER = STEPS[::-1].copy()


def pair(label="merge", *shapes):
    """Return a list of arrays."""
    return [x(*shape, label=f"{label}{index}") for index, shape in enumerate(shapes or ((3, 4), (3, 4)))]


def merging_rows():
    """Return rows of every merging layer."""
    found = []
    for name in ("Add", "Average", "Maximum", "Minimum", "Multiply", "Concatenate"):
        make = lambda k, name=name: getattr(k.layers, name)()
        found += [
            (f"{name}-two", make, pair()),
            (f"{name}-three", make, pair("m", (2, 3), (2, 3), (2, 3))),
            (f"{name}-masks", make, pair("k", (3, 4, 2), (3, 4, 2)), {"masks": {0: STEPS, 1: OTHER}}),
            (f"{name}-one-mask", make, pair("k", (3, 4, 2), (3, 4, 2)), {"masks": {1: OTHER}}),
        ]
        if name != "Concatenate":
            found += [(f"{name}-broadcast", make, pair("b", (2, 3, 4), (2, 1, 4))), (f"{name}-ranks", make, pair("r", (2, 3, 4), (2, 4)))]
    return rows(
        "mergings",
        *found,
        ("Subtract-two", lambda k: k.layers.Subtract(), pair()),
        ("Subtract-broadcast", lambda k: k.layers.Subtract(), pair("b", (2, 3, 4), (2, 1, 4))),
        ("Concatenate-first", lambda k: k.layers.Concatenate(axis=1), pair("c", (2, 3, 4), (2, 2, 4))),
        ("Concatenate-time-masks", lambda k: k.layers.Concatenate(axis=1), pair("t", (3, 4, 2), (3, 4, 2)), {"masks": {0: STEPS, 1: OTHER}}),
    )


RESHAPINGS = rows(
    "small",
    ("Flatten-plain", lambda k: k.layers.Flatten(), x(2, 3, 4)),
    ("Flatten-first", lambda k: k.layers.Flatten(**FIRST), x(2, 3, 4, 2)),
    ("Flatten-flat", lambda k: k.layers.Flatten(), x(2, 3)),
    ("Flatten-vector", lambda k: k.layers.Flatten(), x(3)),
    ("Reshape-plain", lambda k: k.layers.Reshape((3, 4)), x(2, 12)),
    ("Reshape-rest", lambda k: k.layers.Reshape((-1, 2)), x(2, 3, 4)),
    ("Permute-two", lambda k: k.layers.Permute((2, 1)), x(2, 3, 4)),
    ("Permute-three", lambda k: k.layers.Permute((3, 1, 2)), x(2, 3, 4, 5)),
    ("RepeatVector-x", lambda k: k.layers.RepeatVector(3), x(2, 4)),
    ("Identity-mask", lambda k: k.layers.Identity(), x(3, 4, 2), {"masks": {0: STEPS}}),
    ("Rescaling-plain", lambda k: k.layers.Rescaling(1 / 255.0, offset=-1.0), x(2, 4, high=255)),
    ("Rescaling-ints", lambda k: k.layers.Rescaling(0.5), IDS),
    ("Rescaling-channels", lambda k: k.layers.Rescaling([0.5, 2.0], [1.0, 0.0]), x(2, 3, 2)),
    ("Masking-zero", lambda k: k.layers.Masking(), x(3, 4, 2) * STEPS[..., None]),
    ("Masking-value", lambda k: k.layers.Masking(mask_value=1.0), np.where(STEPS[..., None], x(3, 4, 2), 1.0)),
    ("Lambda-plain", lambda k: k.layers.Lambda(lambda v: k.ops.square(v) + 1.0), x(2, 3)),
    ("Lambda-arguments", lambda k: k.layers.Lambda(lambda v, power: v**power, arguments={"power": 3}), x(2, 3)),
    ("Lambda-mask", lambda k: k.layers.Lambda(lambda v, mask: k.ops.where(mask[..., None], v, 0.0)), x(3, 4, 2), {"mask": STEPS}),
    ("Embedding-plain", lambda k: k.layers.Embedding(5, 3), IDS),
    ("Embedding-mask", lambda k: k.layers.Embedding(5, 3, mask_zero=True, embeddings_regularizer="l2", embeddings_constraint="unit_norm"), IDS),
    ("Embedding-negative", lambda k: k.layers.Embedding(5, 3), IDS - 2),
    ("ActivityRegularization-both", lambda k: k.layers.ActivityRegularization(0.1, 0.2), x(3, 4)),
    ("Dropout-half", lambda k: k.layers.Dropout(0.5, seed=3), x(20, 30), {"modes": BOTH, "budget": EXACT}),
    ("Dropout-tenth", lambda k: k.layers.Dropout(0.1, seed=4), x(7, 3), {"modes": (True,), "budget": EXACT}),
    ("Dropout-shared", lambda k: k.layers.Dropout(0.5, noise_shape=(None, 1, 4), seed=5), x(5, 3, 4), {"modes": (True,), "budget": EXACT}),
    ("Dropout-none", lambda k: k.layers.Dropout(0.0), x(5, 3), {"modes": (True,), "budget": EXACT}),
    ("Dropout-all", lambda k: k.layers.Dropout(1.0, seed=1), x(5, 3), {"modes": (True,), "budget": EXACT}),
    ("Dropout-twice", lambda k: k.layers.Dropout(0.5, seed=6), x(5, 3), {"modes": (True,), "calls": 2, "budget": EXACT}),
    ("Dropout-mask", lambda k: k.layers.Dropout(0.5, seed=7), x(3, 4, 2), {"masks": {0: STEPS}, "modes": (True,), "budget": EXACT}),
    ("GaussianNoise-x", lambda k: k.layers.GaussianNoise(0.7, seed=2), x(20, 30), {"modes": BOTH}),
)

CAUSAL = np.tril(np.ones((4, 4), bool))[None]
QUERY, VALUE = x(3, 4, 6, label="query"), x(3, 5, 6, label="value")
SEEN = np.arange(5) < np.array([[5], [2], [3]])
ATTENTIONS = rows(
    "attentions",
    ("MultiHeadAttention-self", lambda k: k.layers.MultiHeadAttention(2, 3), QUERY, QUERY),
    ("MultiHeadAttention-cross", lambda k: k.layers.MultiHeadAttention(2, 3, value_dim=4, output_shape=5), QUERY, VALUE, x(3, 5, 6, label="key")),
    ("MultiHeadAttention-no-bias", lambda k: k.layers.MultiHeadAttention(2, 4, use_bias=False), QUERY, VALUE),
    ("MultiHeadAttention-causal", lambda k: k.layers.MultiHeadAttention(2, 3), QUERY, QUERY, {"use_causal_mask": True}),
    ("MultiHeadAttention-masks", lambda k: k.layers.MultiHeadAttention(2, 3), QUERY, VALUE, {"masks": {0: STEPS, 1: SEEN}}),
    ("MultiHeadAttention-attention-mask", lambda k: k.layers.MultiHeadAttention(2, 3), QUERY, QUERY, {"attention_mask": np.repeat(CAUSAL, 3, 0), "masks": {1: STEPS}}),
    ("MultiHeadAttention-scores", lambda k: k.layers.MultiHeadAttention(2, 3), QUERY, VALUE, {"return_attention_scores": True, "masks": {1: SEEN}}),
    ("MultiHeadAttention-dropout", lambda k: k.layers.MultiHeadAttention(2, 3, dropout=0.4, seed=3), QUERY, VALUE, {"modes": BOTH}),
    ("MultiHeadAttention-axes", lambda k: k.layers.MultiHeadAttention(2, 3, attention_axes=(2,)), x(2, 3, 4, 5, label="q"), x(2, 3, 4, 5, label="v")),
    ("MultiHeadAttention-all-axes", lambda k: k.layers.MultiHeadAttention(2, 3), x(2, 2, 3, 5, label="q"), x(2, 2, 3, 5, label="v")),
    ("MultiHeadAttention-penalties", lambda k: k.layers.MultiHeadAttention(1, 2, kernel_regularizer="l2", bias_regularizer="l1", kernel_constraint="non_neg", bias_constraint="unit_norm", activity_regularizer="l2"), QUERY, VALUE),
)

ROWS = [*DENSE, *ACTIVATIONS, *CONVOLUTIONS, *pooling_rows(), *NORMALIZATIONS, *merging_rows(), *RESHAPINGS, *ATTENTIONS]
