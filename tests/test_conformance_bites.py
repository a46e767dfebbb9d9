"""The conformance suite bites: every mutant is caught by its lane, the unbroken backend passes, and constants pass nothing."""

import functools
import json
import os
import pathlib
import subprocess
import sys

import pytest

from polykeras import contract
from tests.mutants import LANES, MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """A function that runs them all, once, and returns {"mutants": {lane: {name: outcome}}, "constant": {lane: outcome}}."""

    @functools.cache
    def run():
        file = tmp_path_factory.mktemp("mutation") / "outcome.json"
        command = [sys.executable, "-m", "tests.mutation", "--json", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=600)
        assert file.exists(), f"the suite did not run: {done.stdout[-300:]}{done.stderr[-600:]}"
        return json.loads(file.read_text())

    return run


@pytest.mark.parametrize("lane", LANES)
def test_sound(lane, outcome):
    """What is not broken passes every case that the mutants are held against."""
    found = outcome()["mutants"][lane]["unbroken"]
    assert found["passed"] and not found["failed"], found["failed"]


@pytest.mark.parametrize("name", MUTANTS)
def test_caught(name, outcome):
    """A mutant fails in its lane, and every failure is a finding rather than an accident."""
    lane = MUTANTS[name].lane
    found = outcome()["mutants"][lane][name]
    assert found["failed"], f"{name} survived {len(found['passed'])} tests of the lane {lane}: {', '.join(found['passed'][:5])}"
    accidents = [why for why in found["failed"].values() if not why.startswith("finding: ")]
    assert not accidents, f"{name} broke the lane {lane} instead of failing it: {accidents[0]}"


@pytest.mark.parametrize("lane", LANES)
def test_constants(lane, outcome):
    """A backend that gives the same number everywhere passes no test that compares numbers."""
    found = outcome()["constant"][lane]
    assert found["failed"] and not found["passed"], found["passed"]


def test_every_primitive_is_broken_somewhere():
    """Each primitive is wrong in some mutant; each that has a gradient, in that of some."""
    rows = [(row.lane, set(row.parts)) for row in MUTANTS.values()]
    sloping = {name for name, entry in contract.PRIMITIVES.items() if entry.gradient and entry.gradient != contract.NONE}
    assert set(contract.PRIMITIVES) <= set.union(*(parts for lane, parts in rows if lane == "primitives"))
    assert sloping <= set.union(*(parts for lane, parts in rows if lane == "gradients"))
