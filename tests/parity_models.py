"""Data and small models that the tests of the parity tool share."""

import numpy as np

import polykeras
from polykeras import layers, losses, models, ops, scope

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.normal(size=(16, 6, 6, 3)).astype("float32")
SERIES = RANDOM.normal(size=(16, 6, 5)).astype("float32")
ROWS = RANDOM.normal(size=(16, 5)).astype("float32")
ZEROS = np.zeros_like(ROWS)
TARGETS = RANDOM.normal(size=(16, 2)).astype("float32")
LABELS = RANDOM.integers(0, 4, 16).astype("int32")


def compiled(model, loss="mse", optimizer="adam", **arguments):
    """Return the model, compiled without TensorFlow's XLA."""
    model.compile(optimizer, loss, jit_compile=False, **arguments)
    return model


def network(*middle, shape=(5,), units=2, **arguments):
    """Return layers between a Dense "first" and a Dense "last"."""
    polykeras.utils.set_random_seed(1)
    first = [layers.Dense(4, name="first")] if len(shape) == 1 else []
    flat = [layers.Flatten(name="flat")] if len(shape) == 3 else []
    return compiled(models.Sequential([layers.Input(shape), *first, *middle, *flat, layers.Dense(units, name="last")], name="net"), **arguments)


def on(name):
    """Whether the step that runs is recorded for a backend."""
    backend = scope.running()
    return getattr(backend, "target", backend).name == name


class Threshold(layers.Layer):
    """What is above 0, by maximum."""

    def call(self, inputs):
        return ops.maximum(inputs, 0.0)


class Skewed(layers.Layer):
    """A layer that is another on torch."""

    def call(self, inputs):
        return ops.tanh(inputs) * (1.0001 if on("torch") else 1.0)


class Wild(layers.Layer):
    """A layer that makes much of the last digits."""

    def call(self, inputs):
        return ops.sin(inputs * 1e6)


class Stopped(layers.Layer):
    """A layer that lets no gradient through on a Session."""

    def call(self, inputs):
        return ops.stop_gradient(inputs) if on("tensorflow_graph") else inputs


class Outer(layers.Layer):
    """A layer of layers, with an op of its own."""

    def __init__(self, inner, **arguments):
        super().__init__(**arguments)
        self.inner = inner

    def call(self, inputs):
        return self.inner(inputs) * ops.sigmoid(inputs)


def among_labels():
    """Return a network of four classes that all look alike."""
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model = models.Sequential([layers.Input((5,)), layers.Dense(4, kernel_initializer="zeros", name="last")], name="net")
    return compiled(model, loss, metrics=["accuracy"])


def varied():
    """Return a model with nesting, normalisation, dropout and two inputs."""
    polykeras.utils.set_random_seed(1)
    image, row = layers.Input((6, 6, 3), name="image"), layers.Input((5,), name="row")
    encoder = models.Sequential([layers.Conv2D(4, 3, padding="same", name="conv"), layers.BatchNormalization(name="norm"), layers.ReLU(name="relu")], name="encoder")
    seen = layers.Dropout(0.3, name="dropout")(layers.GlobalAveragePooling2D(name="pool")(encoder(image)))
    joined = layers.Concatenate(name="joined")([seen, ops.tanh(layers.Dense(3, name="side")(row))])
    return compiled(models.Model([image, row], layers.Dense(2, name="last")(joined), name="varied"), metrics=["mae"])


class Written(models.Model):
    """A model with a step of its own."""

    def __init__(self):
        super().__init__(name="written")
        self.first, self.last = layers.Dense(4, activation="tanh", name="first"), layers.Dense(2, name="last")

    def call(self, inputs):
        return self.last(self.first(inputs))

    def train_step(self, data):
        x, y = data
        step = polykeras.value_and_grad(lambda: ops.mean(ops.square(self(x, training=True) - y)), variables=self.trainable_variables)
        loss, gradients = step()
        self.optimizer.apply(gradients, self.trainable_variables)
        return {"loss": loss}


def lstm():
    """Return a network around an LSTM."""
    return network(layers.LSTM(3, name="memory"), shape=(6, 5))


def gru():
    """Return a network around a GRU."""
    return network(layers.GRU(3, name="memory"), shape=(6, 5))
