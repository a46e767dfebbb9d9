"""The comparison of a result with the reference: what differs, where, by how many ulps."""

import ml_dtypes
import numpy as np

from polykeras import dtypes
from polykeras_conformance import margins
from polykeras_conformance.budgets import EXACT


def spacing(size, dtype):
    """Return the distance between neighbouring numbers of a float dtype at some sizes, as float64."""
    info = ml_dtypes.finfo(dtype)
    _, exponent = np.frexp(np.maximum(np.abs(size), float(info.smallest_normal)))
    return np.ldexp(float(info.eps), exponent - 1)


def difference(got, expected, budget=EXACT, terms=None):
    """Say how an array differs from the reference beyond its budget; "" where it does not.

    Args:
        terms: for a budget of size "absolute": the operation's result on |inputs|.
    """
    text = _mismatch(got, expected)
    if text or not dtypes.is_float(expected.dtype.name):
        if text:
            margins.spoil()
        return text
    return _distance(got, expected, budget, terms)


def _mismatch(got, expected):
    """Say where arrays differ in what has no distance; "" where they do not."""
    if got.dtype != expected.dtype:
        return f"dtype is {got.dtype}, expected {expected.dtype}"
    if got.shape != expected.shape:
        return f"shape is {got.shape}, expected {expected.shape}"
    if not dtypes.is_float(expected.dtype.name):
        return _first(got != expected, got, expected, "")
    mine, right = got.astype(np.float64), expected.astype(np.float64)
    special = ~np.isfinite(right) | ~np.isfinite(mine)
    return _first(special & ~((mine == right) | (np.isnan(mine) & np.isnan(right))), got, expected, "")


def _distance(got, expected, budget, terms):
    """Say how far float arrays are apart beyond a budget, and take note of it."""
    mine, right = got.astype(np.float64), expected.astype(np.float64)
    special = ~np.isfinite(right)
    error = np.abs(np.where(special, 0, mine) - np.where(special, 0, right))
    unit = spacing(_size(budget, np.where(special, 0, right), terms), expected.dtype)
    ulps = error / unit
    margins.note(error, np.where(special, 0, right), ulps, share(ulps.max(initial=0), budget.ulps))
    worst = f" (worst {ulps.max(initial=0):.3g} ulps of {budget.size}, allowed {budget.ulps:g})"
    return _first(ulps > budget.ulps, got, expected, worst, ulps)


def share(worst, allowed):
    """Return how much of what is allowed an error uses; more than 1 is a failure."""
    return worst / allowed if allowed else (1 + worst if worst else 0.0)


def _size(budget, right, terms):
    if budget.size == "each":
        return right
    if budget.size == "largest":
        return np.full_like(right, np.abs(right).max(initial=0))
    return np.maximum(np.where(np.isfinite(terms), terms, 0).astype(np.float64), np.abs(right))


def _first(wrong, got, expected, note, ulps=None):
    """Describe the worst of the elements that are wrong."""
    if not wrong.any():
        return ""
    flat = int(np.argmax(wrong if ulps is None else np.where(wrong, ulps, 0)))
    place = tuple(int(index) for index in np.unravel_index(flat, wrong.shape))
    return f"{int(wrong.sum())} of {wrong.size} elements differ; at {place} got {got[place]!r}, expected {expected[place]!r}{note}"


def differences(got, expected, budget=EXACT, terms=None):
    """Say how a list of arrays differs from the reference's; "" where it does not."""
    if len(got) != len(expected):
        margins.spoil()
        return f"{len(got)} arrays, expected {len(expected)}"
    terms = terms if terms is not None else [None] * len(got)
    found = [difference(*row) for row in zip(got, expected, [budget] * len(got), terms)]
    return "; ".join(f"array {index}: {text}" for index, text in enumerate(found) if text)
