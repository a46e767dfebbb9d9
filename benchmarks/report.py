"""What the rows say: a table for each workload, one of all ratios, notes, and JSON."""

import importlib.metadata
import json
import math
import os
import platform
import statistics

from rich.table import Table

from benchmarks import workloads

PACKAGES = ("polykeras", "keras", "jax", "tensorflow-cpu", "tensorflow", "torch", "numpy")
APART = 1e-3  # how far apart, relatively, the figures of contenders that do the same work may be
BUSY = 0.25  # how many cores other processes may keep busy without a note


def groups(rows):
    """Return {(workload, kind): rows}."""
    found = {}
    for row in rows:
        found.setdefault((row.workload, row.kind), []).append(row)
    return found


def frameworks(rows):
    """Return {framework: {contender: its row}}; of those written by hand the fastest."""
    found = {}
    for row in rows:
        named = found.setdefault(row.contender.framework, {})
        other = named.get(row.contender.name)
        if row.runs and (other is None or row.middle("us") < other.middle("us")):
            named[row.contender.name] = row
    return found


def ratio(row, other):
    """Return how many times as long a row takes as another; None where one did not run."""
    return row.middle("us") / other.middle("us") if row and other else None


def _shown(value, form="{:.2f}"):
    return "-" if value is None else form.format(value)


def _three(named, figure, form):
    return " / ".join(_shown(named[name].middle(figure) if name in named else None, form) for name in ("polykeras", "hand", "keras"))


def _spread(row):
    """Return the median, and the least and the most where there were several runs."""
    least, most = row.spread() if row else (0, 0)
    return "-" if row is None else f"{row.middle('us'):,.0f}" + (f" ({least:,.0f}-{most:,.0f})" if len(row.runs) > 1 else "")


def table(workload, kind, rows):
    """Return the table of a workload."""
    made = Table(title=f"{workload}, {kind}: microseconds per step, median (least-most of the runs)", header_style="bold")
    for column in ("framework", "polykeras", "best by hand", "Keras 3", "x hand", "x Keras"):
        made.add_column(column, justify="left" if column == "framework" else "right")
    made.add_column("first step, s", justify="right")
    made.add_column("peak, MB", justify="right")
    for framework, named in frameworks(rows).items():
        mine, hand, keras = (named.get(name) for name in ("polykeras", "hand", "keras"))
        cells = [_spread(row) for row in (mine, hand, keras)]
        cells[1] += f" {hand.contender.variant}" if hand else ""
        both = [_three(named, "first_step_s", "{:.1f}"), _three(named, "peak_mb", "{:,.0f}")]
        made.add_row(framework, *cells, _shown(ratio(mine, hand)), _shown(ratio(mine, keras)), *both)
    made.caption = "first step and peak: polykeras / by hand / Keras"
    return made


def summary(rows):
    """Return the table of all ratios, and their geometric means."""
    found = {group: frameworks(members) for group, members in groups(rows).items()}
    names = list(dict.fromkeys(framework for made in found.values() for framework in made))
    table = Table(title="polykeras: times the best by hand / times Keras 3", header_style="bold", min_width=60)
    table.add_column("workload")
    for name in names:
        table.add_column(name, justify="right")
    columns = {name: ([], []) for name in names}
    for (workload, kind), made in found.items():
        cells = []
        for name in names:
            named = made.get(name, {})
            values = [ratio(named.get("polykeras"), named.get(other)) for other in ("hand", "keras")]
            cells.append(" / ".join(map(_shown, values)))
            for column, value in zip(columns[name], values):
                column.extend([value] if value else [])
        table.add_row(f"{workload}, {kind}", *cells)
    table.add_section()
    mean = lambda values: statistics.geometric_mean(values) if values else None
    table.add_row("geometric mean", *(" / ".join(_shown(mean(values)) for values in columns[name]) for name in names))
    return table


def notes(rows):
    """Return lines on what failed, on what did other work than the rest, and on how busy the machine was."""
    made = [f"{row.workload}, {row.kind}: {row.contender} failed: {row.failure}" for row in rows if row.failure]
    for (workload, kind), members in groups(rows).items():
        if kind == "predict" or workloads.find(workload).repeats:
            made += disagreements(members)
    others = [run["others"] for row in rows for run in row.runs]
    if others and max(others) > BUSY:
        middle, most = statistics.median(others), max(others)
        made.append(f"other processes kept {middle:.1f} cores busy (median; at most {most:.1f}): times are long, PyTorch's most, whose threads spin.")
    return made


def disagreements(rows):
    """Return a line for each row whose first epoch came to another figure than that of the others."""
    ran = [(row, row.runs[0]["figures"][0]) for row in rows if row.runs]
    middle = statistics.median(figure for _, figure in ran) if ran else 0.0
    off = [(row, figure) for row, figure in ran if not math.isclose(figure, middle, rel_tol=APART)]
    return [f"{row.workload}, {row.kind}: {row.contender} came to {figure:.6g} in its first epoch, the others to {middle:.6g}." for row, figure in off]


def machine():
    """Return versions, processor and cores."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {"python": platform.python_version(), "versions": versions, "cpu": _processor(), "cores": len(os.sched_getaffinity(0))}


def _processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def write(path, rows, **given):
    """Write everything as JSON."""
    with open(path, "w") as file:
        json.dump({**machine(), **given, "rows": [row.record() for row in rows], "notes": notes(rows)}, file, indent=1)
