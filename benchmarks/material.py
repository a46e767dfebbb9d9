"""What all contenders of a workload read from one file: inputs, labels and first weights, so that they do the same work."""

from typing import NamedTuple

import numpy as np


class Material(NamedTuple):
    """Inputs, labels, and the first weights by their paths, in the model's order."""

    inputs: list
    labels: np.ndarray
    weights: dict


def write(workload, path):
    """Write a workload's material; its weights are those polykeras draws from seed 0."""
    import polykeras as keras

    inputs, labels = workload.data()
    keras.utils.set_random_seed(0)
    weights = {variable.path: variable.numpy() for variable in workload.model(keras).weights}
    count = workload.batch * workload.steps
    rows = np.arange(count) % len(labels)
    named = {f"input {index}": array[rows] for index, array in enumerate(inputs)}
    np.savez(path, labels=labels[rows], **named, **{f"weight {name}": value for name, value in weights.items()})


def read(path):
    """Return the Material that `write` wrote."""
    with np.load(path) as file:
        inputs = [file[name] for name in file.files if name.startswith("input ")]
        weights = {name.removeprefix("weight "): file[name] for name in file.files if name.startswith("weight ")}
        return Material(inputs, file["labels"], weights)
