"""The ledger of a run: what became of every case, in one of seven words, written as JSON and as a page.

pass; fail; xfail, a failure that deviations.toml admits; xpass, a case that passes though the file says
that it does not (the run fails: delete the row); unsupported, a capability that the backend does not declare;
unreviewed, a failure admitted for other versions of the framework; infra-error, not the backend's fault:
a crash, a full disk, no memory. The cases that were chosen are the denominator; where a run ends early,
the report says how many were not run.
"""

import collections

import pytest

from polykeras.plugins import registry
from polykeras_conformance import deviations, environment, margins, merge
from polykeras_conformance.plugin import RANDOM

OUTCOMES = ("pass", "fail", "xfail", "xpass", "unsupported", "unreviewed", "infra-error")
BAD = ("fail", "xpass", "unreviewed", "infra-error")
SUITE = merge.SUITE
INFRA = ("MemoryError", "OSError", "OutOfMemoryError", "ResourceExhaustedError")  # and what descends from these
KEY = "polykeras"


def lane_of(item):
    """Return the lane of a test: the name of its file."""
    return item.path.stem.removeprefix("test_")


def case_of(item):
    """Return the id of a case."""
    return f"{lane_of(item)}/{item.name}"


def place_of(item):
    """Return the place that a test runs at, and the name of its backend."""
    given = getattr(item, "callspec", None)
    place = given.params.get("place") if given is not None else None
    return (f"{place.backend.name}-{place.mode}", place.backend.name) if place is not None else (SUITE, "")


def is_infra(error):
    """Whether an error, or what caused it, is of the machine and not of the backend."""
    while error is not None:
        if {kind.__name__ for kind in type(error).__mro__} & set(INFRA) or "RESOURCE_EXHAUSTED" in str(error)[:80]:
            return True
        error = error.__cause__
    return False


class Ledger:
    """The pytest hooks that keep the ledger.

    Args:
        places: that are tested.
        path: of the page; the JSON is written beside it. None for neither.
    """

    def __init__(self, places, path):
        self.path, self.rows, self.selected, self.refused = path, {}, 0, ""
        self.places = {repr(place): place.backend.name for place in places}
        self.admitted = deviations.of_places(places, registry.offers())

    # -- collecting ----------------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        """Keep the chosen lanes and cases; refuse rows of deviations.toml that name no case."""
        every = {case_of(item) for item in items}
        lanes = {case.partition("/")[0] for case in every}
        wanted, case = config.getoption("--pk-lane"), config.getoption("--pk-case")
        chosen = set(wanted.split(",")) | ({RANDOM} & lanes if config.getoption("--pk-random") else set()) if wanted else lanes
        partial = config.option.keyword or "::" in "".join(config.args)
        unknown = [] if partial else deviations.unknown(self.admitted, every, lanes)
        if unknown:
            self._refuse(config, items, f"{deviations.FILE} names cases that there are not: {', '.join(unknown)}. Delete or mend these rows.")
        elif chosen - lanes:
            self._refuse(config, items, f"--pk-lane: unknown {', '.join(sorted(chosen - lanes))}; there are {', '.join(sorted(lanes))}.")
        elif case and case not in every:
            self._refuse(config, items, f"--pk-case: there is no {case!r}.")
        left = [item for item in items if lane_of(item) in chosen and (not case or case_of(item) == case)]
        if len(left) < len(items):
            kept = set(map(id, left))
            config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
            items[:] = left
        self.selected = len(items)

    def _refuse(self, config, items, text):
        """End the run with an error of usage; a worker of pytest-xdist leaves that to the process that prints."""
        if not hasattr(config, "workeroutput"):
            raise pytest.UsageError(text)
        config.workeroutput[KEY] = text
        items.clear()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        """Take in what a worker refused."""
        self.refused = self.refused or getattr(node, "workeroutput", {}).get(KEY, "")

    def pytest_sessionfinish(self, session):
        """Leave with the status of an error of usage where something was refused."""
        if self.refused:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR

    # -- running -------------------------------------------------------------------------------------

    def pytest_runtest_setup(self, item):
        """Forget what the test before measured."""
        margins.start()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        """Name the outcome; a deviation that is admitted is no failure."""
        made = yield
        report = made.get_result()
        outcome = self._outcome(item, call, report)
        if outcome is not None:
            place, backend = place_of(item)
            row = {"case": case_of(item), "lane": lane_of(item), "place": place, "backend": backend or next(iter(self.places.values()))}
            row.update(outcome=outcome, **margins.measured())
            report.user_properties.append((KEY, row))

    def _outcome(self, item, call, report):
        if report.when == "call":
            return self._of_call(item, call, report)
        if report.skipped:
            return "unsupported"
        return "infra-error" if report.failed else None

    def _of_call(self, item, call, report):
        row, holds = self.admitted.get(case_of(item), (None, False))
        if report.skipped:
            return "unsupported"
        if report.passed:
            if not holds:
                return "pass"
            report.outcome = "failed"
            report.longrepr = f"It passes, though {deviations.FILE} says that it does not ({row.reason}). Delete the row."
            return "xpass"
        if is_infra(call.excinfo and call.excinfo.value):
            return "infra-error"
        if row is None:
            return "fail"
        if not holds:
            return "unreviewed"
        if row.kind == "numeric" and not margins.within(row.bound):
            return "fail"
        report.outcome, report.wasxfail = "skipped", f"{row.kind}: {row.reason}"
        return "xfail"

    # -- writing -------------------------------------------------------------------------------------

    def pytest_runtest_logreport(self, report):
        """Take in a report, from whichever process."""
        row = dict(report.user_properties).get(KEY)
        if row is not None:
            text = "" if row["outcome"] == "pass" else getattr(report, "wasxfail", "") or _last_line(report)
            self.rows[report.nodeid] = {**row, "seconds": round(report.duration, 4), "text": text}
        elif report.failed:  # a worker that died tells only this
            self.rows.setdefault(report.nodeid, {**self._lost(report.nodeid), "text": _last_line(report)})

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node, ids):
        """Take in from a worker how many cases were chosen; this process collects none."""
        self.selected = len(ids)

    def _lost(self, nodeid):
        """Return the row of a case that a process took with it."""
        file, _, name = nodeid.partition("::")
        lane = file.rpartition("/")[2].removeprefix("test_").removesuffix(".py")
        place = next((place for place in self.places if deviations.named(name, place)), SUITE)
        backend = self.places.get(place) or next(iter(self.places.values()))
        return {"case": f"{lane}/{name}", "lane": lane, "place": place, "backend": backend, "outcome": "infra-error", "seconds": 0.0}

    def counts(self):
        """Return {place: Counter of outcomes}."""
        found = collections.defaultdict(collections.Counter)
        for row in self.rows.values():
            found[row["place"]][row["outcome"]] += 1
        return dict(sorted(found.items()))

    def as_dict(self):
        """Return everything, ready for JSON."""
        admitted = [{**row._asdict(), "holds": holds} for row, holds in self.admitted.values()]
        counts = {place: dict(found) for place, found in self.counts().items()}
        rows = sorted(self.rows.values(), key=lambda row: (row["lane"], row["case"]))
        names = list(dict.fromkeys(self.places.values()))
        found = {"environment": environment.describe(names), "counts": counts, "chosen": self.selected, "not run": self.selected - len(rows)}
        return {**found, "deviations": admitted, "cases": rows}

    def pytest_terminal_summary(self, terminalreporter):
        """Print a line per place, and write the files."""
        if self.refused:
            terminalreporter.write_line(f"ERROR: {self.refused}")
        if not self.rows:
            return
        terminalreporter.section("polykeras conformance")
        for place, found in self.counts().items():
            words = ", ".join(f"{found[outcome]} {outcome}" for outcome in OUTCOMES if found[outcome])
            terminalreporter.write_line(f"{place}: {words}, of {found.total()}")
        if self.selected > len(self.rows):
            terminalreporter.write_line(f"{self.selected - len(self.rows)} of the {self.selected} cases were not run.")
        if self.path is not None:
            shown, data = merge.write(self.as_dict(), self.path)
            terminalreporter.write_line(f"report: {shown} and {data}")


def _last_line(report):
    """Return what a failure says, in one line."""
    if report.skipped and isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr or "")
    return text.partition("\nassert ")[0].strip()[:600]
