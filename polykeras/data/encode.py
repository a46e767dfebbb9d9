"""Preparing arrays on the host: one-hot labels, padded sequences, unit norms."""

import numpy as np

from polykeras import config, dtypes, naming
from polykeras.errors import DataError


def to_categorical(x, num_classes=None):
    """Return class numbers as one-hot rows. (...) ints -> (..., classes)

    Args:
        num_classes: one more than the largest where None.

    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    x = np.asarray(x).astype(np.int64)
    if x.ndim > 1 and x.shape[-1] == 1:
        x = x[..., 0]
    classes = int(num_classes or x.max() + 1)
    if x.size and (x.min() < 0 or x.max() >= classes):
        raise DataError(f"to_categorical: expected classes from 0 to {classes - 1}, got {x.min()} to {x.max()}.")
    return np.eye(classes, dtype=dtypes.to_numpy(config.floatx()))[x]


def pad_sequences(sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0):
    """Return sequences of various lengths as one array, cut and filled to one length.

    Args:
        sequences: list of sequences, each (steps, ...).
        maxlen: the length; that of the longest where None.
        padding, truncating: "pre" or "post": at which end to fill, and to cut.
        value: what to fill with.

    >>> pad_sequences([[1, 2, 3], [4]], padding="post")
    array([[1, 2, 3],
           [4, 0, 0]], dtype=int32)
    """
    for name, choice in (("padding", padding), ("truncating", truncating)):
        if choice not in ("pre", "post"):
            raise DataError(f"pad_sequences: expected {name} 'pre' or 'post', got {choice!r}.")
    rows = [np.asarray(row) for row in sequences]
    length = max((len(row) for row in rows), default=0) if maxlen is None else maxlen
    rest = next((row.shape[1:] for row in rows if len(row)), ())
    made = np.full((len(rows), length, *rest), value, dtype=dtype)
    for target, row in zip(made, rows):
        if len(row) and row.shape[1:] != rest:
            raise DataError(f"pad_sequences: expected steps of one shape, got {rest} and {row.shape[1:]}.")
        row = row[len(row) - length if truncating == "pre" and len(row) > length else 0 :][:length]
        if len(row):
            target[length - len(row) if padding == "pre" else 0 :][: len(row)] = row
    return made


def normalize(x, axis=-1, order=2):
    """Return x divided by its norm along an axis; zeros stay zeros."""
    length = np.atleast_1d(np.linalg.norm(x, order, axis))
    length[length == 0] = 1
    return np.asarray(x) / np.expand_dims(length, axis)


def clear_session(free_memory=True):
    """Start counting automatic names anew; the state of models stays with them."""
    naming.reset()
