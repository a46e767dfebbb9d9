"""Iterables as a source of batches: generators, data loaders, sequences, anything that yields batches."""

import itertools

import numpy as np

from polykeras import tree
from polykeras.data.batch import Chunk, class_weighted, host, length, unpack
from polykeras.errors import DataError


class IterableSource:
    """Batches from an iterable that yields x, (x, y) or (x, y, sample_weight).

    Args:
        iterable: a generator is read on from epoch to epoch; anything else starts anew in each.
        class_weight: {class: weight}, instead of sample weights.
        steps: number of batches an epoch; where None, as many as there are.
    """

    def __init__(self, iterable, class_weight=None, steps=None):
        self.iterable, self.class_weight = iterable, class_weight
        self.repeats = iter(iterable) is not iterable
        self.steps = steps if steps is not None else len(iterable) if hasattr(iterable, "__len__") else None
        self.batch_size, self.full_steps = None, None
        self._running, self._read, self._first = None, 0, None
        self.first()

    def everything(self):
        """Return no data: it is not there yet, each batch is checked as it comes."""
        return None

    def first(self):
        """Return the first batch, which is kept for the first epoch."""
        if self._first is None:
            self._open()
            try:
                self._first = self._batch(next(self._running))
            except StopIteration:
                raise DataError("Expected at least one batch, got an iterable that yields none.") from None
            self._running = itertools.chain([self._first], map(self._batch, self._running))
        return self._first

    def _open(self):
        self._running = iter(self.iterable)

    def _batch(self, data):
        self._read += 1
        x, y, sample_weight = unpack(data)
        x, y, sample_weight = host(x, "x"), host(y, "y"), host(sample_weight, "sample_weight")
        length(x, f"batch {self._read}")
        if self.class_weight is not None:
            if sample_weight is not None:
                raise DataError("Expected class_weight or sample weights from the data, got both.")
            sample_weight = class_weighted(y, self.class_weight)
        return x, y, sample_weight

    def chunks(self, size, order=None, limit=None):
        """Yield Chunks of up to `size` batches of one shape."""
        if self._running is None:
            self._open()
            self._running = map(self._batch, self._running)
        limit = self.steps if limit is None else limit
        step, held = 0, []
        for data in itertools.islice(self._running, limit):
            if held and (len(held) == size or _shapes(held[0]) != _shapes(data)):
                yield from self._flushed(step, held, size)
                step, held = step + len(held), []
            held.append(data)
        yield from self._flushed(step, held, size)
        if self.repeats:
            self._running = None

    def _flushed(self, step, held, size):
        if len(held) == size and size > 1:
            yield Chunk(step, size, tree.map_structure(lambda *leaves: np.stack(leaves), *held), True)
            return
        for index, data in enumerate(held):
            yield Chunk(step + index, 1, data, False)


def _shapes(data):
    return [(leaf.shape, leaf.dtype) for leaf in tree.leaves(data)]
