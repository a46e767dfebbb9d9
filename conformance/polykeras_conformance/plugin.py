"""The pytest plugin: which backends to test, in which modes, and what came out."""

import collections

import pytest

MODES = ("program", "eager")


def pytest_addoption(parser):
    """Add --pk-backend and --pk-mode."""
    group = parser.getgroup("polykeras", "conformance of polykeras backends")
    group.addoption("--pk-backend", metavar="NAMES", help="backends to test, separated by commas; or 'all' that are installed")
    group.addoption("--pk-mode", metavar="MODES", default="program,eager", help="'program', 'eager' or both (the default)")


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


def pytest_terminal_summary(terminalreporter):
    """Show one line per place: what passed, what failed, and which capabilities it lacks."""
    counts = collections.defaultdict(collections.Counter)
    lacks = collections.defaultdict(set)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, ()):
            for key, value in getattr(report, "user_properties", ()):
                if key == "polykeras_place" and getattr(report, "when", "call") in ("call", "setup"):
                    counts[value][outcome] += 1
                if key == "polykeras_lacks":
                    lacks[dict(report.user_properties)["polykeras_place"]].add(value)
    if counts:
        terminalreporter.section("polykeras conformance")
    for place, found in sorted(counts.items()):
        words = f" (no {', '.join(sorted(lacks[place]))})" if lacks[place] else ""
        terminalreporter.write_line(
            f"{place}: {found['passed']} passed, {found['failed'] + found['error']} failed, {found['skipped']} unsupported{words}"
        )
