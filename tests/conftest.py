"""What every test finds: the backends under test, and Keras, the oracle, on torch."""

import os

os.environ["KERAS_BACKEND"] = "torch"  # Keras reads it when it is imported
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest  # noqa: E402

BACKENDS = ("numpy", "jax", "torch", "tensorflow", "tensorflow_graph")
JUDGED = ("numpy", "torch")


@pytest.fixture(params=BACKENDS, scope="session")
def backend(request):
    """The name of a backend; a test that takes it runs on each."""
    return request.param


@pytest.fixture(params=JUDGED, scope="session")
def judged(request):
    """The name of a backend whose wide tables Keras judges; conformance holds the others to the first, case by case."""
    return request.param


@pytest.fixture
def default_backend(backend):
    """The name of a backend that is the default while the test runs."""
    from polykeras import config

    before = config._settings["backend"]
    config.set_backend(backend)
    yield backend
    config._settings["backend"] = before
