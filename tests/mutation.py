"""Mutation: each mutant is put through the suite's own tests of its cases, all in this process; `python -m tests.mutation` prints what fell.

No test of the suite is written anew: its functions are called with the arguments that their tables name.
The unbroken backend goes first, so that the reference's results are known before polykeras itself is broken.
"""

import contextlib
import functools
import importlib
import inspect
import itertools
import json
import sys
import time
import warnings
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from polykeras.plugins import BackendInfo, hookimpl, registry
from polykeras_conformance import fused, places, steps
from polykeras_conformance.cases import Bench, Case
from tests.mutants import LANES, MUTANTS, OTHERS, attribute, core_of


class Herd:
    """A backend plugin that offers every mutant, and the others."""

    @hookimpl
    def polykeras_backends(self):
        """Offer them."""
        return [BackendInfo(name, f"tests.mutants:{attribute(name)}", requires=("numpy",)) for name in (*MUTANTS, *OTHERS)]


class Narrow(places.Place):
    """A place that takes only some cases, so that the rest of their group need not run."""

    def __init__(self, backend, wanted, fused=None):
        super().__init__(backend, "program", fused)
        self.wanted = wanted

    def takes(self, case):
        """Say whether a case is run here."""
        return super().takes(case) and self.wanted(case.id)


class Test(NamedTuple):
    """A test of the suite with its arguments."""

    name: str
    id: str
    function: object
    arguments: dict

    def __str__(self):
        return f"{self.name}[{self.id}]"


class Outcome(NamedTuple):
    """What became of a mutant's tests."""

    passed: list
    failed: dict
    seconds: float

    @property
    def findings(self):
        """The failures that are findings: differences found, and no accident of the mutant."""
        return {name: why for name, why in self.failed.items() if why.startswith("finding: ")}


def tests_of(lane, backend):
    """Yield the Tests of a lane that take a place."""
    module = importlib.import_module(f"polykeras_conformance.test_{lane}")
    for name, function in list(vars(module).items()):
        if not (name.startswith("test_") and inspect.isfunction(function)) or "place" not in inspect.signature(function).parameters:
            continue
        if lane == "fused":
            yield from fused_tests(name, function, backend)
            continue
        marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
        for chosen in itertools.product(*map(rows_of, marks)):
            arguments = {key: value for _, row in chosen for key, value in row.items()}
            yield Test(name, "-".join(label for label, _ in chosen) or name, function, arguments)


def rows_of(mark):
    """Return (id, {argument: value}) for each row of a parametrize mark."""
    names, ids = [part.strip() for part in mark.args[0].split(",")], mark.kwargs.get("ids", str)
    rows = [given if len(names) > 1 else (given,) for given in mark.args[1]]
    labels = ["-".join(map(ids, row)) for row in rows] if callable(ids) else ids
    return [(label, dict(zip(names, row))) for label, row in zip(labels, rows)]


@functools.cache
def fused_cases(name):
    """Return the cases of a fused op, made once."""
    return importlib.import_module("polykeras_conformance.test_fused").cases(name)


def fused_tests(name, function, backend):
    """Yield the Tests of the lane of fused ops, whose cases depend on what a backend fuses."""
    for op in backend.fused:
        if name == "test_entry":
            yield Test(name, op, function, {"name": op})
        else:
            for case in fused_cases(op):
                yield Test(name, case.id, function, {"case": case})


class Runner:
    """Runs tests of the suite on backends, keeping what the reference gave.

    The fixtures of the suite are here once more: a bench, the beds of steps, and what is right of them.
    """

    def __init__(self):
        self.bench = Bench()
        self.bed = functools.cache(lambda step, name: steps.Bed(step, registry.load(name)))
        self.right = functools.cache(lambda step: steps.outcome(self.bed(step, registry.reference().name), "single"))

    def outcome(self, name, lane, starts=None, skip=None):
        """Return the Outcome of a backend in a lane.

        Args:
            starts: names of tests, or the first letters of cases, that are run; all where None.
            skip: function that says whether a Test that passes is not worth telling.
        """
        backend, begun = registry.load(name), time.process_time()
        wanted = lambda word: any(word.startswith(start) for start in starts)
        found = Outcome([], {}, 0)
        with core_of(name), np.errstate(all="ignore"):
            for test in tests_of(lane, backend):
                every = starts is None or test.name in starts
                if not (every or wanted(test.id)):
                    continue
                only = (test.arguments["case"].group,) if lane == "fused" and "case" in test.arguments else None
                why = self._why(test, Narrow(backend, (lambda word: True) if every else wanted, only))
                if why:
                    found.failed[str(test)] = why
                elif not (skip and skip(test)):
                    found.passed.append(str(test))
        return found._replace(seconds=time.process_time() - begun)

    def _why(self, test, place):
        """Return why a test fails, or ""."""
        fixtures = {"place": place, "backend": place.backend, "bench": self.bench, "bed": self.bed, "right": self.right}
        fixtures = {name: fixtures[name] for name in inspect.signature(test.function).parameters if name in fixtures}
        try:
            test.function(**fixtures, **test.arguments)
        except AssertionError as error:
            own = error.__cause__ is None or isinstance(error.__cause__, AssertionError)  # else the suite reports what the backend raised
            return f"finding: {error}" if own else f"accident: {error}"
        except Exception as error:
            return f"accident: {type(error).__name__}: {error}"
        return ""


def run(names=tuple(MUTANTS)):
    """Return {lane: {name: Outcome}} of some mutants, and of the unbroken backend on all of their cases."""
    if "unbroken" not in registry.names():
        registry.register(Herd(), "tests")
    runner, found = Runner(), {}
    for lane in LANES:
        rows = {name: MUTANTS[name] for name in names if MUTANTS[name].lane == lane}
        if rows:
            cases = tuple(dict.fromkeys(case for row in rows.values() for case in row.cases))
            found[lane] = {"unbroken": runner.outcome("unbroken", lane, cases)}
            found[lane].update((name, runner.outcome(name, lane, row.cases)) for name, row in rows.items())
    return found


CONSTANT = {  # lane: the tests or cases on which constants are tried; where none is named, all of the lane
    "gradients": ("test_float32", "test_corner"),
    "training": ("mlp-sgd", "cnn-max-pool", "lstm-mask"),
    "moving": ("mlp-dropout-float32",),
    "threads": ("mlp-dropout",),
}
WITHOUT_NUMBERS = ("test_declared", "test_host_is_left_alone", "test_entry", "test_no_trip_to_the_host", "test_values_are_kept")
WITH_ITSELF = ("test_ways",)  # holds one way of running a backend against another; test_steps holds one of them against the reference


def dumb(test):
    """Say whether a test may pass on constants: no number is compared, or each is the constant anyway."""
    if test.name in (*WITHOUT_NUMBERS, *WITH_ITSELF):
        return True
    case = test.arguments.get("case")
    return isinstance(case, Case) and _constant(places.reference().run(case.function, case.arrays))


def _constant(arrays):
    return all(np.array_equal(x, np.full_like(x, 37)) for x in map(np.asarray, arrays))


def run_constant(lanes=LANES):
    """Return {lane: Outcome} of the backend that gives nothing but the number 37."""
    if "unbroken" not in registry.names():
        registry.register(Herd(), "tests")
    runner = Runner()
    return {lane: runner.outcome("constant", lane, CONSTANT.get(lane), dumb) for lane in lanes}


def table(found):
    """Return the table of what fell, and the names that survived or broke the suite."""
    shown = Table("Mutant", "Lane", "Cases", "Fail", "The finding", title="Mutants")
    wrong = []
    for lane, rows in found.items():
        for name, outcome in rows.items():
            count, caught = len(outcome.passed) + len(outcome.failed), len(outcome.findings)
            first = next(iter({**outcome.findings, **outcome.failed}.values()), "").partition(": ")[2]
            fine = caught and not len(outcome.failed) > caught if name != "unbroken" else outcome.passed and not outcome.failed
            wrong += [] if fine else [f"{name} ({lane})"]
            shown.add_row(name, lane, str(count), str(caught), first[:90] or ("passes" if name == "unbroken" else "SURVIVED" if not caught else "no words"))
    return shown, wrong


def main():
    """Print the table, or write the outcomes to a file: --json FILE; names of mutants run only those. Leave with 1 if one survives."""
    warnings.simplefilter("ignore")
    words = sys.argv[1:]
    file = words.pop(words.index("--json") + 1) if "--json" in words else None
    names = [word for word in words if word != "--json"]
    with contextlib.redirect_stdout(sys.stderr):
        found = run(names or tuple(MUTANTS))
        constant = {} if names else run_constant()
    if file:
        with open(file, "w") as out:
            json.dump({"mutants": {lane: {name: outcome._asdict() for name, outcome in rows.items()} for lane, rows in found.items()},
                       "constant": {lane: outcome._asdict() for lane, outcome in constant.items()}}, out)  # fmt: skip
    shown, wrong = table(found)
    Console(width=180).print(shown)
    planted = sum(name in MUTANTS for rows in found.values() for name in rows)
    print(f"{planted} mutants in {len(found)} lanes; {len(wrong)} not caught: {', '.join(wrong) or 'none'}")
    for lane, outcome in constant.items():
        print(f"constants in {lane}: {len(outcome.failed)} of {len(outcome.failed) + len(outcome.passed)} fail; pass: {', '.join(outcome.passed) or 'none'}")
    print(f"{time.process_time():.0f} s of CPU")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
