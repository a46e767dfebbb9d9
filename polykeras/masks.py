"""Masks: which steps of a sequence count, carried beside the array of any backend that has them."""

import weakref

_masks = {}


def set_mask(x, mask):
    """Say which steps of x count: a (batch, time) bool array, or None for all."""
    key = id(x)
    if mask is None:
        _masks.pop(key, None)
        return
    _masks[key] = (weakref.ref(x, lambda _: _masks.pop(key, None)), mask)


def get_mask(x):
    """Return the mask that x carries, or None."""
    entry = _masks.get(id(x))
    return entry[1] if entry is not None and entry[0]() is x else None
