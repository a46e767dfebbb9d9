"""The beginnings of a backend of one's own: a distribution that installs, with every primitive yet to be written.

Its arrays are NumPy's until the author puts a framework's in their place, so that it runs from the first day.
"""

import pathlib
import re

from polykeras import contract
from polykeras.errors import PolykerasError

PYPROJECT = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "polykeras-@NAME@"
version = "0.1.0"
description = "polykeras on @NAME@"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["polykeras", "numpy"]

[project.optional-dependencies]
test = ["polykeras[conformance]"]

[project.entry-points."polykeras.backends"]
@NAME@ = "polykeras_@NAME@"

[tool.setuptools]
packages = ["polykeras_@NAME@"]

[tool.setuptools.package-data]
polykeras_@NAME@ = ["deviations.toml"]
"""

PLUGIN = '''"""Plugin: polykeras on @NAME@. The framework itself is imported when the backend is selected."""

from polykeras.plugins import BackendInfo, hookimpl


@hookimpl
def polykeras_backends():
    """Offer the backend."""
    # requires: distributions it needs, such as ("myframework",); array_modules: where its array types live
    return [BackendInfo("@NAME@", "polykeras_@NAME@.backend", requires=(), array_modules=())]
'''

BACKEND = '''"""polykeras on @NAME@: the contract's services around the primitives."""

import contextlib
import sys

import numpy as np

from polykeras import autodiff, contract
from polykeras_@NAME@ import primitives, program

name = "@NAME@"
api_version = contract.API_VERSION
capabilities = frozenset({"eager", "float64"})
fused = {}

# -- arrays: NumPy's, until you put your framework's here ------------------------------------------------


def from_numpy(value, device):
    return program.taken(value)


def to_numpy(x):
    return np.asarray(x)


def is_array(x):
    return isinstance(x, (np.ndarray, np.generic))


def shape(x):
    return np.shape(x)


def dtype(x):
    return x.dtype.name


def devices():
    return ["cpu:0"]


def context():
    return contextlib.nullcontext()


# -- gradients: from a table of rules over your primitives; a framework that differentiates does it faster -----


def _differentiable():
    written = {name: getattr(primitives, name) for name in contract.PRIMITIVES if hasattr(primitives, name)}
    if len(written) < len(contract.PRIMITIVES):  # not all there: show what is, so that the check can tell what is not
        return written
    made = autodiff.differentiable({**written, "shape": shape, "dtype": dtype, "is_array": is_array})
    return {name: getattr(made, name) for name in (*contract.PRIMITIVES, "shape", "dtype", "is_array", "value_and_grad")}


globals().update({"value_and_grad": lambda function, arrays: None, **_differentiable()})

# -- functions of functions ----------------------------------------------------------------------------------


def cond(predicate, true_function, false_function, operands):
    return true_function(operands) if to_numpy(stop_gradient(predicate)) else false_function(operands)  # noqa: F821


def while_loop(condition, body, carry):
    while to_numpy(stop_gradient(condition(carry))):  # noqa: F821
        carry = body(carry)
    return carry


def scan(body, carry, xs, length):
    rows = []
    for index in range(length):
        carry, ys = body(carry, [take(x, from_numpy(np.int32(index), None), 0) for x in xs])  # noqa: F821
        rows.append([reshape(y, (1, *shape(y))) for y in ys])  # noqa: F821
    return carry, [concatenate(list(column), 0) for column in zip(*rows)]  # noqa: F821


def store(values, device):
    return program.Store(sys.modules[__name__], values)


def compile(step, store, steps, options):
    return program.Program(step, sys.modules[__name__], store, steps)
'''

PROGRAM = '''"""State and programs: a dict of arrays, and a step called for each batch."""

import numpy as np


def taken(value):
    """Return a NumPy array or scalar as an array of @NAME@, with memory of its own."""
    return np.array(value)


class Store:
    """Arrays by name."""

    def __init__(self, backend, values):
        self.backend, self.device, self.values = backend, backend.devices()[0], {}
        self.add(values)

    def names(self):
        return set(self.values)

    def add(self, values):
        self.values.update({name: taken(value) for name, value in values.items()})

    def remove(self, names):
        for name in names:
            del self.values[name]

    def read(self, names):
        return {name: self.backend.to_numpy(self.values[name]).copy() for name in names}

    write = add

    def get(self, name):
        return self.values[name]

    def put(self, name, value):
        self.values[name] = value

    def native(self):
        return {"variables": dict(self.values)}

    def close(self):
        self.values.clear()


class Program:
    """A step, called for each batch of a chunk."""

    strategy = "operation by operation, batch after batch"

    def __init__(self, step, backend, store, steps):
        self.function, self.backend, self.store, self.steps = step.bind(backend, hoist=True), backend, store, steps

    def run(self, inputs):
        if self.steps is None:
            return self._step(inputs)
        rows = [self._step([x[index] for x in inputs]) for index in range(self.steps)]
        return [self._stacked(column) for column in zip(*rows)]

    def _step(self, inputs):
        updates, outputs = self.function(self.store.values, [taken(x) for x in inputs])
        self.store.values.update(updates)
        return outputs

    def _stacked(self, column):
        b = self.backend
        return b.concatenate([b.reshape(x, (1, *b.shape(x))) for x in column], 0)

    def native(self):
        return {"function": self.function}
'''

TESTS = '''"""What is still missing, and a first training run."""

import numpy as np

import polykeras as keras
from polykeras import contract


def test_the_contract_is_met():
    """Fails until every primitive is written; it lists those that are not."""
    from polykeras_@NAME@ import backend

    assert not contract.faults(backend), contract.faults(backend)


def test_trains_like_the_reference():
    """A small network has the reference's losses."""
    x, y = np.random.default_rng(0).normal(size=(2, 64, 4)).astype("float32")
    losses = []
    for backend in ("@NAME@", "numpy"):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(4)])
        model.compile("adam", "mse", backend=backend)
        losses.append(model.fit(x, y, epochs=2, verbose=0).history["loss"])
    np.testing.assert_allclose(*losses, rtol=1e-5)
'''

README = """# polykeras-@NAME@

polykeras on @NAME@.

```
pip install -e '.[test]'
polykeras backends                                            # @NAME@ is listed
pytest                                                        # says which primitives are missing
pytest --pyargs polykeras_conformance --pk-backend=@NAME@     # the contract
```

1. Write the functions of `polykeras_@NAME@/primitives.py`, from the top down; each has its meaning beside it.
2. Put your framework's arrays in place of NumPy's in `backend.py`, and its name into `requires` and `array_modules` in `__init__.py`.
3. Run the conformance suite; begin with `--pk-lane primitives`.
4. Use your framework's gradients and compiler where they pay.
"""

CI = """name: tests
on: [push, pull_request]
jobs:
  tests:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      - run: pip install -e '.[test]'
      - run: pytest
      - run: pytest --pyargs polykeras_conformance --pk-backend=@NAME@
"""

DEVIATIONS = """# Cases of the conformance suite that this backend does not pass, each with its reason:
# [[deviation]]
# case = "primitives/test_value[@NAME@-program-erf-float32]"   # as the suite's report names it
# kind = "numeric"            # or "unsupported" or "bug"
# bound = 40                  # of a numeric one: how many times the suite's budget it may be off
# reason = "erf is a polynomial with an error of 30 ulps"
# link = ""                   # an issue of the framework, where there is one
# versions = ">=1.0,<2"       # of the framework; "" for all
"""


def primitives():
    """Return the text of primitives.py: each primitive with its meaning, in the order of writing, none written but the last of all."""
    lines = ['"""The primitives, from the first to be written to the last. Uncomment each when you write it."""', ""]
    for entry in sorted(contract.PRIMITIVES.values(), key=lambda entry: contract.turn(entry.name)):
        gradient = f" Gradient: {entry.gradient}." if entry.gradient else ""
        lines += [f"# def {entry.signature}:", f"#     {entry.meaning}.{gradient}", ""]
    return "\n".join([*lines, "", "def stop_gradient(x):", "    return x  # autodiff takes care of the gradient", ""])


FILES = {
    "pyproject.toml": PYPROJECT,
    "README.md": README,
    ".github/workflows/tests.yml": CI,
    "polykeras_@NAME@/__init__.py": PLUGIN,
    "polykeras_@NAME@/backend.py": BACKEND,
    "polykeras_@NAME@/program.py": PROGRAM,
    "polykeras_@NAME@/deviations.toml": DEVIATIONS,
    "tests/test_@NAME@.py": TESTS,
}


def write(name, folder):
    """Write the distribution of a backend into a new folder; return the files.

    Args:
        name: of the backend: small letters, digits and underscores, a letter first.
        folder: its path; it must not exist, or be empty.

    Raises:
        PolykerasError: the name will not do, or the folder is in use.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise PolykerasError(f"A backend's name has small letters, digits and underscores and begins with a letter, got {name!r}.")
    folder = pathlib.Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise PolykerasError(f"{folder} is there already. Choose another place with --dir.")
    written = []
    for path, text in {**FILES, "polykeras_@NAME@/primitives.py": primitives()}.items():
        target = folder / path.replace("@NAME@", name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace("@NAME@", name), encoding="utf-8")
        written.append(target)
    return written
