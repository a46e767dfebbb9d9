"""Whole trainings on real data against Keras 3.15.1: the loss after every batch and the weights at the end."""

import contextlib
import functools

import keras
import numpy as np
import oracle
import pytest
import real_data
from twins import quick

import polykeras

BOUND = {"float32": 1e-5, "float64": 1e-6}


def cnn(k):
    """Convolutions, batch normalisation and pooling on digits."""
    layers = k.layers
    return k.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(6, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Conv2D(8, 3, strides=2, padding="same", activation="relu"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


def dense(k):
    """Dense layers with a penalty on MNIST."""
    layers = k.layers
    hidden = layers.Dense(32, activation="gelu", kernel_regularizer=k.regularizers.L2(1e-3))
    return k.Sequential([layers.Input((784,)), hidden, layers.Dense(16, activation="tanh"), layers.Dense(10)])


def lstm(k):
    """Masked series of spoken vowels through an LSTM and, backwards, a GRU."""
    layers = k.layers
    series = layers.Input((29, 12))
    shown = layers.Masking()(series)
    both = layers.Concatenate()([layers.LSTM(8)(shown), layers.GRU(6, go_backwards=True)(shown)])
    return k.Model(series, layers.Dense(9, activation="softmax")(both))


def transformer(k):
    """A transformer block on spoken vowels, whose ends are masked."""
    layers = k.layers
    series = layers.Input((29, 12))
    shown = layers.Masking()(series)
    inner = layers.Dense(16)(shown)
    seen = layers.LayerNormalization()(layers.Add()([inner, layers.MultiHeadAttention(2, 8)(inner, inner)]))
    wide = layers.Dense(16)(layers.Dense(32, activation="gelu")(seen))
    mean = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(layers.Add()([seen, wide])))
    return k.Model(series, layers.Dense(9)(mean))


def loss(k, **arguments):
    return k.losses.SparseCategoricalCrossentropy(**arguments)


MODELS = {  # the model, its data, optimizer and loss
    cnn: (real_data.digits, lambda k: k.optimizers.SGD(0.05, momentum=0.9), lambda k: loss(k)),
    dense: (real_data.mnist, lambda k: k.optimizers.Adam(0.002), lambda k: loss(k, from_logits=True)),
    lstm: (real_data.vowels, lambda k: k.optimizers.RMSprop(0.005), lambda k: loss(k)),
    transformer: (real_data.vowels, lambda k: k.optimizers.AdamW(0.003, clipnorm=1.0), lambda k: loss(k, from_logits=True)),
}


@contextlib.contextmanager
def floats(dtype):
    """Compute in a dtype in both libraries, and count names anew."""
    keras.utils.clear_session(free_memory=False), polykeras.utils.clear_session()
    before = keras.config.dtype_policy()
    with oracle.floatx(dtype):
        keras.config.set_dtype_policy(dtype)
        try:
            yield
        finally:
            keras.config.set_dtype_policy(before)


def trained(k, make, dtype, start=None, **arguments):
    """Return (first weights, losses and accuracies after each batch, history, last weights, predictions)."""
    data, optimizer, objective = MODELS[make]
    x, y = data()
    x = x.astype(dtype)
    model = make(k)
    if start is None:
        random = np.random.default_rng(1)
        start = [w + random.normal(scale=0.05, size=w.shape) for w in model.get_weights()]
    model.set_weights([w.astype(dtype) for w in start])
    model.compile(optimizer(k), objective(k), metrics=["accuracy"], **arguments)
    seen = []
    watch = k.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append([logs["loss"], logs["accuracy"]]))
    history = model.fit(x, y, batch_size=32, epochs=2, shuffle=False, verbose=0, callbacks=[watch], validation_data=(x[:50], y[:50])).history
    return start, np.array(seen, float), history, model.get_weights(), model.predict(x[:50], verbose=0)


@functools.cache
def expected(make, dtype):
    with floats(dtype):
        return trained(keras, make, dtype, jit_compile=False)


def assert_near(got, wanted, bound, what):
    """Assert that numbers differ by at most bound times the largest wanted one."""
    got, wanted = np.asarray(got, float), np.asarray(wanted, float)
    assert got.shape == wanted.shape, f"{what}: shape {got.shape}, Keras {wanted.shape}"
    gap = np.abs(got - wanted).max() / np.abs(wanted).max()
    assert gap <= bound, f"{what}: off by {gap:.3g}"


@pytest.mark.parametrize("dtype", oracle.DTYPES)
@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_every_batch_is_that_of_keras(make, dtype, backend):
    start, steps, history, weights, predictions = expected(make, dtype)
    with floats(dtype):
        _, our_steps, our_history, our_weights, our_predictions = trained(polykeras, make, dtype, start, **quick(backend))
    assert steps[-1, 0] < steps[0, 0], "the model learns"
    gaps = np.abs(our_steps[:, 0] - steps[:, 0]) / steps[:, 0]
    assert gaps.max() <= BOUND[dtype], f"loss after batch {gaps.argmax()}: off by {gaps.max():.3g}; from the start {gaps[:6]}"
    assert_near(our_steps[:, 1], steps[:, 1], 1e-6, "accuracy")
    assert list(our_history) == list(history)
    for name in history:
        assert_near(our_history[name], history[name], BOUND[dtype], name)
    for number, (ours, theirs) in enumerate(zip(our_weights, weights, strict=True)):
        assert_near(ours, theirs, 100 * BOUND[dtype], f"weight {number}")
    assert_near(our_predictions, predictions, 20 * BOUND[dtype], "predictions")
