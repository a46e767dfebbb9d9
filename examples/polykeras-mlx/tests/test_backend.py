"""The backend as polykeras's users meet it; the contract itself is tested by polykeras_conformance."""

import subprocess
import sys

import numpy as np
import pytest

import polykeras as keras


def losses_of(backend):
    """Return the losses of three epochs of a small network on a backend."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 8)).astype(keras.config.floatx()), rng.integers(0, 3, 64).astype("int32")
    model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(16, activation="gelu"), keras.layers.Dense(3)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), backend=backend)
    return model.fit(x, y, batch_size=16, epochs=3, verbose=0).history["loss"]


@pytest.fixture
def floatx(request):
    """The default float dtype while a test runs."""
    before = keras.config.floatx()
    keras.config.set_floatx(request.param)
    yield request.param
    keras.config.set_floatx(before)


@pytest.mark.parametrize("floatx, bound", [("float32", 1e-5), ("float64", 1e-10)], indirect=["floatx"])
def test_same_losses_as_the_reference(floatx, bound):
    np.testing.assert_allclose(losses_of("mlx"), losses_of("numpy"), rtol=bound)


def test_the_plugin_imports_no_mlx():
    script = "import sys; from polykeras.plugins import registry; assert 'mlx' in registry.names(); print('mlx.core' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip() == "False"


def test_reductions_of_nothing():
    """MLX itself hangs at times on these."""
    for dtype in ("float32", "uint8", "int32"):
        made = keras.run(lambda x: (keras.ops.sum(x, 1), keras.ops.prod(x, 1)), np.zeros((2, 0, 3), dtype), backend="mlx")
        assert np.all(made[0] == 0) and np.all(made[1] == 1)
