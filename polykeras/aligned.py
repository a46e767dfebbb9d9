"""NumPy arrays in memory that frameworks take as it is, instead of copying it once more."""

import numpy as np

BYTES = 64


def is_aligned(array):
    """Whether an array lies on a multiple of 64 bytes, its elements in order."""
    return array.ctypes.data % BYTES == 0 and array.flags.c_contiguous


def empty(shape, dtype):
    """Return an array with anything in it."""
    dtype = np.dtype(dtype)
    size = dtype.itemsize * int(np.prod(shape))
    memory = np.empty(size + BYTES, np.uint8)
    first = -memory.ctypes.data % BYTES
    return memory[first : first + size].view(dtype).reshape(shape)


def copy(array):
    """Return a copy of an array."""
    made = empty(array.shape, array.dtype)
    made[...] = array
    return made


def taken(array, places):
    """Return a copy of the rows of an array at some places, which are there."""
    made = empty((len(places), *array.shape[1:]), array.dtype)
    return np.take(array, places, 0, made, "clip")  # "raise" would take the detour of another copy
