"""The README's example runs as it is printed, and the documents made from the code are up to date."""

import pathlib
import re

import numpy as np

from docs import generate

ROOT = pathlib.Path(__file__).resolve().parents[1]


def example():
    """Return the README's first Python block."""
    return re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL).group(1)


def test_the_example_is_short():
    assert len([line for line in example().splitlines() if line.strip()]) <= 22


def test_the_example_moves_a_model_and_the_curve_is_that_of_one_that_stays(capsys):
    moved, stayed = {}, {}
    exec(example(), moved)
    source = re.sub(r'backend="\w+"', 'backend="numpy"', example())
    source = re.sub(r"\.to\(\"\w+\"\)", "", source)
    exec(source, stayed)
    assert moved["model"].backend == "tensorflow_graph" and stayed["model"].backend == "numpy"
    last = [values["model"].history.history["loss"][-1] for values in (moved, stayed)]
    np.testing.assert_allclose(*last, rtol=1e-5)


def test_contract_document_is_that_of_the_code():
    assert (ROOT / "docs/contract.md").read_text() == generate.document()
