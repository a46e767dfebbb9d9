"""Ratios from turns in one process: for each workload and framework the medians over rounds, and the quartiles."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from typing import NamedTuple

from rich.table import Table

from benchmarks import contenders, material, workloads

TIMEOUT = 900


class Taken(NamedTuple):
    """What contenders took on a framework: {contender: [microseconds per step, one for each round]}, or why nothing ran."""

    workload: str
    kind: str
    framework: str
    figures: dict
    failure: str = ""

    def hand(self):
        """Return the name of the fastest loop written by hand, None where none ran."""
        named = [name for name in self.figures if name not in ("polykeras", "keras")]
        return min(named, key=lambda name: statistics.median(self.figures[name]), default=None)

    def ratios(self, other):
        """Return (lower quartile, median, upper quartile) of polykeras's time over another's, round by round."""
        if other not in self.figures or "polykeras" not in self.figures:
            return None
        found = [mine / theirs for mine, theirs in zip(self.figures["polykeras"], self.figures[other])]
        return tuple(statistics.quantiles(found, n=4)) if len(found) > 1 else (found[0],) * 3


def measure(names, kinds, frameworks, rounds, tell=print):
    """Yield the Taken of each workload, kind and framework."""
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            path = pathlib.Path(folder) / f"{name}.npz"
            material.write(workloads.find(name), path)
            for kind in kinds:
                for framework in frameworks:
                    tell(f"{name}, {kind}, {framework}")
                    yield _taken(name, kind, framework, rounds, path)
            path.unlink()


def _taken(name, kind, framework, rounds, path):
    environment = {**os.environ, **contenders.ENVIRONMENT, "KERAS_BACKEND": framework if framework in contenders.KERAS else "numpy"}
    command = [sys.executable, "-m", "benchmarks.turns", name, kind, framework, str(rounds), str(path)]
    try:
        made = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return Taken(name, kind, framework, {}, f"took longer than {TIMEOUT} s")
    if made.returncode:
        return Taken(name, kind, framework, {}, contenders.reason(made))
    return Taken(name, kind, framework, json.loads(made.stdout.splitlines()[-1]))


def table(rows):
    """Return the table of some Taken."""
    made = Table(title="By turns in one process: polykeras's time over others', median (quartiles)", header_style="bold")
    for column in ("workload", "framework", "us per step", "best by hand", "x hand", "Keras 3", "x Keras"):
        made.add_column(column, justify="left" if column in ("workload", "framework") else "right")
    for row in rows:
        hand = row.hand()
        middle = lambda name, row=row: f"{statistics.median(row.figures[name]):,.0f}" if name in row.figures else "-"
        cells = [middle("polykeras"), f"{middle(hand)} {hand or ''}", _shown(row.ratios(hand)), middle("keras"), _shown(row.ratios("keras"))]
        made.add_row(f"{row.workload}, {row.kind}", row.framework, *cells)
    return made


def _shown(ratios):
    return "-" if ratios is None else f"{ratios[1]:.2f} ({ratios[0]:.2f}-{ratios[2]:.2f})"
