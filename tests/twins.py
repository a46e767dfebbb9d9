"""Scenarios, each written once: Keras 3.15.1 runs it on torch, polykeras on every backend, and the results must agree."""

import functools

import keras
import numpy as np

import polykeras

BOUND = 1e-5


class Side:
    """Keras or polykeras, as a scenario sees it: the API by its names, and the few ways that differ.

    Args:
        backend: polykeras's backend, or None for Keras.
    """

    def __init__(self, backend=None):
        self.backend, self.api = backend, keras if backend is None else polykeras

    def __getattr__(self, name):
        return getattr(self.api, name)

    def compile(self, model, *args, **arguments):
        """Compile a model with given weights; compilers that would take longer over them than all else are off."""
        if self.backend is None:
            model.compile(*args, **{"jit_compile": False, **arguments})
        else:
            model.compile(*args, **{**quick(self.backend), **arguments})
        return self.fill(model)

    def fill(self, model):
        """Give all weights that are there the same values on both sides; those that are not trained stay positive."""
        random = np.random.default_rng(3)
        for variable in model.weights:
            value = random.uniform(-0.5, 0.5, variable.shape)
            variable.assign((value if variable.trainable else np.abs(value)).astype("float32"))
        return model


def quick(backend):
    """Return the arguments of compile that spare TensorFlow's XLA."""
    return {"backend": backend, "jit_compile": False if backend.startswith("tensorflow") else "auto"}


@functools.cache
def expected(scenario, *arguments):
    """Return what Keras makes of a scenario."""
    keras.utils.clear_session(free_memory=False)
    return plain(scenario(Side(), *arguments))


def check(scenario, backend, *arguments, bound=BOUND):
    """Assert that a scenario gives on a backend what it gives with Keras."""
    wanted = expected(scenario, *arguments)
    polykeras.utils.clear_session()
    assert_like(plain(scenario(Side(backend), *arguments)), wanted, bound)


def plain(made):
    """Return nested results as dicts, lists, NumPy arrays, numbers and words."""
    if isinstance(made, dict):
        return {key: plain(value) for key, value in made.items()}
    if isinstance(made, (list, tuple)):
        return [plain(value) for value in made]
    if hasattr(made, "history") and hasattr(made, "epoch"):
        return {"history": plain(made.history), "epoch": made.epoch}
    return made.detach().numpy() if hasattr(made, "detach") else made


def assert_like(got, wanted, bound=BOUND, where="result"):
    """Assert that nested results have one structure, the same words, and numbers within bound * max(1, |wanted|)."""
    if isinstance(wanted, dict):
        assert isinstance(got, dict) and list(got) == list(wanted), f"{where}: got {got}, expected {wanted}"
        for key in wanted:
            assert_like(got[key], wanted[key], bound, f"{where}[{key!r}]")
    elif isinstance(wanted, list):
        assert isinstance(got, list) and len(got) == len(wanted), f"{where}: got {got}, expected {wanted}"
        for index, pair in enumerate(zip(got, wanted)):
            assert_like(*pair, bound, f"{where}[{index}]")
    elif wanted is None or isinstance(wanted, (str, bool)):
        assert got == wanted, f"{where}: got {got!r}, expected {wanted!r}"
    else:
        got, wanted = np.asarray(got), np.asarray(wanted)
        assert got.shape == wanted.shape, f"{where}: got shape {got.shape}, expected {wanted.shape}"
        gap = np.abs(got.astype(np.float64) - wanted) / np.maximum(1, np.abs(wanted))
        assert np.all(gap <= bound), f"{where}: got {got}, expected {wanted}, off by {gap.max():.3g}"
