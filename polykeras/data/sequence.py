"""PyDataset: batches by number, for data that is made or read piece by piece."""


class PyDataset:
    """A dataset of batches by number, as Keras's: a subclass writes __getitem__ and num_batches.

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
        """Number of batches; a subclass may write __len__ instead."""
        raise NotImplementedError(f"{type(self).__name__} has neither num_batches nor __len__. Write one.")

    def __len__(self):
        return self.num_batches

    def __iter__(self):
        return (self[index] for index in range(len(self)))

    def on_epoch_begin(self):
        """Run before each epoch."""

    def on_epoch_end(self):
        """Run after each epoch."""
