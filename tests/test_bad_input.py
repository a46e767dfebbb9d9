"""Input that does not fit is refused before the first step: one type and one text on every backend, and no weight changes."""

import functools
import types

import numpy as np
import pytest
from twins import quick

import polykeras
from polykeras import errors, layers, plugins
from polykeras.plugins import BackendInfo, registry

X = np.linspace(-1, 1, 40, dtype="float32").reshape(10, 4)
Y = np.arange(10) % 3
WORDS = np.arange(30).reshape(10, 3) % 7
PLAIN = {"verbose": 0, "batch_size": 4}


def classifier(backend, loss="sparse_categorical_crossentropy", **arguments):
    model = polykeras.Sequential([layers.Input((4,), name="features"), layers.Dense(5), layers.Dense(3, activation="softmax")], name="classifier")
    model.compile("sgd", loss, **quick(backend), **arguments)
    return model


def reader(backend):
    model = polykeras.Sequential([layers.Input((3,), dtype="int32", name="words"), layers.Embedding(7, 2, name="table"), layers.Flatten(), layers.Dense(1)], name="reader")
    model.compile("sgd", "mse", **quick(backend))
    return model


def wide(backend):
    left, right = layers.Input((4,), name="left"), layers.Input((2,), name="right")
    first = layers.Dense(3, activation="softmax", name="kind")(layers.Concatenate()([left, right]))
    model = polykeras.Model([left, right], [first, layers.Dense(1, name="size")(first)], name="wide")
    model.compile("sgd", {"kind": "sparse_categorical_crossentropy", "size": "mse"}, **quick(backend))
    return model


def with_last(values, last):
    """Return values with another last one: it is in no first batch."""
    return np.concatenate([values[:-1], np.full_like(values[-1:], last)])


def batches(*parts):
    """Return an endless generator of the same batch."""
    while True:
        yield parts


PAIR = [X, X[:, :2]]
# the model; what is done with it; the error; what its text says: received, expected, remedy
CASES = {
    "features": (classifier, lambda m: m.fit(X[:, :3], Y, **PLAIN), errors.DataError, "'features' expected shape (None, 4), got (4, 3). Reshape"),
    "rank": (classifier, lambda m: m.fit(X[:, None], Y, **PLAIN), errors.DataError, "'features' expected shape (None, 4), got (4, 1, 4). Reshape"),
    "numbers alone": (classifier, lambda m: m.fit(np.float32(3), Y, **PLAIN), errors.DataError, "x: expected arrays with a leading axis of samples, got a single number. Pass"),
    "evaluate": (classifier, lambda m: m.evaluate(X[:, :3], Y, **PLAIN), errors.DataError, "expected shape (None, 4), got (4, 3)"),
    "predict": (classifier, lambda m: m.predict(X[:, :3], **PLAIN), errors.DataError, "expected shape (None, 4), got (4, 3)"),
    "train_on_batch": (classifier, lambda m: m.train_on_batch(X[:, :3], Y), errors.DataError, "expected shape (None, 4), got (10, 3)"),
    "calling": (classifier, lambda m: m(X[:, :3]), errors.DataError, "expected shape (None, 4), got (10, 3)"),
    "validation": (classifier, lambda m: m.fit(X, Y, validation_data=(X[:, :3], Y), **PLAIN), errors.DataError, "expected shape (None, 4), got (4, 3)"),
    "text": (classifier, lambda m: m.fit(X.astype(str), Y, **PLAIN), errors.DTypeError, "x: expected numbers, got an array of dtype str"),
    "objects": (classifier, lambda m: m.fit(np.array([[None] * 4] * 10), Y, **PLAIN), errors.DTypeError, "x: expected numbers, got an array of dtype object. Convert"),
    "text labels": (classifier, lambda m: m.fit(X, Y.astype(str), **PLAIN), errors.DTypeError, "y: expected numbers, got an array of dtype str"),
    "complex": (classifier, lambda m: m.fit(X.astype("complex64"), Y, **PLAIN), errors.DTypeError, "x: expected numbers, got an array of dtype complex64. Convert"),
    "ragged": (classifier, lambda m: m.fit([[1.0, 2.0], [3.0]], Y[:2], **PLAIN), errors.DataError, "x: expected rows of one length, got a list whose rows differ. Cut or fill"),
    "label too large": (classifier, lambda m: m.fit(X, with_last(Y, 3), **PLAIN), errors.DataError, "y: labels: expected values from 0 to 2, got 3. Renumber"),
    "label below 0": (classifier, lambda m: m.fit(X, with_last(Y, -1), **PLAIN), errors.DataError, "y: labels: expected values from 0 to 2, got -1. Renumber"),
    "label in validation": (classifier, lambda m: m.fit(X, Y, validation_data=(X, with_last(Y, 7)), **PLAIN), errors.DataError, "from 0 to 2, got 7"),
    "label in evaluate": (classifier, lambda m: m.evaluate(X, with_last(Y, 7), **PLAIN), errors.DataError, "from 0 to 2, got 7"),
    "label in a generator": (classifier, lambda m: m.fit(batches(X, with_last(Y, 7)), steps_per_epoch=1, verbose=0), errors.DataError, "from 0 to 2, got 7"),
    "index too large": (reader, lambda m: m.fit(with_last(WORDS, 7), Y, **PLAIN), errors.DataError, "Embedding 'table': expected values from -7 to 6, got 7. Renumber"),
    "index in predict": (reader, lambda m: m.predict(with_last(WORDS, -8), **PLAIN), errors.DataError, "Embedding 'table': expected values from -7 to 6, got -8. Renumber"),
    "no samples": (classifier, lambda m: m.fit(X[:0], Y[:0], **PLAIN), errors.DataError, "x: expected at least one sample, got none. Check"),
    "no samples to predict": (classifier, lambda m: m.predict(X[:0], **PLAIN), errors.DataError, "x: expected at least one sample, got none. Check"),
    "no batches": (classifier, lambda m: m.fit(iter([]), verbose=0), errors.DataError, "x: expected at least one batch, got a list_iterator that yields none"),
    "fewer labels": (classifier, lambda m: m.fit(X, Y[:7], **PLAIN), errors.DataError, "Expected as many samples in every array, got x has 10, y has 7. Cut"),
    "fewer weights": (classifier, lambda m: m.fit(X, Y, sample_weight=np.ones(3), **PLAIN), errors.DataError, "x has 10, y has 10, sample_weight has 3. Cut"),
    "inputs of two lengths": (wide, lambda m: m.fit([X, X[:6, :2]], [Y, Y], **PLAIN), errors.DataError, "x: expected arrays of one length, got lengths 6, 10. Cut"),
    "one input of two": (wide, lambda m: m.fit(X, [Y, Y], **PLAIN), errors.DataError, "wide': expected 2 inputs (left, right), got 1"),
    "unknown input": (wide, lambda m: m.fit({"left": X, "rihgt": X[:, :2]}, [Y, Y], **PLAIN), errors.DataError, "expected inputs left, right, got left, rihgt. Add right"),
    "three targets of two": (wide, lambda m: m.fit(PAIR, [Y, Y, Y], **PLAIN), errors.DataError, "y: expected one for each of the outputs kind, size, got 3"),
    "unknown target": (wide, lambda m: m.fit(PAIR, {"kind": Y, "sice": Y}, **PLAIN), errors.DataError, "y: expected names among kind, size, got sice"),
    "label of an output": (wide, lambda m: m.fit(PAIR, [with_last(Y, 5), Y], **PLAIN), errors.DataError, "y for output 'kind': labels: expected values from 0 to 2, got 5. Renumber"),
    "no labels": (classifier, lambda m: m.fit(X, **PLAIN), errors.DataError, "y: expected labels"),
    "label shapes": (lambda b: classifier(b, "categorical_crossentropy"), lambda m: m.fit(X, np.ones((10, 5)), **PLAIN), errors.PolykerasError, "5"),
    "batch size": (classifier, lambda m: m.fit(X, Y, batch_size=0, verbose=0), errors.DataError, "batch_size: expected a positive int, got 0"),
    "epochs": (classifier, lambda m: m.fit(X, Y, epochs=1.5, **PLAIN), ValueError, "epochs: expected an int of at least 0, got 1.5"),
    "split": (classifier, lambda m: m.fit(X, Y, validation_split=1.5, **PLAIN), errors.DataError, "validation_split: expected a share between 0 and 1, got 1.5"),
    "four parts": (classifier, lambda m: m.fit(batches(X, Y, Y, Y), steps_per_epoch=1, verbose=0), errors.DataError, "A batch: expected x, (x, y) or (x, y, sample_weight), got 4 parts"),
    "class_weight and sample_weight": (classifier, lambda m: m.fit(X, Y, class_weight={0: 2.0}, sample_weight=np.ones(10), **PLAIN), errors.DataError, "Expected class_weight or sample_weight, got both. Multiply"),
    "unknown loss": (classifier, lambda m: m.compile("sgd", "msee"), ValueError, "Unknown loss: got 'msee', expected one of"),
    "unknown optimizer": (classifier, lambda m: m.compile("sdg", "mse"), ValueError, "Unknown optimizer: got 'sdg', expected one of"),
    "unknown metric": (classifier, lambda m: m.compile("sgd", "mse", metrics=["acuracy"]), ValueError, "Unknown metric: got 'acuracy', expected one of"),
    "no function as a loss": (classifier, lambda m: m.compile("sgd", 3), ValueError, "got 3"),
    "unknown backend": (classifier, lambda m: m.compile("sgd", "mse", backend="abacus"), errors.UnknownBackendError, "abacus"),
    "moved to an unknown backend": (classifier, lambda m: m.to("abacus"), errors.UnknownBackendError, "abacus"),
}  # fmt: skip


def refused(backend, case):
    """Return the error of a case, having seen that no weight and no counter changed."""
    make, act, *_ = CASES[case]
    polykeras.utils.clear_session()
    polykeras.utils.set_random_seed(0)
    model = make(backend)
    before = [v.numpy() for v in [*model.variables, *model.optimizer.variables]]
    with pytest.raises(Exception) as caught:
        act(model)
    for old, new in zip(before, [*model.variables, *model.optimizer.variables]):
        np.testing.assert_array_equal(new.numpy(), old)
    assert model.backend == backend
    return caught.value


@functools.cache
def on_the_reference(case):
    return refused("numpy", case)


@pytest.mark.parametrize("case", CASES)
def test_one_error_on_every_backend_before_the_first_step(case, backend):
    error, (*_, kind, text) = refused(backend, case), CASES[case]
    assert isinstance(error, kind), f"{type(error).__name__}: {error}"
    assert text in str(error)
    assert (type(error), str(error)) == (type(on_the_reference(case)), str(on_the_reference(case)))


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_before_compile(method):
    model = polykeras.Sequential([layers.Input((4,)), layers.Dense(3)], name="raw")
    with pytest.raises(ValueError, match=f"Sequential 'raw': {method} needs compile"):
        getattr(model, method)(X, Y)


@pytest.mark.parametrize("act", [lambda m, x: m.fit(x, Y, **PLAIN), lambda m, x: m.fit(X, x, **PLAIN), lambda m, x: m.predict(x, **PLAIN)], ids=["x", "y", "predict"])
def test_a_tensor_of_another_backend(act, backend):
    other = "numpy" if backend == "torch" else "torch"
    if other == "numpy":
        import jax.numpy

        tensor, other = jax.numpy.asarray(X), "jax"
    else:
        import torch

        tensor = torch.tensor(X)
    model = classifier(backend)
    before = model.get_weights()
    with pytest.raises(errors.BackendMismatchError, match=f"got a tensor of backend '{other}' for a model on '{backend}'. Pass NumPy arrays"):
        act(model, tensor)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(new, old)


def test_the_names_of_unknown_and_missing_backends():
    with pytest.raises(errors.UnknownBackendError, match="'abacus'") as caught:
        polykeras.config.set_backend("abacus")
    assert all(name in str(caught.value) for name in ("numpy", "torch", "jax", "tensorflow_graph"))


def offered(name, module, monkeypatch, **arguments):
    """Put one more backend on offer."""
    offer = plugins.Offer(name, "a test", BackendInfo(name, module, **arguments))
    rows = [*registry.offers(), offer]
    monkeypatch.setattr(registry, "_offers", rows)


def test_a_backend_whose_framework_is_not_installed(monkeypatch):
    offered("far", "no_such_framework.backend", monkeypatch, requires=("no-such-framework",))
    model = classifier("numpy")
    with pytest.raises(errors.BackendUnavailableError, match="far.*no_such_framework"):
        model.compile("sgd", "mse", backend="far")
    assert model.backend == "numpy"


def test_float64_where_there_is_none(monkeypatch):
    reference = registry.load("numpy")
    narrow = types.ModuleType("narrow_backend")
    narrow.__dict__.update({name: value for name, value in vars(reference).items() if not name.startswith("__")})
    narrow.name, narrow.capabilities = "narrow", reference.capabilities - {"float64"}
    monkeypatch.setitem(__import__("sys").modules, "narrow_backend", narrow)
    offered("narrow", "narrow_backend", monkeypatch)
    assert registry.load("narrow").name == "narrow"
    model = classifier("numpy")
    model.to("narrow").predict(X, verbose=0)
    before = polykeras.config.floatx()
    polykeras.config.set_floatx("float64")
    try:
        wide_model = polykeras.Sequential([layers.Input((4,)), layers.Dense(3)])
        wide_model.compile("sgd", "mse", backend="numpy")
        with pytest.raises(errors.DTypeError, match="Backend 'narrow' has no float64: it has .*float32.* Cast to one of these, or choose another backend"):
            wide_model.to("narrow")
        assert wide_model.backend == "numpy"
    finally:
        polykeras.config.set_floatx(before)
