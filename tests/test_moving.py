"""A model moves from backend to backend in the middle of training: no bit changes on the way, and the curve is that of one that stays."""

import functools

import numpy as np
import oracle
import pytest
import real_data
from conftest import BACKENDS
from twins import quick

import polykeras
from polykeras import layers

BOUND = {"float32": 1e-5, "float64": 1e-10}
RING = [*BACKENDS, BACKENDS[0]]
TOUR = "numpy jax torch tensorflow tensorflow_graph numpy torch tensorflow_graph jax tensorflow numpy"  # half of the ways
TOUR = TOUR.split() + TOUR.split()[-2::-1]  # and back: every backend to every other
SIZE, BATCH = 160, 32


def network(dtype, optimizer=None):
    """Return a CNN with batch normalisation and dropout, compiled with Adam, and digits."""
    polykeras.utils.clear_session()
    polykeras.utils.set_random_seed(5)
    model = polykeras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(6, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer or polykeras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"], **quick("numpy"))
    x, y = real_data.digits(SIZE)
    return model, x.astype(dtype), y


def place(model, backend):
    """Move a model, and spare it TensorFlow's XLA there."""
    model.jit_compile = quick(backend)["jit_compile"]
    return model.to(backend)


def state(model):
    """Return {path: value} of all that a model and its training remember."""
    parts = {"model": model.variables, "optimizer": model.optimizer.variables, "metrics": [v for m in model.metrics for v in m.variables]}
    return {f"{part} {number} {v.path}": v.numpy() for part, variables in parts.items() for number, v in enumerate(variables)}


def assert_same_bits(got, wanted):
    assert list(got) == list(wanted)
    for path, value in wanted.items():
        assert got[path].dtype == value.dtype and got[path].tobytes() == value.tobytes(), path


@functools.cache
def unmoved(dtype):
    """Return the losses of a model that stays on the reference, an epoch for each stage of the ring, and its last state."""
    with oracle.floatx(dtype):
        model, x, y = network(dtype)
        history = model.fit(x, y, batch_size=BATCH, epochs=len(RING), verbose=0).history
        return history["loss"], history["accuracy"], state(model)


@pytest.mark.parametrize("dtype", oracle.DTYPES)
def test_the_curve_of_a_model_that_moves_every_epoch(dtype):
    losses, accuracies, last = unmoved(dtype)
    with oracle.floatx(dtype):
        model, x, y = network(dtype)
        found = []
        for epoch, backend in enumerate(RING):
            found.append(place(model, backend).fit(x, y, batch_size=BATCH, initial_epoch=epoch, epochs=epoch + 1, verbose=0).history)
        assert model.backend == "numpy" and losses[-1] < 0.5 * losses[0]
        np.testing.assert_allclose([made["loss"][0] for made in found], losses, rtol=BOUND[dtype])
        np.testing.assert_allclose([made["accuracy"][0] for made in found], accuracies, rtol=1e-6)
        moved = state(model)
    assert list(moved) == list(last)
    for path, value in last.items():
        if value.dtype.kind == "i":
            np.testing.assert_array_equal(moved[path], value, err_msg=path)  # the seeds' counters, the optimizer's steps
        else:
            np.testing.assert_allclose(moved[path], value, rtol=0, atol=20 * BOUND[dtype] * max(1, np.abs(value).max()), err_msg=path)


@pytest.mark.parametrize("dtype", oracle.DTYPES)
def test_no_bit_changes_on_any_way(dtype):
    assert len(set(zip(TOUR, TOUR[1:]))) == len(BACKENDS) * (len(BACKENDS) - 1)
    with oracle.floatx(dtype):
        model, x, y = network(dtype, polykeras.optimizers.Adam(0.01, amsgrad=True, use_ema=True))
        model.train_on_batch(x[:BATCH], y[:BATCH])
        before = state(model)
        assert any("velocity_hat" in path for path in before) and any("average" in path for path in before)
        assert any("seed" in path for path in before) and any(path.startswith("metrics") and before[path] > 0 for path in before)
        for backend in TOUR[1:]:
            assert place(model, backend).backend == backend
            assert_same_bits(state(model), before)


def test_within_an_epoch_and_back(backend):
    steps = [slice(start, start + BATCH) for start in range(0, SIZE, BATCH)]
    stays, x, y = network("float32")
    wanted = [stays.train_on_batch(x[step], y[step]) for step in steps]
    model, *_ = network("float32")
    found = []
    for number, step in enumerate(steps):
        if number in (2, 4):
            place(model, backend if number == 2 else "numpy")
            results = {path: value for path, value in state(model).items() if path.startswith("metrics")}
            assert all(value != 0 for value in results.values())
        found.append(model.train_on_batch(x[step], y[step]))
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_prediction_and_weights_on_the_way(backend):
    model, x, y = network("float32")
    model.fit(x, y, verbose=0)
    wanted, weights = model.predict(x, verbose=0), model.get_weights()
    place(model, backend)
    np.testing.assert_allclose(model.predict(x, verbose=0), wanted, rtol=1e-5, atol=1e-7)
    for ours, theirs in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_unknown_backend_moves_nothing():
    model, x, y = network("float32")
    model.train_on_batch(x[:BATCH], y[:BATCH])
    before = state(model)
    with pytest.raises(polykeras.errors.UnknownBackendError):
        model.to("abacus")
    assert model.backend == "numpy"
    assert_same_bits(state(model), before)
