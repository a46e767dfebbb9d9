"""Formulas: named functions (y_true, y_pred) -> one loss per sample, on which losses and metrics are built."""

import functools

from polykeras import config, dtypes, ops, tree
from polykeras.errors import ShapeError
from polykeras.losses.reduction import fitting, same_rank
from polykeras.ops.dispatch import anywhere
from polykeras.sizes import visible

FORMULAS = {}  # every formula by name, for configs


def formula(function):
    """Make function(y_true, y_pred, ...) a formula that can be called anywhere, on lists and NumPy arrays too.

    Both reach it as arrays of one rank and of y_pred's dtype, integers as the default float. A last axis
    of size 1 may be missing from one of them.
    """

    @functools.wraps(function)
    def fitted(y_true, y_pred, *args, **kwargs):
        y_true, y_pred = paired(function.__name__, ops.convert_to_tensor(y_true), as_float(y_pred))
        return function(ops.cast(y_true, ops.dtype(y_pred)), y_pred, *args, **kwargs)

    return named(fitted)


def named(function):
    """Make a function that takes its arguments as they come a formula."""
    FORMULAS[function.__name__] = anywhere(function)
    return FORMULAS[function.__name__]


def find(fn):
    """Return a formula given by name; a function as it is.

    Raises:
        ValueError: there is none of that name.
    """
    if callable(fn):
        return fn
    if fn not in FORMULAS:
        raise ValueError(f"Unknown formula: got {fn!r}, expected one of {', '.join(sorted(FORMULAS))}, or a function.")
    return FORMULAS[fn]


def each(function, nested):
    """Apply a function to each array of a nested structure; a list of numbers is one array."""
    if isinstance(nested, dict):
        return {key: each(function, part) for key, part in nested.items()}
    if isinstance(nested, (list, tuple)) and not all(isinstance(x, (bool, int, float)) for x in tree.leaves(nested)):
        return type(nested)(each(function, part) for part in nested)
    return None if nested is None else function(nested)


def as_float(x):
    """Return an array as floats: integers and bools become the default float."""
    x = ops.convert_to_tensor(x)
    return x if dtypes.is_float(ops.dtype(x)) else ops.cast(x, config.floatx())


def paired(name, y_true, y_pred):
    """Return both as arrays of ranks that fit.

    Raises:
        ShapeError: their shapes do not fit.
    """
    y_true, y_pred = same_rank(y_true, y_pred)
    if not fitting(y_true, y_pred):
        raise ShapeError(
            f"{name}: got y_true of shape {visible(ops.shape(y_true))} and y_pred of shape {visible(ops.shape(y_pred))}, "
            "expected as many axes, each of the same size or 1. Reshape one of them; for class numbers instead of "
            "one-hot labels take the loss or metric whose name begins with sparse."
        )
    return y_true, y_pred
