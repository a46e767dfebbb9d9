"""Data: sources of batches."""

from polykeras.data.arrays import ArraySource, split
from polykeras.data.generator import IterableSource
from polykeras.data.sequence import DatasetSource, PyDataset
from polykeras.errors import DataError

__all__ = ["ArraySource", "DatasetSource", "IterableSource", "PyDataset", "source_of", "split"]


def source_of(x, y=None, sample_weight=None, batch_size=None, class_weight=None, steps=None, backend=None):
    """Return a source of batches for what fit, evaluate and predict take as data.

    Raises:
        DataError: y or sample_weight beside an iterable, which yields them itself.
    """
    if x is None:
        raise DataError("x: expected data, got None.")
    if _is_array_like(x) or not (isinstance(x, PyDataset) or hasattr(x, "__iter__")):
        return ArraySource(x, y, sample_weight, batch_size, class_weight, backend)
    if y is not None or sample_weight is not None:
        raise DataError(f"Expected y and sample_weight to come from the {type(x).__name__} itself, got them as arguments too.")
    return (DatasetSource if isinstance(x, PyDataset) else IterableSource)(x, class_weight, steps)


def _is_array_like(x):
    return isinstance(x, (list, tuple, dict, str)) or hasattr(x, "shape")
