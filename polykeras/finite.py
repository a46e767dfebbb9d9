"""A loss that is no finite number: where it began, told once an epoch. Nothing is read while the numbers are finite."""

import math
import warnings

import numpy as np

from polykeras.plugins import registry


def warn(model, epoch, logs, runs):
    """Warn if an epoch's loss is not finite, naming the batch it began with and the first weight that is not finite.

    Args:
        epoch: counted from 0.
        logs: {name: value} of the epoch.
        runs: (chunk, losses of its batches) of the epoch; [] where the losses are not known.
    """
    loss = logs.get("loss")
    if not isinstance(loss, float) or math.isfinite(loss):
        return
    batch = _first_batch(model, runs)
    since = "" if batch is None else f", from batch {batch} on"
    weight = next((v.path for v in model.variables if v.dtype != "bool" and not np.all(np.isfinite(v.numpy().astype(np.float64)))), None)
    state = "all weights are finite still" if weight is None else f"the first weight that is not finite is {weight}"
    warnings.warn(
        f"fit: in epoch {epoch + 1} the loss is {loss}{since}; {state}. "
        "Check the data, lower the learning rate, or clip gradients (clipnorm=); TerminateOnNaN stops there.",
        stacklevel=3,
    )


def _first_batch(model, runs):
    backend = registry.load(model.backend)
    for chunk, losses in runs:
        wrong = np.flatnonzero(~np.isfinite(np.atleast_1d(backend.to_numpy(losses)).astype(np.float64)))
        if wrong.size:
            return chunk.first + int(wrong[0])
    return None
