"""PyDataset: batches by number, for data that is made or read piece by piece."""

import itertools

from polykeras.data.generator import IterableSource
from polykeras.errors import DataError


class PyDataset:
    """A dataset of batches by number, as Keras's: a subclass writes __getitem__, and __len__ or num_batches.

    Args:
        workers, use_multiprocessing, max_queue_size: taken for Keras's sake; batches are made in turn.
    """

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        self.workers, self.use_multiprocessing, self.max_queue_size = workers, use_multiprocessing, max_queue_size

    def __getitem__(self, index):
        """Return batch number `index`: x, (x, y) or (x, y, sample_weight)."""
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__(self, index). Write one.")

    @property
    def num_batches(self):
        """Number of batches, None if they never end; a subclass may write __len__ instead."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} has neither num_batches nor __len__. Write one.")

    def __iter__(self):
        return (self[index] for index in _numbers(self.num_batches))

    def on_epoch_begin(self):
        """Run before each epoch."""

    def on_epoch_end(self):
        """Run after each epoch."""


class DatasetSource(IterableSource):
    """Batches from a PyDataset, in another order each epoch where it has an end."""

    def count(self):
        """Return the number of batches in one pass, None if they never end."""
        return self.iterable.num_batches

    @property
    def shuffled(self):
        """How many batches an order is made for."""
        return self.count() or 0

    def first(self):
        """Return the batch of number 0.

        Raises:
            DataError: there is none.
        """
        if self._first is None:
            if self.count() == 0:
                raise DataError(f"x: expected at least one batch, got a {type(self.iterable).__name__} that yields none.")
            self._first = next(self._batches([0]))
            self._read = 0
        return self._first

    def _pass(self, order):
        return (self.iterable[int(index)] for index in (_numbers(self.count()) if order is None else order))

    def chunks(self, size, order=None, limit=None):
        """Yield Chunks, the dataset's own hooks called before and after."""
        self.iterable.on_epoch_begin()
        yield from super().chunks(size, order, limit)
        self.iterable.on_epoch_end()


def _numbers(count):
    return itertools.count() if count is None else range(count)
