"""What a batch is, and the checks that data passes before the first step."""

from typing import NamedTuple

import numpy as np

from polykeras import config, dtypes, tree
from polykeras.errors import BackendMismatchError, DataError, DTypeError
from polykeras.ops import dispatch

class Chunk(NamedTuple):
    """Some batches in a row.

    Attributes:
        first: number of the first batch in its epoch.
        count: how many batches.
        data: (x, y, sample_weight), trees of NumPy arrays; with a leading axis of `count` if stacked.
        stacked: whether they lie behind one another on a leading axis.
    """

    first: int
    count: int
    data: tuple
    stacked: bool


def host(value, where, backend=None):
    """Return data as a tree of NumPy arrays: floats in the default float, other dtypes as they are.

    Args:
        value: arrays, lists, data frames, or nested structures of them; tensors of the backend.
        where: what it is, for messages: "x", "y".
        backend: the model's, whose tensors are welcome; None welcomes those of all.

    Raises:
        DataError: it is no numbers, or a tensor of another backend.
    """
    if value is None:
        return None
    if isinstance(value, (list, tuple)) and value and not _is_container(value):
        value = _stacked(value, where)
    return tree.map_structure(lambda leaf: _array(leaf, where, backend), value)


def _is_container(value):
    """Whether a list holds arrays, rather than being one."""
    return all(hasattr(part, "shape") or isinstance(part, dict) or isinstance(part, (list, tuple)) and _is_container(part) and part for part in value)


def _array(leaf, where, backend):
    owner = dispatch.owner_of(leaf)
    if owner is not None:
        if backend is not None and owner is not backend:
            raise BackendMismatchError(
                f"{where}: got a tensor of backend {owner.name!r} for a model on {backend.name!r}. "
                f"Pass NumPy arrays (ops.convert_to_numpy), or move the model with model.to({owner.name!r})."
            )
        leaf = owner.to_numpy(leaf)
    array = np.asarray(leaf)
    if array.dtype == object:
        array = _homogeneous(array, where)
    name = array.dtype.name
    if name not in dtypes.ALL:
        raise DTypeError(f"{where}: expected numbers, got an array of dtype {name}. Convert it to a dtype such as float32 or int32.")
    return array.astype(dtypes.to_numpy(config.floatx())) if dtypes.is_float(name) and name != config.floatx() else array


def _stacked(rows, where):
    try:
        return np.asarray(rows)
    except ValueError as cause:
        raise DataError(f"{where}: expected rows of one length, got a list whose rows differ. Cut or fill them, as utils.pad_sequences does.") from cause


def _homogeneous(array, where):
    try:
        if any(value is None for value in array.flat):  # NumPy would make it NaN
            raise TypeError
        return array.astype(np.float64)
    except (TypeError, ValueError) as cause:
        raise DTypeError(f"{where}: expected numbers, got an array of dtype object. Convert it to a dtype such as float32 or int32.") from cause


def length(value, where):
    """Return how many samples a tree of arrays has.

    Raises:
        DataError: none, or leaves differ.
    """
    sizes = {len(leaf) if leaf.ndim else None for leaf in tree.leaves(value)}
    if None in sizes:
        raise DataError(f"{where}: expected arrays with a leading axis of samples, got a single number. Pass an array of shape (samples, ...).")
    if len(sizes) > 1:
        raise DataError(f"{where}: expected arrays of one length, got lengths {', '.join(map(str, sorted(sizes)))}. Cut them to the same samples.")
    size = sizes.pop() if sizes else 0
    if size == 0:
        raise DataError(f"{where}: expected at least one sample, got none. Check how the data was loaded or split.")
    return size


def same_length(**parts):
    """Return how many samples x, y and weights have together.

    Raises:
        DataError: their lengths differ; it names them.
    """
    sizes = {name: length(part, name) for name, part in parts.items() if part is not None and tree.leaves(part)}
    if len(set(sizes.values())) > 1:
        shown = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise DataError(f"Expected as many samples in every array, got {shown}. Cut them to the same samples.")
    return next(iter(sizes.values()))


def unpack(data):
    """Return (x, y, sample_weight) of what an iterable yields: x, (x,), (x, y) or (x, y, sample_weight); a list is a tuple.

    Raises:
        DataError: a tuple of another length.
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise DataError(f"A batch: expected x, (x, y) or (x, y, sample_weight), got {len(data)} parts. Several inputs go in a list or dict within x.")
    return (*data, None, None)[:3]


def pack(x, y=None, sample_weight=None):
    """Return a batch as unpack takes it: x alone, or a tuple."""
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def class_weighted(y, class_weight):
    """Return the sample weights that class weights mean for labels.

    Args:
        y: (n,) or (n, 1) class numbers, or (n, classes) one-hot.
        class_weight: {class: weight}; 1 for classes it leaves out.
    """
    if isinstance(y, (list, tuple, dict)):
        raise DataError("class_weight: expected a model with one output, got labels for several. Use sample_weight.")
    labels = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y)) if y.ndim > 1 else y
    unknown = set(class_weight) - {int(c) for c in class_weight}
    if unknown:
        raise DataError(f"class_weight: expected class numbers as keys, got {sorted(map(str, unknown))}.")
    weights = np.ones(len(y), config.floatx())
    for number, weight in class_weight.items():
        weights[labels == number] = weight
    return weights
