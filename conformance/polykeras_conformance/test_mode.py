"""Lane of the numeric mode: nothing is set that makes numbers coarser than they are promised to be."""

import numpy as np

from polykeras.ops.dispatch import p
from polykeras_conformance import environment


def test_declared(backend, place):
    """What the backend says of TF32, fast math and flushing is what it must be."""
    text = environment.faults(backend)
    assert not text, f"{backend.name}: {text}"


def test_products_are_whole(place):
    """A product of float32 matrices uses all 24 bits: TF32 and bfloat16 would lose the last ones."""
    x = np.full((8, 8), 1 + 2.0**-12, np.float32)
    made = place.run(lambda a, b: p.matmul(a, b), [x, np.eye(8, dtype=np.float32)])[0]
    assert np.array_equal(made, x)


def test_host_is_left_alone(backend, place):
    """Running the backend leaves the process's own subnormal numbers as they were."""
    place.run(lambda a: p.multiply(a, a), [np.ones(3, np.float32)])
    assert not environment.mode(backend)["flush_to_zero"]
