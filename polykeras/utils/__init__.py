"""Keras's `utils`: names that live elsewhere in polykeras, gathered under the one users know."""

from polykeras.data import PyDataset
from polykeras.data.batch import pack as pack_x_y_sample_weight
from polykeras.data.batch import unpack as unpack_x_y_sample_weight
from polykeras.data.encode import clear_session, normalize, pad_sequences, to_categorical
from polykeras.random.seed import set_random_seed

Sequence = PyDataset

__all__ = [
    "PyDataset", "Sequence", "clear_session", "normalize", "pack_x_y_sample_weight", "pad_sequences", "set_random_seed", "to_categorical",
    "unpack_x_y_sample_weight",
]  # fmt: skip
