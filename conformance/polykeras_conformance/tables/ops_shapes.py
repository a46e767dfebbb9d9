"""Cases of the ops that rearrange, make, pick and place."""

import numpy as np

from polykeras_conformance.budgets import EXACT, SUMMED
from polykeras_conformance.cases import array, numbers, op

inf, nan = np.inf, np.nan
X = numbers("x", (2, 3, 4))
ROW = numbers("row", (5,))
SQUARE = numbers("square", (4, 4))


def exact(name, label, *args, group="shapes", **kwargs):
    """Return a case of an op that moves values and changes none."""
    return op(name, label, *args, budget=EXACT, group=group, **kwargs)


MOVES = [
    exact("reshape", "open", X, (-1, 6)), exact("reshape", "none", X, (None, 4)), exact("reshape", "int", X, 24), exact("ravel", "x", X),
    exact("transpose", "reversed", X), exact("transpose", "order", X, (1, 2, 0)), exact("transpose", "negative", X, (0, -1, 1)),
    exact("moveaxis", "one", X, 0, -1), exact("moveaxis", "several", X, (0, 1), (2, 0)), exact("swapaxes", "x", X, 0, -1),
    exact("expand_dims", "last", X, -1), exact("expand_dims", "several", X, (0, 2)), exact("squeeze", "all", X[:, :1, :1]), exact("squeeze", "one", X[:, :1, :1], 1),
    exact("broadcast_to", "x", ROW, (2, 5)), exact("concatenate", "x", [X, X], -1), exact("concatenate", "promoted", [np.array([1, 2], "int32"), array([0.5])], 0),
    exact("stack", "first", [X, X + 1]), exact("stack", "last", [X, X], -1), exact("vstack", "vectors", [ROW, ROW]), exact("hstack", "vectors", [ROW, ROW]),
    exact("hstack", "matrices", [SQUARE, SQUARE]), exact("split", "parts", X, 2, -1), exact("split", "places", X, [1, 3], 2), exact("unstack", "x", X, axis=1),
    exact("tile", "all", X, (2, 1, 3)), exact("tile", "more-axes", ROW, (2, 2)), exact("tile", "int", ROW, 3), exact("repeat", "axis", X, 2, 1),
    exact("repeat", "flat", SQUARE, 3), exact("repeat", "counts", ROW, [1, 0, 2, 0, 3], 0), exact("flip", "all", X), exact("flip", "one", X, 1),
    exact("roll", "flat", X, 5), exact("roll", "axis", X, -1, 2), exact("roll", "several", X, (1, 2), (0, 1)), exact("roll", "beyond", ROW, 7, 0),
    exact("pad", "constant", X, ((1, 0), (0, 2), (1, 1)), constant_values=7), exact("pad", "int", SQUARE, 1), exact("pad", "reflect", X, ((1, 1), (2, 1), (3, 0)), "reflect"),
    exact("pad", "symmetric", SQUARE, ((2, 2), (0, 1)), "symmetric"), exact("pad", "edge", ROW, ((2, 3),), "edge"), exact("pad", "reflect-far", ROW, ((9, 6),), "reflect"),
    exact("diagonal", "x", SQUARE), exact("diagonal", "above", SQUARE, 1), exact("diagonal", "below", X, -1, 1, 2), exact("diag", "make", ROW), exact("diag", "make-above", ROW, 2),
    exact("diag", "take", SQUARE, -1), exact("tril", "x", SQUARE), exact("tril", "below", SQUARE, -1), exact("triu", "x", X), exact("triu", "above", SQUARE, 1),
    exact("_meshgrid", "xy", [ROW, ROW[:3]], "xy"), exact("_meshgrid", "ij", [ROW, ROW[:3], ROW[:2]], "ij"),
]  # fmt: skip

MADE = [
    exact("zeros", "x", (2, 3)), exact("ones", "int32", (2, 3), "int32"), exact("empty", "x", (2,)), exact("full", "float", (2, 3), 0.1), exact("full", "int", (2,), 7), exact("full", "bool", (2,), True),
    exact("full", "row", (2, 5), ROW), exact("zeros_like", "x", X), exact("ones_like", "dtype", X, "int8", smooth=False), exact("full_like", "x", X, 2.5),
    exact("full_like", "int", np.array([1, 2], "int32"), 2.5), exact("arange", "stop", 5), exact("arange", "start", 2, 7), exact("arange", "step", 1, 10, 3), exact("arange", "down", 5, 0, -2),
    exact("arange", "float", 1.0, 2.0, 0.25), exact("arange", "tenth", 1, 1.3, 0.1), exact("arange", "dtype", 5, dtype="float32"), exact("arange", "none", 3, 1),
    exact("linspace", "x", 0.0, 1.0, 7), exact("linspace", "open", -1.0, 1.0, 5, False), exact("eye", "x", 3), exact("eye", "wide", 3, 5, 1), exact("eye", "below", 4, 3, -1, "int32"), exact("identity", "x", 3),
    exact("tri", "x", 3, 4), exact("tri", "above", 3, 3, 1),
]  # fmt: skip

TABLE = numbers("table", (5, 3))
INDICES = np.array([[4, 0], [-1, 0]], "int32")
TIES = array([[3, 1, 3, 2, 3], [0, -0.0, 5, 5, 1]])


def picked(name, label, *args, **kwargs):
    """Return a case of the group that reads and writes at indices."""
    return exact(name, label, *args, group="indices", **kwargs)


PICKED = [
    picked("take", "rows", TABLE, INDICES, 0), picked("take", "columns", TABLE, np.array([2, 0, 2]), 1), picked("take", "flat", TABLE, np.array([0, 14, -15])),
    picked("take", "out-of-range", TABLE, np.array([0, 5, -6, 1]), 0, smooth=False), picked("take", "out-of-range-int", np.array([1, 2], "int32"), np.array([0, 5, -3]), 0),
    picked("take", "scalar", TABLE, 2, 0), picked("take", "float-indices", TABLE, array([1.0, 2.0]), 0, smooth=False), picked("take", "uint8", TABLE, np.array([1, 2], "uint8"), 0),
    picked("take_along_axis", "rows", TABLE, np.array([[0, 1, 4], [-1, 0, 0]]), 0), picked("take_along_axis", "out-of-range", TABLE, np.array([[0, 9, 4]]), 0, smooth=False),
    picked("take_along_axis", "flat", TABLE, np.array([0, 7])), picked("take_along_axis", "broadcast", TABLE, np.array([[1]]), 1),
    picked("_get_item", "slices", X, [], (slice(None), slice(1, 3), slice(None, None, 2))), picked("_get_item", "ints", X, [], (1, slice(None), -1)),
    picked("_get_item", "backwards", X, [], (slice(None), slice(None, None, -1), slice(3, 0, -2))), picked("_get_item", "ellipsis", X, [], (Ellipsis, None, 0)),
    picked("slice", "x", X, (0, 1, 2), (2, 2, 1)), picked("slice_update", "x", X, (0, 1, 2), numbers("u", (2, 1, 2))),
    picked("one_hot", "x", np.array([2, 0, -1, 7]), 3), picked("one_hot", "axis", np.array([[2, 0], [1, 1]]), 3, 0, "int32"), picked("one_hot", "float-classes", array([1.7, 0.2]), 3),
    picked("argsort", "ties", TIES, smooth=False), picked("argsort", "first", TIES, 0, smooth=False), picked("argsort", "flat", TIES, None, smooth=False), picked("sort", "ties", TIES, smooth=False), picked("sort", "x", X, 1),
    picked("sort", "nan", array([nan, 1, -nan, 0, -inf]), smooth=False), picked("sort", "int8", np.array([5, -128, 127, 0], "int8")),
    picked("top_k", "ties", TIES, 3, smooth=False), picked("top_k", "x", X, 2), picked("top_k", "int", np.array([1, 3, 3, 3], "int32"), 2), picked("top_k", "zeros", np.zeros((64,), "float32"), 3, smooth=False),
    picked("top_k", "uint8", np.array([1, 255, 0], "uint8"), 3), picked("in_top_k", "x", np.array([2, 0, 3]), array([[1, 5, 5, 2], [9, 1, 2, 3], [nan, 1, 2, 0]]), 2, smooth=False),
    picked("searchsorted", "left", array([1, 2, 2, 3]), array([0, 2, 2.5, 9, nan]), smooth=False), picked("searchsorted", "right", np.array([1, 2, 2, 3]), np.array([[2, 3], [0, 1]]), "right"),
    picked("bincount", "x", np.array([0, 2, 2, 9]), minlength=4), picked("bincount", "weights", np.array([0, 2, 2, 3]), array([1, 0.5, 0.25, 4]), 4),
    picked("scatter", "x", np.array([[0], [3], [0], [9]]), np.array([1, 2, 3, 4], "float32"), (4,)), picked("scatter", "two", np.array([[0, 1], [-1, -1]]), array([1.0, 2.0]), (2, 3)),
    picked("scatter_update", "x", TABLE, np.array([[0], [4], [0]]), numbers("u", (3, 3))), picked("scatter_update", "cells", TABLE, np.array([[0, 1], [4, 2], [9, 0]]), array([7.0, 8.0, 9.0])),
    op("scatter_update", "add", TABLE, np.array([[0], [4], [0]]), numbers("u", (3, 3)), "add", budget=SUMMED, group="indices"),
    op("scatter_add", "rows", TABLE, np.array([[0], [4], [-5], [7]]), numbers("u", (4, 3)), budget=SUMMED, group="indices"),
    op("segment_sum", "x", TABLE, np.array([0, 2, 0, -1, 7]), 4, budget=SUMMED, group="indices"),
]  # fmt: skip

CASES = [*MOVES, *MADE, *PICKED]
