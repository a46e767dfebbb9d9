"""Iterables as a source of batches: generators, data loaders, anything that yields batches."""

import numpy as np

from polykeras import aligned, tree
from polykeras.data.batch import Chunk, class_weighted, host, length, unpack
from polykeras.errors import DataError


class IterableSource:
    """Batches from an iterable that yields x, (x, y) or (x, y, sample_weight).

    Args:
        iterable: a generator is read on from epoch to epoch; anything else starts anew when it has ended.
        class_weight: {class: weight}, instead of sample weights.
        steps: number of batches an epoch; where None, as many as there are.
    """

    shuffled = 0
    batch_size = full_steps = None

    def __init__(self, iterable, class_weight=None, steps=None):
        self.iterable, self.class_weight = iterable, class_weight
        self.steps = self.count() if steps is None else steps
        self._running, self._read, self._first = None, 0, None
        self.first()

    def count(self):
        """Return the number of batches in one pass, None where unknown."""
        return len(self.iterable) if hasattr(self.iterable, "__len__") else None

    @property
    def at_start(self):
        """Whether the next epoch starts at the beginning of the data."""
        return self._running is None

    def restart(self):
        """Make the next epoch start at the beginning; a generator has none, it is read on."""
        if not hasattr(self.iterable, "__next__"):
            self._running = None

    def everything(self):
        """Return no data: it is not there yet, each batch is checked as it comes."""
        return None

    def first(self):
        """Return the first batch, which is kept for the first epoch.

        Raises:
            DataError: there is none.
        """
        if self._first is None:
            self._running = self._batches(None)
            try:
                self._first = next(self._running)
            except StopIteration:
                raise DataError(f"x: expected at least one batch, got a {type(self.iterable).__name__} that yields none.") from None
            self._running = _chained(self._first, self._running)
        return self._first

    def _pass(self, order):
        """Return an iterator over the raw batches of one pass."""
        return iter(self.iterable)

    def _batches(self, order):
        """Yield the batches of one pass."""
        running = self._pass(order)
        while True:
            try:
                data = next(running)
            except StopIteration:
                return
            except Exception as error:
                error.add_note(f"This was raised while batch {self._read} of the data was read, counted from 0.")
                raise
            yield self._batch(data)
            self._read += 1

    def _batch(self, data):
        x, y, sample_weight = unpack(data)
        x, y, sample_weight = self._kept(x, "x"), self._kept(y, "y"), self._kept(sample_weight, "sample_weight")
        length(x, f"batch {self._read}")
        if self.class_weight is not None:
            if sample_weight is not None:
                raise DataError("Expected class_weight or sample weights from the data, got both. Multiply the class weights into the others.")
            sample_weight = class_weighted(y, self.class_weight)
        return x, y, sample_weight

    def _kept(self, value, where):
        """Return data as arrays of our own: what yields it may write the next batch into the same memory."""
        return tree.map_structure(aligned.copy, host(value, where))

    def _epoch(self, order, limit):
        """Yield the batches of an epoch: on from where the last one stopped, anew where the data had ended."""
        taken, reopened = 0, False
        while limit is None or taken < limit:
            if self._running is None:
                self._running, reopened = self._batches(order), True
            data = next(self._running, None)
            if data is not None:
                taken += 1
                yield data
                continue
            again = not hasattr(self.iterable, "__next__")
            self._running = None if again else self._running
            if taken or reopened or not again:
                break
        if self.steps is None:
            self.steps = taken

    def chunks(self, size, order=None, limit=None):
        """Yield Chunks of up to `size` batches of one shape."""
        step, held = 0, []
        for data in self._epoch(order, self.steps if limit is None else limit):
            if held and (len(held) == size or _shapes(held[0]) != _shapes(data)):
                yield from self._flushed(step, held, size)
                step, held = step + len(held), []
            held.append(data)
        yield from self._flushed(step, held, size)

    def _flushed(self, step, held, size):
        if len(held) == size and size > 1:
            yield Chunk(step, size, tree.map_structure(lambda *leaves: np.stack(leaves), *held), True)
            return
        for index, data in enumerate(held):
            yield Chunk(step + index, 1, data, False)


def _chained(first, rest):
    yield first
    yield from rest


def _shapes(data):
    return [(leaf.shape, leaf.dtype) for leaf in tree.leaves(data)]
