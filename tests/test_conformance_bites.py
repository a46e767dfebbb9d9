"""The conformance suite bites: every mutant of the reference is caught by its lane, and the unbroken one passes."""

import functools
import json
import os
import subprocess
import sys

import pytest

from tests.mutants import LANES, MUTANTS


@functools.cache
def outcome(lane, folder):
    """Run a lane on its mutants and the unbroken one; return {name: {"passed": [test], "failed": {test: why}}}."""
    names = ["unbroken", *(name for name, row in MUTANTS.items() if row.lane == lane)]
    file = folder / f"{lane}.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutation", "-p", "no:cacheprovider", "--pyargs"]
    command += [f"polykeras_conformance.test_{lane}", f"--pk-backend={','.join(names)}", "--pk-mode=program"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "POLYKERAS_MUTATION": str(file)}, timeout=300)
    assert done.returncode in (0, 1) and file.exists(), f"the suite did not run: {done.stdout[-300:]}{done.stderr[-300:]}"
    return json.loads(file.read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the outcomes lie."""
    return tmp_path_factory.mktemp("mutation")


@pytest.mark.parametrize("lane", LANES)
def test_sound(lane, folder):
    """What is not broken passes every case that the mutants are held against."""
    found = outcome(lane, folder)["unbroken"]
    assert found["passed"] and not found["failed"], found["failed"]


@pytest.mark.parametrize("name", MUTANTS)
def test_caught(name, folder):
    """A mutant fails in its lane, with a finding rather than an accident."""
    row = MUTANTS[name]
    found = outcome(row.lane, folder).get(name, {"passed": [], "failed": {}})
    assert found["failed"], f"{name} survived {len(found['passed'])} tests of the lane {row.lane}: {', '.join(found['passed'][:5])}"
    findings = [why for why in found["failed"].values() if why.startswith("call: AssertionError")]
    assert findings, f"{name} broke the lane {row.lane} instead of failing it: {next(iter(found['failed'].values()))}"
