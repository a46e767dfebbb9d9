"""Real data, in small extracts that come with the suite: images of digits, and spoken vowels.

data.npz holds the first 96 images of "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak;
UCI Machine Learning Repository, doi 10.24432/C50P49) as scikit-learn ships them, and 48 of the training series
of "Japanese Vowels" (M. Kudo, J. Toyama, M. Shimbo; UCI, doi 10.24432/C5NS47) as aeon ships them, cut after 14
steps. Both are licensed CC BY 4.0. `python -m polykeras_conformance.data` makes the file anew; it needs
scikit-learn and aeon, the suite needs neither.
"""

import functools
import importlib.util
import pathlib

import numpy as np

FILE = pathlib.Path(__file__).with_name("data.npz")
IMAGES, SERIES, STEPS = 96, 48, 14


@functools.cache
def _stored():
    with np.load(FILE) as stored:
        return dict(stored)


def digits(count=IMAGES):
    """Return images (count, 8, 8) from 0 to 1, and their digits (count,) int32."""
    stored = _stored()
    return stored["images"][:count] / np.float32(16), stored["digits"][:count].astype(np.int32)


def vowels(count=SERIES):
    """Return series (count, 14, 12) of 12 cepstrum coefficients, 0 behind their ends, and their speakers (count,) int32."""
    stored = _stored()
    return stored["series"][:count], stored["speakers"][:count].astype(np.int32)


def letters(count=SERIES):
    """Return the vowels as numbers of words (count, 14) int32: 1 to 19 by the first coefficient, 0 behind the end."""
    series, speakers = vowels(count)
    words = 1 + np.clip(np.floor((series[..., 0] + 1.4) * 5.5), 0, 18)
    return np.where(series.any(-1), words, 0).astype(np.int32), speakers


def _extract():
    """Write the extracts from the packages that ship the data."""
    from sklearn.datasets import load_digits

    given = load_digits()
    folder = pathlib.Path(importlib.util.find_spec("aeon").origin).parent / "datasets/data/JapaneseVowels"
    text = (folder / "JapaneseVowels_TRAIN.ts").read_text().partition("@data")[2].split()
    rows = [line.split(":") for line in text[:: len(text) // SERIES][:SERIES]]
    rows = [row for start in range(6) for row in rows[start::6]]  # neighbours are of different speakers
    series = np.zeros((SERIES, STEPS, 12), np.float32)
    for row, (*channels, _) in zip(series, rows):
        for channel, values in enumerate(channels):
            numbers = np.array(values.split(","), np.float32)[:STEPS]
            row[: len(numbers), channel] = numbers
    np.savez_compressed(
        FILE,
        images=given.images[:IMAGES].astype(np.uint8),
        digits=given.target[:IMAGES].astype(np.uint8),
        series=series,
        speakers=np.array([int(row[-1]) - 1 for row in rows], np.uint8),
    )


if __name__ == "__main__":
    _extract()
