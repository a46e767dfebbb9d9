"""Names: Keras's automatic ones (dense, dense_1, ...) and the paths of weights (model/dense/kernel)."""

import contextlib
import re
import threading

_counts = {}
_local = threading.local()


def snake_case(name):
    """Return a class name as Keras writes it in instance names.

    >>> snake_case("Conv2D"), snake_case("LSTMCell"), snake_case("BatchNormalization")
    ('conv2d', 'lstm_cell', 'batch_normalization')
    """
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def automatic(prefix):
    """Return the next free name of a prefix: dense, dense_1, dense_2, ..."""
    count = _counts.get(prefix, 0)
    _counts[prefix] = count + 1
    return prefix if count == 0 else f"{prefix}_{count}"


def of_class(cls):
    """Return the next free name for an instance of a class."""
    return automatic(snake_case(cls.__name__))


def reset():
    """Start counting names anew, as clear_session does."""
    _counts.clear()


def _stack():
    if not hasattr(_local, "stack"):
        _local.stack = []
    return _local.stack


@contextlib.contextmanager
def within(owner, name):
    """Make a layer's name a part of the paths of the variables made inside; once for each owner."""
    stack = _stack()
    already = bool(stack) and stack[-1][0] is owner
    if not already:
        stack.append((owner, name))
    try:
        yield
    finally:
        if not already:
            stack.pop()


@contextlib.contextmanager
def at_root():
    """Make variables inside without a path of outer layers."""
    saved, _local.stack = _stack(), []
    try:
        yield
    finally:
        _local.stack = saved


def path(name):
    """Return a name behind the names of the layers around."""
    return "/".join([*(part for _, part in _stack()), name])
