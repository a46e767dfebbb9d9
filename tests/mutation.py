"""A pytest plugin (-p tests.mutation) that offers the mutants as backends, runs each on its own cases, and writes what fell."""

import collections
import json
import os

import pytest

from polykeras.plugins import BackendInfo, hookimpl, registry
from tests.mutants import MUTANTS, core_of


class Herd:
    """A backend plugin that offers every mutant, and the unbroken one."""

    @hookimpl
    def polykeras_backends(self):
        """Offer them."""
        return [BackendInfo(name, f"tests.mutants:{name.replace('-', '_')}", requires=("numpy",)) for name in (*MUTANTS, "unbroken")]


found = collections.defaultdict(lambda: {"passed": [], "failed": {}})


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Offer the mutants before the suite asks for backends."""
    registry.register(Herd(), "tests")


def place_of(item):
    """Return the place of a test, or None."""
    return item.callspec.params.get("place") if hasattr(item, "callspec") else None


def wanted(item):
    """Say whether a test is one of those named for its mutant; of the unbroken one, those named for any."""
    if place_of(item) is None:
        return False
    name = place_of(item).backend.name
    rows = [MUTANTS[name]] if name in MUTANTS else [row for row in MUTANTS.values() if item.module.__name__.endswith(f"test_{row.lane}")]
    case = item.callspec.id.removeprefix(f"{name}-program-")
    return any(case.startswith(start) or item.originalname == start for row in rows for start in row.cases)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Keep the tests that are named."""
    items[:] = [item for item in items if wanted(item)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Test a mutant of the core with that core."""
    with core_of(place_of(item).backend.name):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Note what became of each test."""
    report = yield
    mine = found[place_of(item).backend.name]
    if report.failed:
        mine["failed"][item.name] = f"{call.when}: {call.excinfo.typename}: {call.excinfo.value}"
    elif report.when == "call" and report.passed:
        mine["passed"].append(item.name)
    return report


def pytest_unconfigure(config):
    """Write what was noted."""
    if "POLYKERAS_MUTATION" in os.environ:
        with open(os.environ["POLYKERAS_MUTATION"], "w") as file:
            json.dump(found, file)
