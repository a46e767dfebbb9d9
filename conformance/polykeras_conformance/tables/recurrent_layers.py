"""Rows of recurrent layers. `k` is any module with Keras's names."""

import numpy as np

from polykeras_conformance.cases import numbers
from polykeras_conformance.tables.layers import BOTH, rows, x

SERIES = x(3, 5, 2, label="series")
ENDS = np.arange(5) < np.array([[5], [3], [1]])  # padding behind, as sequences have it
GAPS = np.array([[False, True, True, False, True], [True, False, True, True, False], [True, True, False, False, False]])
STATE, CARRY = x(3, 4, label="state", low=-1, high=1), x(3, 4, label="carry", low=-1, high=1)


def each(name, states, modes=(True,)):
    """Return rows that all three kinds have; one of them is tried with its dropout idle too."""
    cls = lambda k: getattr(k.layers, name)
    return rows(
        name,
        (f"{name}-plain", lambda k: cls(k)(4), SERIES),
        (f"{name}-sequences", lambda k: cls(k)(4, return_sequences=True, use_bias=False), SERIES),
        (f"{name}-state", lambda k: cls(k)(4, return_sequences=True, return_state=True), SERIES, {"initial_state": states}),
        (f"{name}-backwards-mask", lambda k: cls(k)(4, return_sequences=True, return_state=True, go_backwards=True), SERIES, {"masks": {0: ENDS}}),
        (f"{name}-activation", lambda k: cls(k)(4, activation="relu"), SERIES),
        (f"{name}-dropout", lambda k: cls(k)(4, dropout=0.4, recurrent_dropout=0.3, seed=5), SERIES, {"modes": modes}),
        (f"{name}-penalties", lambda k: cls(k)(2, kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2", activity_regularizer="l2", kernel_constraint="non_neg", recurrent_constraint=k.constraints.MaxNorm(0.5), bias_constraint="unit_norm"), SERIES),
        (f"{name}Cell-one-step", lambda k: getattr(k.layers, f"{name}Cell")(4), SERIES[:, 0], states),
    )


def of_rnn(name):
    """Return rows of what the kinds have from RNN itself; a kind with one state and a kind with two will do."""
    cls = lambda k: getattr(k.layers, name)
    return rows(
        name,
        (f"{name}-mask", lambda k: cls(k)(4, return_sequences=True), SERIES, {"masks": {0: ENDS}}),
        (f"{name}-unrolled", lambda k: cls(k)(4, unroll=True), SERIES),
        (f"{name}-RNN", lambda k: k.layers.RNN(getattr(k.layers, f"{name}Cell")(4), return_sequences=True, return_state=True), SERIES, {"masks": {0: GAPS}}),
        (f"{name}-last-state", lambda k: cls(k)(4, return_state=True), SERIES, {"mask": ENDS}),
        (f"{name}-backwards", lambda k: cls(k)(4, return_sequences=True, go_backwards=True), SERIES),
        (f"{name}-gaps", lambda k: cls(k)(4, return_sequences=True), SERIES, {"masks": {0: GAPS}}),
        (f"{name}-zeros", lambda k: cls(k)(4, return_sequences=True, zero_output_for_mask=True), SERIES, {"masks": {0: GAPS}}),
        (f"{name}-stateful", lambda k: cls(k)(4, stateful=True), SERIES, {"calls": 2}),
        (f"{name}-input-dropout", lambda k: cls(k)(4, dropout=0.4, return_sequences=True, seed=6), SERIES, {"modes": (True,), "masks": {0: ENDS}}),
    )


def both_ways(name, label, shape=(4,), layer=None, **options):
    """Return a row of a Bidirectional."""
    given = {key: options.pop(key) for key in list(options) if key in ("masks", "mask", "initial_state", "modes")}
    return (f"Bidirectional-{name}-{label}", lambda k: k.layers.Bidirectional(getattr(k.layers, name)(*shape, **(layer or {})), **options), SERIES, given)


MORE = [
    ("LSTM-no-forget-bias", lambda k: k.layers.LSTM(4, unit_forget_bias=False, recurrent_activation="hard_sigmoid"), SERIES),
    ("GRU-reset-before", lambda k: k.layers.GRU(4, reset_after=False, return_sequences=True), SERIES, {"masks": {0: GAPS}}),
    ("GRU-reset-before-dropout", lambda k: k.layers.GRU(4, reset_after=False, dropout=0.3, recurrent_dropout=0.3, seed=8), SERIES, {"modes": (True,)}),
    ("GRU-reset-before-no-bias", lambda k: k.layers.GRU(4, reset_after=False, use_bias=False), SERIES),
]
STACKS = [
    ("StackedRNNCells-two", lambda k: k.layers.RNN([k.layers.LSTMCell(3), k.layers.GRUCell(4)], return_sequences=True, return_state=True), SERIES),
    ("StackedRNNCells-mask", lambda k: k.layers.RNN([k.layers.SimpleRNNCell(3), k.layers.SimpleRNNCell(2)]), SERIES, {"masks": {0: ENDS}}),
]
WAYS = [
    *(both_ways("SimpleRNN", f"{mode}-sequences", layer={"return_sequences": True}, merge_mode=mode) for mode in ("concat", "sum", "mul", "ave", None)),
    *(both_ways("SimpleRNN", f"{mode}", merge_mode=mode) for mode in ("mul", None)),
    both_ways("GRU", "concat", layer={"return_sequences": True}),
    both_ways("LSTM", "state", layer={"return_state": True, "return_sequences": True}),
    both_ways("LSTM", "initial-state", initial_state=[STATE, CARRY, numbers("b", (3, 4), "float64"), numbers("d", (3, 4), "float64")]),
    both_ways("LSTM", "mask", layer={"return_sequences": True}, masks={0: ENDS}),
    both_ways("GRU", "mask-last", masks={0: GAPS}),
    both_ways("LSTM", "dropout", layer={"dropout": 0.3, "seed": 4}, modes=(True,)),
    ("Bidirectional-own-way-back", lambda k: k.layers.Bidirectional(k.layers.GRU(3), backward_layer=k.layers.SimpleRNN(2, go_backwards=True)), SERIES),
]  # fmt: skip

ROWS = [
    *each("SimpleRNN", [STATE], BOTH), *each("LSTM", [STATE, CARRY]), *each("GRU", [STATE]), *rows("GRU", *MORE),
    *of_rnn("SimpleRNN"), *of_rnn("LSTM"),
    *rows("stacks", *STACKS), *rows("ways", *WAYS),
]  # fmt: skip
