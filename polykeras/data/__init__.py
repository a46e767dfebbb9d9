"""Data: sources of batches."""

from polykeras.data.arrays import ArraySource, split
from polykeras.data.generator import IterableSource
from polykeras.data.sequence import PyDataset
from polykeras.errors import DataError

__all__ = ["ArraySource", "IterableSource", "PyDataset", "source_of", "split"]


def source_of(x, y=None, sample_weight=None, batch_size=None, class_weight=None, steps=None, backend=None):
    """Return a source of batches for what fit, evaluate and predict take as data.

    Raises:
        DataError: y or sample_weight beside an iterable, which yields them itself.
    """
    if x is None:
        raise DataError("x: expected data, got None.")
    if hasattr(x, "__next__") or isinstance(x, PyDataset) or hasattr(x, "__iter__") and not _is_array_like(x):
        if y is not None or sample_weight is not None:
            raise DataError(f"Expected y and sample_weight to come from the {type(x).__name__} itself, got them as arguments too.")
        return IterableSource(x, class_weight, steps)
    return ArraySource(x, y, sample_weight, batch_size, class_weight, backend)


def _is_array_like(x):
    return isinstance(x, (list, tuple, dict)) or hasattr(x, "shape")
