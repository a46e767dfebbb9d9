"""A backend of one's own, as docs/write-a-backend.md says: the skeleton, what is missing, and a toy that meets the contract."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from polykeras import contract, skeleton
from polykeras.errors import PolykerasError

ROOT = pathlib.Path(__file__).resolve().parents[1]

SAME = (
    "negative abs exp expm1 log log1p sqrt sin cos tanh floor add subtract multiply maximum minimum power arctan2 floor_divide mod equal less "
    "bitwise_and bitwise_or bitwise_xor left_shift right_shift where reshape transpose broadcast_to concatenate flip"
).split()  # NumPy's own function means the same
RENAMED = {"divide": "np.true_divide", "round": "np.rint", "arange": "lambda size, dtype: np.arange(size).astype(dtype)"}


def toy():
    """Return the text of the primitives of a toy: NumPy's functions, and of the reference those that are none of NumPy's."""
    table = {**{name: f"np.{name}" for name in SAME}, **RENAMED}
    lines = [f"{name} = {table.get(name, f'reference.{name}')}" for name in contract.PRIMITIVES]
    return "\n".join(["import numpy as np", "from polykeras_numpy import primitives as reference", *lines, ""])


class Distribution:
    """A skeleton as it would be installed: on the path, with the metadata that names its entry point."""

    def __init__(self, folder, name):
        self.folder, self.name = folder / f"polykeras-{name}", name
        self.files = skeleton.write(name, self.folder)
        metadata = self.folder / f"polykeras_{name}-0.1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: polykeras-{name}\nVersion: 0.1.0\n")
        (metadata / "entry_points.txt").write_text(f"[polykeras.backends]\n{name} = polykeras_{name}\n")

    def write_primitives(self, text):
        """Put the author's primitives in place."""
        (self.folder / f"polykeras_{self.name}/primitives.py").write_text(text)

    def run(self, *arguments):
        """Run a module with this distribution installed; return (status, output)."""
        path = os.pathsep.join([str(self.folder), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, cwd=self.folder)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A skeleton as it was written."""
    return Distribution(tmp_path_factory.mktemp("fresh"), "mine")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A skeleton with its primitives written."""
    made = Distribution(tmp_path_factory.mktemp("written"), "toy")
    made.write_primitives(toy())
    return made


def test_it_is_listed_and_available(fresh):
    status, output = fresh.run("-m", "polykeras.cli", "backends", "--json")
    row = next(row for row in json.loads(output) if row["name"] == "mine")
    assert status == 0 and row["status"] == "available" and row["source"] == "polykeras-mine 0.1.0"


def test_selected_as_it_is_it_tells_what_to_write_in_what_order(fresh):
    status, output = fresh.run("-c", "import polykeras; polykeras.config.set_backend('mine')")
    count = len(contract.PRIMITIVES)
    assert status == 1 and f"lacks {count - 1} of {count} primitives: full, arange, cast, reshape, " in output
    assert output.count("\n  - ") == 1, "nothing but primitives is missing"
    listed = output.split("primitives: ")[1].splitlines()[0].split(", ")
    assert listed[-2:] == ["conv", "pool"] and len(listed) == count - 1


def test_its_own_test_says_so_too(fresh):
    status, output = fresh.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "contract", "tests")
    assert status == 1 and "lacks 54 of 55 primitives" in output


def test_primitives_have_their_meaning_beside_them():
    text = skeleton.primitives()
    assert all(f"# def {entry.signature}:\n#     {entry.meaning}" in text for entry in contract.PRIMITIVES.values())
    compile(text, "primitives.py", "exec")


def test_with_its_primitives_written_its_tests_pass(written):
    status, output = written.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert status == 0, output


LANES = "test_primitives test_programs".split()


@pytest.mark.parametrize("lane", LANES)
def test_it_passes_the_lanes_it_declares(written, lane):
    options = ["-q", "--tb=short", "-p", "no:cacheprovider", "--pk-backend=toy", "--pk-mode=program"]
    status, output = written.run("-m", "pytest", *options, "--pyargs", f"polykeras_conformance.{lane}")
    assert status == 0, output[-3000:]


@pytest.mark.parametrize("name", ["Mine", "my-own", "3d", ""])
def test_names_that_will_not_do(tmp_path, name):
    with pytest.raises(PolykerasError, match="small letters"):
        skeleton.write(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_it_overwrites_nothing(tmp_path):
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(PolykerasError, match="--dir"):
        skeleton.write("mine", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_command(tmp_path):
    done = subprocess.run([sys.executable, "-m", "polykeras.cli", "new-backend", "mine"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "polykeras-mine/pyproject.toml").exists() and "pip install -e polykeras-mine" in done.stdout


def test_nothing_is_left_to_fill_in(fresh):
    assert not [path for path in fresh.files if "@NAME@" in path.read_text()]
    assert all(pathlib.Path(path).suffix != ".py" or compile(path.read_text(), str(path), "exec") for path in fresh.files)


def test_the_example_uses_only_what_a_third_party_may():
    """polykeras-mlx imports the same modules of polykeras as the skeleton does, the abstract backend's helpers, and no other backend."""
    source = "\n".join(path.read_text() for path in (ROOT / "examples/polykeras-mlx/polykeras_mlx").glob("*.py"))
    used = set(re.findall(r"^\s*(?:from|import) (polykeras[\w.]*)(?: import ([\w, ]+))?", source, re.MULTILINE))
    modules = {package if package != "polykeras" else f"polykeras.{name.strip()}" for package, names in used for name in names.split(",")}
    assert {name for name in modules if not name.startswith("polykeras_mlx")} <= {f"polykeras.{name}" for name in ("contract", "dtypes", "plugins", "spec", "autodiff")}


def test_the_document_shows_what_happens(fresh):
    text = (ROOT / "docs/write-a-backend.md").read_text()
    shown = re.search(r">>> polykeras.config.set_backend.*?\n(.*?)\n```", text, re.DOTALL).group(1)
    _, output = fresh.run("-c", "import polykeras; polykeras.config.set_backend('mine')")
    assert shown.removesuffix("...") in output.replace("polykeras.errors.", "")
    plugin = (fresh.folder / "polykeras_mine/__init__.py").read_text()
    assert "@hookimpl\ndef polykeras_backends():" in plugin and 'BackendInfo("mine", "polykeras_mine.backend", requires=' in plugin
    assert '[project.entry-points."polykeras.backends"]\nmine = "polykeras_mine"' in text
