"""The backend as polykeras's users meet it; the contract itself is tested by polykeras_conformance."""

import subprocess
import sys

import numpy as np
import pytest

import polykeras as keras


def losses_of(backend, dtype="float32", jit="auto"):
    """Return the losses of three epochs of a small network on a backend."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 8)).astype(dtype), rng.integers(0, 3, 64).astype("int32")
    dense = lambda *args, **kwargs: keras.layers.Dense(*args, dtype=dtype, **kwargs)
    model = keras.Sequential([keras.layers.Input((8,), dtype=dtype), dense(16, activation="gelu"), dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, backend=backend, jit_compile=jit)
    return model.fit(x, y, batch_size=16, epochs=3, verbose=0).history["loss"]


@pytest.mark.parametrize("dtype, bound", [("float32", 1e-5), ("float64", 1e-10)])
def test_same_losses_as_the_reference(dtype, bound):
    np.testing.assert_allclose(losses_of("mlx", dtype), losses_of("numpy", dtype), rtol=bound)


def test_the_plugin_imports_no_mlx():
    script = "import sys; from polykeras.plugins import registry; assert 'mlx' in registry.names(); print('mlx.core' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_reductions_of_nothing():
    """MLX itself hangs at times on these."""
    for dtype in ("float32", "uint8", "int32"):
        made = keras.run(lambda x: (keras.ops.sum(x, 1), keras.ops.prod(x, 1)), np.zeros((2, 0, 3), dtype), backend="mlx")
        assert np.all(made[0] == 0) and np.all(made[1] == 1)
