"""Arrays as a source of batches: cut, in order or shuffled, several batches at a time."""

import numpy as np

from polykeras import aligned, tree
from polykeras.data.batch import Chunk, class_weighted, host, same_length
from polykeras.errors import DataError


class ArraySource:
    """Batches from arrays in memory.

    Args:
        x, y, sample_weight: arrays, or nested structures of them, with one leading axis.
        batch_size: samples a batch; the last may have fewer.
        class_weight: {class: weight}, instead of sample_weight.
        backend: the model's, whose tensors are welcome.
    """

    def __init__(self, x, y=None, sample_weight=None, batch_size=None, class_weight=None, backend=None):
        x, y, sample_weight = host(x, "x", backend), host(y, "y", backend), host(sample_weight, "sample_weight", backend)
        self.samples = same_length(x=x, y=y, sample_weight=sample_weight)
        self.batch_size = 32 if batch_size is None else batch_size
        if isinstance(self.batch_size, bool) or not isinstance(self.batch_size, (int, np.integer)) or self.batch_size < 1:
            raise DataError(f"batch_size: expected a positive int, got {batch_size!r}.")
        if class_weight is not None:
            if sample_weight is not None:
                raise DataError("Expected class_weight or sample_weight, got both. Multiply the class weights into sample_weight.")
            if y is None:
                raise DataError("class_weight: expected labels y, got none.")
            sample_weight = class_weighted(y, class_weight)
        self.data = (x, y, sample_weight)
        self.steps = -(-self.samples // self.batch_size)
        self._next, self._order = 0, None

    @property
    def shuffled(self):
        """How many samples an order is made for."""
        return self.samples

    @property
    def at_start(self):
        """Whether the next epoch starts at the beginning of the data."""
        return self._next == 0

    def restart(self):
        """Make the next epoch start at the beginning."""
        self._next = 0

    @property
    def full_steps(self):
        """How many batches have batch_size samples."""
        return self.samples // self.batch_size

    def everything(self):
        """Return all data, for checks."""
        return self.data

    def first(self):
        """Return the first batch."""
        return tree.map_structure(lambda leaf: leaf[: self.batch_size], self.data)

    def chunks(self, size, order=None, limit=None):
        """Yield Chunks of `size` batches while that many full ones are left, then of one.

        Args:
            order: (samples,) places, or None for the data's own order; kept until the data has ended.
            limit: number of batches, the next epoch goes on behind them; None for all.
        """
        if self.at_start:
            self._order = order
        begin = step = self._next
        stop = self.steps if limit is None else min(begin + limit, self.steps)
        self._next = stop % self.steps
        full = min(self.full_steps, stop)
        while step < stop:
            count = size if size > 1 and step + size <= full else 1
            data = self._taken(slice(step * self.batch_size, (step + count) * self.batch_size), self._order)
            if count > 1:
                data = tree.map_structure(lambda leaf: leaf.reshape(count, self.batch_size, *leaf.shape[1:]), data)
            yield Chunk(step - begin, count, data, count > 1)
            step += count

    def _taken(self, part, order):
        """Return a part of the data, in its own order or another."""
        taken = (lambda leaf: leaf[part]) if order is None else (lambda leaf: aligned.taken(leaf, order[part]))
        return tree.map_structure(taken, self.data)


def split(x, y, sample_weight, share):
    """Return (training data, validation data): the last `share` of the samples validates.

    Raises:
        DataError: the share is not between 0 and 1, or leaves one side empty.
    """
    if not 0 < share < 1:
        raise DataError(f"validation_split: expected a share between 0 and 1, got {share}.")
    x, y, sample_weight = host(x, "x"), host(y, "y"), host(sample_weight, "sample_weight")
    samples = same_length(x=x, y=y, sample_weight=sample_weight)
    cut = int(samples * (1 - share))
    if cut == 0 or cut == samples:
        raise DataError(f"validation_split: {share} of {samples} samples leaves one side empty. Pass validation_data, or another share.")
    first = tree.map_structure(lambda leaf: leaf[:cut], (x, y, sample_weight))
    return first, tree.map_structure(lambda leaf: leaf[cut:], (x, y, sample_weight))
