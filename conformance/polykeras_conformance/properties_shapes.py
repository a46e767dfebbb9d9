"""Recipes of the primitives that move, pick and slide: beside those of properties.py, in the same table."""

import math

import numpy as np
from hypothesis import strategies as st

from polykeras_conformance.properties import FINITE, FULL, INTS, SIXTEEN, array, axes_of, everything, kind, recipe, shape


@recipe("reshape")
def reshapes(draw, known, name):
    x = everything(draw, known)
    sizes = draw(st.permutations(x.shape))
    whole = [] if x.ndim == 0 else [(x.size,), (1, x.size)]
    unknown = [(-1,), (2, -1)] if x.size % 2 == 0 and x.size else [(-1,)]
    return x, draw(st.sampled_from([tuple(sizes), *whole, *unknown]))


@recipe("transpose")
def transposes(draw, known, name):
    x = everything(draw, known)
    return x, tuple(draw(st.permutations(range(x.ndim))))


@recipe("broadcast_to")
def broadcasts(draw, known, name):
    x = everything(draw, known)
    return x, (*shape(draw, most=2), *(draw(st.integers(0, 3)) if size == 1 else size for size in x.shape))


@recipe("concatenate")
def joints(draw, known, name):
    dtype, sizes = kind(draw, known, FULL, SIXTEEN, INTS, ("bool",)), shape(draw, 1)
    axis = draw(st.integers(0, len(sizes) - 1))
    rows = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    return [array(draw, dtype, (*sizes[:axis], count, *sizes[axis + 1 :])) for count in rows], axis


@recipe("slice")
def slices(draw, known, name):
    x = everything(draw, known)
    ends = [sorted(draw(st.tuples(st.integers(0, size), st.integers(0, size)))) for size in x.shape]
    return x, tuple(start for start, _ in ends), tuple(stop for _, stop in ends), tuple(draw(st.integers(1, 3)) for _ in ends)


@recipe("flip")
def flips(draw, known, name):
    x = everything(draw, known)
    return x, axes_of(draw, x)


@recipe("pad")
def pads(draw, known, name):
    x = array(draw, kind(draw, known, FULL, SIXTEEN, INTS), shape(draw))
    widths = tuple(draw(st.tuples(st.integers(0, 2), st.integers(0, 2))) for _ in x.shape)
    return x, widths, draw(st.sampled_from([0, 1, 7]))


@recipe("take")
def takes(draw, known, name):
    x = everything(draw, known, least=1, smallest=1)
    axis = draw(st.integers(0, x.ndim - 1))
    return x, indices(draw, shape(draw, most=2), x.shape[axis]), axis


@recipe("take_along_axis")
def takes_along(draw, known, name):
    x = everything(draw, known, least=1, smallest=1)
    axis = draw(st.integers(0, x.ndim - 1))
    return x, indices(draw, (*x.shape[:axis], draw(st.integers(0, 4)), *x.shape[axis + 1 :]), x.shape[axis]), axis


@recipe("scatter_add")
def scatters(draw, known, name):
    x = array(draw, kind(draw, known, FULL, INTS), shape(draw, 1, smallest=1))
    count = draw(st.integers(0, 4))
    return x, indices(draw, (count,), x.shape[0]), array(draw, x.dtype.name, (count, *x.shape[1:]))


def indices(draw, sizes, size):
    """Draw indices of an axis of a size."""
    values = draw(st.lists(st.integers(0, size - 1), min_size=math.prod(sizes), max_size=math.prod(sizes)))
    return np.array(values, draw(st.sampled_from(["int32", "int64"]))).reshape(sizes)


@recipe("full")
def fills(draw, known, name):
    dtype = kind(draw, known, FULL, SIXTEEN, INTS)
    return shape(draw), draw(st.sampled_from(FINITE)) if dtype in FULL + SIXTEEN else draw(st.integers(0, 100)), dtype


@recipe("arange")
def ranges(draw, known, name):
    return draw(st.integers(0, 9)), kind(draw, known, FULL, SIXTEEN, INTS)


# -- windows ---------------------------------------------------------------------------------------------------


def window(draw, rank, dilated):
    """Draw (sizes, window, strides, padding, dilation) of which some place comes out."""
    size, strides = ([draw(st.integers(1, 3)) for _ in range(rank)] for _ in range(2))
    dilation = [draw(st.integers(1, 2)) if dilated else 1 for _ in range(rank)]
    extent = [(count - 1) * spread + 1 for count, spread in zip(size, dilation)]
    sizes = [count + draw(st.integers(0, 3)) for count in extent]
    pairs = tuple(draw(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))) for count in size)
    return sizes, tuple(size), tuple(strides), draw(st.sampled_from(["valid", "same", pairs])), tuple(dilation)


@recipe("conv")
def convolutions(draw, known, name):
    sizes, size, strides, padding, dilation = window(draw, draw(st.integers(1, 2)), True)
    groups, inside, outside = (draw(st.integers(1, 2)) for _ in range(3))
    dtype = kind(draw, known, FULL)
    x = array(draw, dtype, (draw(st.integers(1, 2)), *sizes, groups * inside), -4, 4, edges=None)
    return x, array(draw, dtype, (*size, inside, groups * outside), -4, 4, edges=None), strides, padding, dilation, groups


@recipe("pool")
def pools(draw, known, name):
    sizes, size, strides, padding, _ = window(draw, draw(st.integers(1, 2)), False)
    x = array(draw, kind(draw, known, FULL), (draw(st.integers(1, 2)), *sizes, draw(st.integers(1, 2))), -4, 4, edges=FINITE)
    return x, draw(st.sampled_from(["max", "sum"])), size, strides, padding
