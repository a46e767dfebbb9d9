"""NumPy by hand: hidden layers with relu, their gradients written out. For information."""

import numpy as np

from benchmarks import workloads as w


def _layers(weights):
    """Return [(kernel, bias)] in the model's order."""
    values = list(weights.values())
    return list(zip(values[::2], values[1::2]))


def _forward(layers, x):
    """Return what goes into each layer, and the logits."""
    into = []
    for kernel, bias in layers[:-1]:
        into.append(x)
        x = np.maximum(x @ kernel + bias, 0)
    return [*into, x], x @ layers[-1][0] + layers[-1][1]


def _gradients(layers, x, labels):
    """Return the loss, and the gradients from the first kernel to the last bias."""
    into, logits = _forward(layers, x)
    logits -= logits.max(1, keepdims=True)
    exponentials = np.exp(logits)
    rows, sums = np.arange(len(x)), exponentials.sum(1, keepdims=True)
    loss = (np.log(sums[:, 0]) - logits[rows, labels]).mean()
    back = exponentials / sums
    back[rows, labels] -= 1
    back /= len(x)
    found = []
    for index in reversed(range(len(layers))):
        found += [back.sum(0), into[index].T @ back]
        back = (back @ layers[index][0].T) * (into[index] > 0) if index else None
    return loss, found[::-1]


def train(job):
    """Return epoch(steps) -> mean loss."""
    ((x,), labels), count = job.stacked, 0
    layers = _layers(job.weights)
    values = [value for layer in layers for value in layer]
    m, v = [np.zeros_like(a) for a in values], [np.zeros_like(a) for a in values]

    def step(x, labels):
        nonlocal count
        loss, gradients = _gradients(layers, x, labels)
        count += 1
        rate = w.LEARNING_RATE * (1 - w.BETA_2**count) ** 0.5 / (1 - w.BETA_1**count)
        for value, g, mean, square in zip(values, gradients, m, v):
            mean += (g - mean) * (1 - w.BETA_1)
            square += (g * g - square) * (1 - w.BETA_2)
            value -= rate * mean / (np.sqrt(square) + w.EPSILON)
        return loss

    return lambda steps: np.mean([step(*batch) for batch in zip(x[:steps], labels)])


def predict(job):
    """Return epoch(steps) -> outputs."""
    ((x,), _), layers = job.stacked, _layers(job.weights)
    return lambda steps: np.concatenate([_forward(layers, batch)[1] for batch in x[:steps]])
