"""Devices: where new state and new arrays go, chosen for a block of code."""

import threading

_local = threading.local()


class device:
    """Put what is made inside on a device of the backend in use.

    Args:
        name: "cpu:0", "gpu:0", ...; `polykeras backends` lists them.

    >>> with device("cpu:0"):
    ...     current()
    'cpu:0'
    """

    def __init__(self, name):
        kind, _, index = str(name).lower().partition(":")
        if not kind.isalpha() or not (index or "0").isdigit():
            raise ValueError(f"device: expected a name such as 'cpu:0' or 'gpu:0', got {name!r}.")
        self.name = f"{kind}:{index or 0}"

    def __enter__(self):
        _stack().append(self.name)
        return self

    def __exit__(self, *exception):
        _stack().pop()


def _stack():
    if not hasattr(_local, "stack"):
        _local.stack = []
    return _local.stack


def current():
    """Return the device chosen by the blocks around, or None."""
    return _stack()[-1] if _stack() else None
