"""`fit` of polykeras, or of Keras 3, on the Dense workload."""

from benchmarks import workload as w


def _model(keras):
    layers = keras.layers
    model = keras.Sequential([layers.Input((w.FEATURES,)), layers.Dense(w.HIDDEN, activation="relu"), layers.Dense(w.CLASSES)])
    model.set_weights(w.weights())
    return model, keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def _timed(model, batch, epochs):
    x, y = w.data(batch)

    def epoch():
        return model.fit(x, y, batch_size=batch, epochs=1, shuffle=False, verbose=0).history["loss"][-1]

    w.timed(epoch, len(x) // batch, epochs)


def polykeras(backend, batch, epochs):
    """Time polykeras on a backend."""
    import polykeras as keras

    model, loss = _model(keras)
    model.compile("adam", loss, backend=backend)
    _timed(model, batch, epochs)


def keras(backend, batch, epochs):
    """Time Keras 3; its backend is chosen by KERAS_BACKEND before it is imported."""
    import keras

    model, loss = _model(keras)
    model.compile("adam", loss)
    _timed(model, batch, epochs)
