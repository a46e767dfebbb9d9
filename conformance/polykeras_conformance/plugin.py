"""The pytest plugin: which backends to test, in which modes, and what came out."""

import importlib.util

import pytest

MODES = ("program", "eager")
RANDOM = "properties"  # the lane that is run only where it is asked for


def pytest_addoption(parser):
    """Add the options of the suite."""
    group = parser.getgroup("polykeras", "conformance of polykeras backends")
    group.addoption("--pk-backend", metavar="NAMES", help="backends to test, separated by commas; or 'all' that are installed")
    group.addoption("--pk-mode", metavar="MODES", default="program,eager", help="'program', 'eager' or both (the default)")
    group.addoption("--pk-lane", metavar="LANES", help="lanes to run, separated by commas; all where not given")
    group.addoption("--pk-case", metavar="ID", help="the one case to run, as a report names it")
    group.addoption("--pk-random", action="store_true", help="random calls of the primitives too; needs hypothesis")
    group.addoption("--pk-seed", metavar="N", type=int, help="other random calls; the same ones each time where not given")
    group.addoption("--pk-report", metavar="FILE.html", help="write a page, and the same as JSON beside it")


def pytest_configure(config):
    """Keep a ledger where backends are tested."""
    config.addinivalue_line("markers", "xdist_group(name): tests that one worker of pytest-xdist runs, where it is installed")
    if config.getoption("--pk-backend"):
        from polykeras_conformance.ledger import Ledger

        if asks_for_random(config) and importlib.util.find_spec("hypothesis") is None:
            raise pytest.UsageError("Random calls are drawn by hypothesis, which is not installed. Install it: pip install hypothesis")

        try:
            ledger = Ledger(chosen_places(config), config.getoption("--pk-report"))
        except ValueError as error:  # a file of deviations that cannot be read
            raise pytest.UsageError(str(error)) from error
        config.pluginmanager.register(ledger, "polykeras-ledger")


def asks_for_random(config):
    """Whether the options, or the paths, ask for the lane of random calls."""
    lanes, case = config.getoption("--pk-lane") or "", config.getoption("--pk-case") or ""
    named = RANDOM in lanes.split(",") or case.startswith(f"{RANDOM}/") or f"test_{RANDOM}" in "".join(config.args)
    return named or config.getoption("--pk-random")


def chosen_places(config):
    """Return the Places that the options ask for, their backends loaded.

    Raises:
        pytest.UsageError: no backend was named, or one cannot be used.
    """
    from polykeras.errors import PluginError
    from polykeras.plugins import registry
    from polykeras_conformance.places import Place

    wanted = config.getoption("--pk-backend")
    if not wanted:
        raise pytest.UsageError(f"Name the backends to test: --pk-backend={','.join(registry.names())}, or --pk-backend=all.")
    modes = config.getoption("--pk-mode").split(",")
    if set(modes) - set(MODES):
        raise pytest.UsageError(f"--pk-mode: expected {' or '.join(MODES)}, got {','.join(modes)}.")
    names = registry.names() if wanted == "all" else wanted.split(",")
    try:
        backends = [registry.load(name) for name in names]
    except PluginError as error:
        raise pytest.UsageError(str(error)) from error
    return [Place(backend, mode) for backend in backends for mode in modes if mode == "program" or "eager" in backend.capabilities]
