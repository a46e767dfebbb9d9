"""Every example in a docstring and every Python block of the documents runs, on the reference as the default backend."""

import doctest
import importlib
import pathlib
import re
import sys

import numpy as np
import pytest

import polykeras
from polykeras import config

ROOT = pathlib.Path(__file__).resolve().parents[1]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "polykeras").rglob("*.py")
    if ">>> " in path.read_text() and path.name != "__main__.py"
)
BLOCKS = [
    (path, number)
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for number, _ in enumerate(re.findall(r"```python\n", path.read_text()))
]


class Close(doctest.OutputChecker):
    """Takes floats that differ in their last digits for equal."""

    number = re.compile(r"-?\d+\.\d*(?:e[-+]?\d+)?")

    def check_output(self, want, got, flags):
        if super().check_output(want, got, flags):
            return True
        words, numbers = self.number.sub("#", want).split(), [float(x) for x in self.number.findall(want)]
        found = [float(x) for x in self.number.findall(got)]
        return words == self.number.sub("#", got).split() and np.allclose(found, numbers, rtol=1e-5, atol=1e-7)


@pytest.fixture
def reference():
    """The reference as the default backend, and names counted anew."""
    before = config._settings["backend"]
    polykeras.utils.clear_session()
    config.set_backend("numpy")
    yield
    config._settings["backend"] = before


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name, reference):
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(Close(), optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    told = []
    for example in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        polykeras.utils.clear_session()
        runner.run(example, out=told.append)
    assert runner.failures == 0, "".join(told)


def test_there_are_examples():
    assert len(MODULES) > 20 and len(BLOCKS) > 0


def test_the_checker_sees_a_wrong_number():
    assert Close().check_output("0.25\n", "0.2500000001\n", 0) and not Close().check_output("0.25\n", "0.26\n", 0)


@pytest.mark.parametrize(("path", "number"), BLOCKS, ids=[f"{path.name}-{number}" for path, number in BLOCKS])
def test_documents(path, number, reference, monkeypatch):
    monkeypatch.setitem(sys.modules, "myframework", np)  # the one that a reader is to write a backend for
    source = re.findall(r"```python\n(.*?)```", path.read_text(), re.DOTALL)[number]
    exec(compile(source, f"{path.name}, block {number}", "exec"), {"np": np, "keras": polykeras, "polykeras": polykeras})
