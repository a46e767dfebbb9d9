"""Lane of the numeric mode: nothing is set that makes numbers coarser than they are promised to be."""

import numpy as np
import pytest

from polykeras.ops.dispatch import p
from polykeras_conformance import environment

FINE = np.full((8, 8), 1 + 2.0**-12, np.float32)  # TF32 and bfloat16 would lose the last bit that is set
SAME = np.eye(8, dtype=np.float32)


def slope(function, x):
    """Return the gradient of the sum of a function."""
    return p.value_and_grad(lambda arrays: (p.sum(function(arrays[0]), (0, 1), False), []), [x])[2][0]


def convolved(x, kernel):
    """Return the rows of x, as places of an image, times a matrix."""
    made = p.conv(p.reshape(x, (1, 8, 1, 8)), p.reshape(kernel, (1, 1, 8, 8)), (1, 1), "valid", (1, 1), 1)
    return p.reshape(made, (8, 8))


PRODUCTS = {"matmul": lambda x, y: p.matmul(x, y), "conv": convolved}
WAYS = {  # the fine numbers come through a product with ones and zeros, forward and back
    "value": lambda product, x, same: product(x, same),
    "gradient": lambda product, x, same: slope(lambda free: p.multiply(product(free, same), x), same),
}


def test_declared(backend, place):
    """What the backend says of TF32 and fast math is what it must be."""
    text = environment.faults(backend)
    assert not text, f"{backend.name}: {text}"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("product", PRODUCTS)
def test_products_are_whole(place, product, way):
    """A product of float32 numbers uses all 24 bits, forward and in the gradient."""
    made = place.run(lambda x, same: WAYS[way](PRODUCTS[product], x, same), [FINE, SAME])[0]
    assert np.array_equal(made, FINE), f"{place}: {product} gave {made.flat[0]!r}, expected {FINE.flat[0]!r}"


@pytest.mark.parametrize("dtype, sizes", [("float32", (1e-40, 1e-44)), ("float64", (1e-310, 1e-322))])
def test_subnormals(place, dtype, sizes):
    """Numbers below the normal ones stay as they are, or become 0 where the backend says that it flushes them."""
    if place.lacks({dtype}):
        pytest.skip(f"{place.backend.name} lacks the capability {dtype}")
    tiny = np.array([*sizes, *(-size for size in sizes)], dtype)
    made = place.run(lambda x, y: p.multiply(x, y), [tiny, np.ones_like(tiny)])[0]
    dropped = made == 0
    assert np.array_equal(np.where(dropped, tiny, made), tiny), f"{place}: {tiny} times 1 is {made}"
    assert not dropped.any() or environment.mode(place.backend).get("flushes_subnormals"), f"{place} flushes {tiny[dropped]}, and numeric_mode() does not say so"


def test_host_is_left_alone(backend, place):
    """Running the backend leaves the process's own subnormal numbers as they were."""
    place.run(lambda a: p.multiply(a, a), [np.ones(3, np.float32)])
    assert not environment.process_flushes()
