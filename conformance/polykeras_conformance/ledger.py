"""The ledger of a run: what became of every case, in one of seven words, written as JSON and as a page.

pass; fail; xfail, a failure that deviations.toml admits; xpass, a case that passes though the file says
that it does not (the run fails: delete the row); unsupported, a capability that the backend does not declare;
unreviewed, a failure admitted for other versions of the framework; infra-error, not the backend's fault:
a crash, a full disk, no memory. The cases that were collected are the denominator: none gets lost.
"""

import collections
import json
import pathlib

import pytest

from polykeras.plugins import registry
from polykeras_conformance import deviations, environment, margins, page

OUTCOMES = ("pass", "fail", "xfail", "xpass", "unsupported", "unreviewed", "infra-error")
BAD = ("fail", "xpass", "unreviewed", "infra-error")
SUITE = "suite"  # the place of tests of the suite itself
INFRA = (MemoryError, OSError, KeyboardInterrupt)
KEY = "polykeras"


def lane_of(item):
    """Return the lane of a test: the name of its file."""
    return item.path.stem.removeprefix("test_")


def case_of(item):
    """Return the id of a case."""
    return f"{lane_of(item)}/{item.name}"


def place_of(item):
    """Return the place that a test runs at."""
    given = getattr(item, "callspec", None)
    place = given.params.get("place") if given is not None else None
    return repr(place) if place is not None else SUITE


class Ledger:
    """The pytest hooks that keep the ledger.

    Args:
        names: of the backends under test.
        path: of the page; the JSON is written beside it. None for neither.
    """

    def __init__(self, names, path):
        self.names, self.path, self.rows, self.selected = names, path, {}, 0
        offers = {offer.name: offer for offer in registry.offers()}
        self.admitted = {}
        for name in names:
            version = offers[name].version.partition(",")[0]
            self.admitted.update({case: (row, row.holds(version)) for case, row in deviations.of_backend(offers[name]).items()})

    # -- collecting ----------------------------------------------------------------------------------

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        """Keep the chosen lanes and cases; refuse rows of deviations.toml that name no case."""
        every = {case_of(item) for item in items}
        lanes = {case.partition("/")[0] for case in every}
        unknown = sorted(case for case in self.admitted if case.partition("/")[0] in lanes and case not in every)
        if unknown and not config.option.keyword and "::" not in "".join(config.args):
            raise pytest.UsageError(f"{deviations.FILE} names cases that there are not: {', '.join(unknown)}. Delete or mend these rows.")
        wanted, case = config.getoption("--pk-lane"), config.getoption("--pk-case")
        chosen = set(wanted.split(",")) if wanted else lanes
        if chosen - lanes:
            raise pytest.UsageError(f"--pk-lane: unknown {', '.join(sorted(chosen - lanes))}; there are {', '.join(sorted(lanes))}.")
        if case and case not in every:
            raise pytest.UsageError(f"--pk-case: there is no {case!r}.")
        left = [item for item in items if lane_of(item) in chosen and (not case or case_of(item) == case)]
        if len(left) < len(items):
            kept = set(map(id, left))
            config.hook.pytest_deselected(items=[item for item in items if id(item) not in kept])
            items[:] = left
        self.selected = len(items)

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
            row = {"case": case_of(item), "lane": lane_of(item), "place": place_of(item), "outcome": outcome, **margins.measured()}
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
        if call.excinfo is not None and isinstance(call.excinfo.value, INFRA):
            return "infra-error"
        if row is None:
            return "fail"
        if not holds:
            return "unreviewed"
        if row.kind == "numeric" and not margins.measured().get("share", float("inf")) <= row.bound:
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
            lost = {"case": report.nodeid, "lane": "?", "place": SUITE, "outcome": "infra-error", "seconds": 0.0}
            self.rows.setdefault(report.nodeid, {**lost, "text": _last_line(report)})

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
        return {"environment": environment.describe(self.names), "counts": counts, "deviations": admitted, "cases": rows}

    def pytest_terminal_summary(self, terminalreporter):
        """Print a line per place, and write the files."""
        if not self.rows:
            return
        terminalreporter.section("polykeras conformance")
        for place, found in self.counts().items():
            words = ", ".join(f"{found[outcome]} {outcome}" for outcome in OUTCOMES if found[outcome])
            terminalreporter.write_line(f"{place}: {words}, of {found.total()}")
        if self.path is not None:
            made = self.as_dict()
            path = pathlib.Path(self.path)
            path.with_suffix(".json").write_text(json.dumps(made, indent=1), encoding="utf-8")
            path.with_suffix(".html").write_text(page.render(made), encoding="utf-8")
            terminalreporter.write_line(f"report: {path.with_suffix('.html')} and {path.with_suffix('.json')}")


def _last_line(report):
    """Return what a failure says, in one line."""
    if report.skipped and isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    text = crash.message if crash is not None else str(report.longrepr or "")
    return text.partition("\nassert ")[0].strip()[:600]
