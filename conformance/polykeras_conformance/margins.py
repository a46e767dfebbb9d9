"""What the running test measured: the largest errors of what it compared, and curves over the steps of a training."""

import numpy as np

_EMPTY = {"absolute": 0.0, "relative": 0.0, "ulps": 0.0, "share": 0.0}
_now = {}


def start():
    """Forget what the test before measured."""
    _now.clear()


def note(error, expected, ulps, share):
    """Take in a comparison.

    Args:
        error: |got - expected| of each element.
        expected: the right values.
        ulps: the errors in spacings of the size that the budget names.
        share: how much of what is allowed the worst element used; more than 1 is a failure.
    """
    if np.size(error) == 0:
        return
    size = np.abs(expected)
    relative = np.divide(error, size, out=np.zeros_like(error), where=size > 0)
    found = (error.max(), relative.max(), np.max(ulps), share)
    for key, value in zip(_EMPTY, found):
        _now[key] = max(_now.get(key, 0.0), float(value))


def use(share):
    """Take in how much of what is allowed something used, where errors of elements say nothing."""
    _now["share"] = max(_now.get("share", 0.0), float(share))


def spoil():
    """Take in a difference that no number of ulps tells: of dtype, of shape, of integers, NaN for a number."""
    _now["spoilt"] = True


def within(bound):
    """Whether something overran its budget, by no more than this factor, and nothing else was wrong."""
    return "spoilt" not in _now and 1 < _now.get("share", 0.0) <= bound


def curve(label, values, allowed):
    """Take in a curve: how far a run is off at each step, and how far it may be; the first of a test is kept."""
    _now.setdefault("curve", {"label": label, "values": [float(x) for x in values], "allowed": [float(x) for x in allowed]})


def measured():
    """Return what was measured as a dict of numbers; {} where nothing was."""
    found = {key: value for key, value in _now.items() if key != "spoilt"}
    return dict(_EMPTY, **found) if found else {}
