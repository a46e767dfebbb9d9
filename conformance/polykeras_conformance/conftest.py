"""What every lane gets: a bench, and a place for each chosen backend and mode."""

import gc

import pytest

from polykeras_conformance.cases import Bench
from polykeras_conformance.plugin import RANDOM, asks_for_random, chosen_places


def pytest_ignore_collect(collection_path, config):
    """Leave the lane of random calls alone where it is not asked for; it needs hypothesis."""
    return True if collection_path.name == f"test_{RANDOM}.py" and not asks_for_random(config) else None


def pytest_generate_tests(metafunc):
    """Run each test that takes a place at every chosen one; those that take a backend, once per backend."""
    if "place" in metafunc.fixturenames and not hasattr(metafunc.module, "pytest_generate_tests"):
        places = chosen_places(metafunc.config)
        if "backend" in metafunc.fixturenames:
            places = [place for place in places if place.mode == "program"]
        metafunc.parametrize("place", places, ids=repr, scope="session")


def pytest_collection_modifyitems(config, items):
    """Leave out what is not to be run eagerly; keep the cases of one program in one worker of pytest-xdist (--dist=loadgroup)."""
    left, out = [], []
    for item in items:
        given = getattr(item, "callspec", None)
        place, case = (given.params.get(name) for name in ("place", "case")) if given is not None else (None, None)
        runs = hasattr(place, "backend") and hasattr(case, "group")
        if runs:
            item.add_marker(pytest.mark.xdist_group(f"{place}-{item.function.__module__}-{item.function.__name__}-{case.group}"))
        empty = place is not None and not hasattr(place, "backend")  # a table without rows for these backends
        (out if empty or runs and place.mode == "eager" and not case.eager else left).append(item)
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = left


def pytest_collection_finish(session):
    """Spare the tables of cases, which live as long as the run, from being searched for garbage."""
    gc.freeze()


@pytest.fixture(scope="session")
def bench():
    """What has been run already."""
    return Bench()


@pytest.fixture
def backend(place):
    """The backend of a place, in tests of what has no mode."""
    return place.backend


@pytest.fixture(autouse=True)
def supported(request):
    """Skip what needs a capability that the backend does not declare."""
    if not {"place", "case"} <= set(request.fixturenames):
        return
    place, case = request.getfixturevalue("place"), request.getfixturevalue("case")
    lacking = place.lacks(case.needs)
    if lacking:
        pytest.skip(f"{place.backend.name} lacks the capability {', '.join(lacking)}")
