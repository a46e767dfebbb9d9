"""Who runs against whom, and how one of them is run: in a process of its own, in turn with the others."""

import json
import os
import re
import statistics
import subprocess
import sys
from typing import NamedTuple

FRAMEWORKS = ("jax", "tensorflow", "tensorflow_graph", "torch", "numpy")
KERAS = ("jax", "tensorflow", "torch")  # Keras has no graph backend; its NumPy one does not train
HAND = {
    "train": {
        "jax": ("jit", "scan"),
        "tensorflow": ("function", "xla", "epoch loop", "xla epoch loop"),
        "tensorflow_graph": ("session", "session loop"),
        "torch": ("eager", "flat", "compile"),
        "numpy": ("eager",),
    },
    "predict": {
        "jax": ("jit", "scan"),
        "tensorflow": ("function", "xla"),
        "tensorflow_graph": ("session",),
        "torch": ("eager", "compile"),
        "numpy": ("eager",),
    },
}
SCALING = {  # those that grow differently
    "train": {
        "jax": ("jit", "scan"),
        "tensorflow": ("function", "xla epoch loop"),
        "tensorflow_graph": ("session", "session loop"),
        "torch": ("eager", "flat"),
        "numpy": ("eager",),
    }
}
QUICK = {  # one each, that is seldom far from the best
    "train": {"jax": ("scan",), "tensorflow": ("xla epoch loop",), "tensorflow_graph": ("session loop",), "torch": ("flat",), "numpy": ("eager",)},
    "predict": {"jax": ("jit",), "tensorflow": ("function",), "tensorflow_graph": ("session",), "torch": ("eager",), "numpy": ("eager",)},
}
NUMPY_FORWARDS = ("stack",)  # the models whose gradients are written out
KINDS = tuple(HAND)
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1"}  # the time to a first step is that of a first time
TIMEOUT = 900
SLOW = 2.0  # a variant so many times slower than its framework's best takes part in the first round only


class Contender(NamedTuple):
    """Who runs: polykeras, keras, or a variant written by hand."""

    framework: str
    name: str
    variant: str = "fit"

    def __str__(self):
        return f"{self.framework} {self.name}" + (f" ({self.variant})" if self.name == "hand" else "")


class Row:
    """A contender's runs on a workload.

    Args:
        workload: its name.
        kind: "train" or "predict".
        contender: a Contender.
    """

    def __init__(self, workload, kind, contender):
        self.workload, self.kind, self.contender = workload, kind, contender
        self.runs, self.failure = [], None

    def add(self, epochs, path):
        """Run once more; a failure is kept, and nothing runs after it."""
        made = ran(self.workload, self.kind, self.contender, epochs, path)
        self.failure = made if isinstance(made, str) else None
        self.runs += [] if self.failure else [made]

    def middle(self, name):
        """Return the median over runs of a figure, and of that of each run; None where nothing ran."""
        return statistics.median(statistics.median(_list(run[name])) for run in self.runs) if self.runs else None

    def spread(self):
        """Return the smallest and the largest of the runs' medians."""
        medians = [statistics.median(run["us"]) for run in self.runs]
        return min(medians), max(medians)

    @property
    def fastest(self):
        """The fastest epoch of all runs, in microseconds per step: what noise does least to."""
        return min(min(run["us"]) for run in self.runs)

    def record(self):
        """Return all of it as a dict."""
        return {"workload": self.workload, "kind": self.kind, **self.contender._asdict(), "failure": self.failure, "runs": self.runs}


def _list(value):
    return value if isinstance(value, list) else [value]


def contenders(kind, forward, frameworks=FRAMEWORKS, hand=HAND):
    """Return the contenders of a kind of run for a forward pass."""
    found = []
    for framework in frameworks:
        found.append(Contender(framework, "polykeras"))
        if framework in KERAS:
            found.append(Contender(framework, "keras"))
        if framework != "numpy" or forward in NUMPY_FORWARDS:
            found.extend(Contender(framework, "hand", variant) for variant in hand[kind].get(framework, ()))
    return found


def ran(workload, kind, contender, epochs, path):
    """Return a contender's report, or why there is none."""
    environment = {**os.environ, **ENVIRONMENT}
    if contender.name == "keras":
        environment["KERAS_BACKEND"] = contender.framework
    given = [workload, kind, contender.framework, contender.name, contender.variant, str(epochs), str(path)]
    try:
        made = subprocess.run([sys.executable, "-m", "benchmarks.one", *given], env=environment, capture_output=True, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return f"took longer than {TIMEOUT} s"
    return reason(made) if made.returncode else json.loads(made.stdout.splitlines()[-1])


def reason(made):
    """Return the line of a failed process that says why."""
    lines = [line.strip() for line in made.stderr.splitlines() if line.strip()] or [f"ended with status {made.returncode}"]
    errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Failure)\b", line)]
    return (errors or lines)[-1][:300]


def going_on(rows):
    """Return the rows that take part in a further round: none that failed, no variant far behind its framework's best."""
    best = {}
    for row in rows:
        if row.runs and row.contender.name == "hand":
            best[row.contender.framework] = min(row.fastest, best.get(row.contender.framework, float("inf")))
    fast = lambda row: row.contender.name != "hand" or row.fastest <= SLOW * best[row.contender.framework]
    return [row for row in rows if not row.failure and (not row.runs or fast(row))]
