"""All contenders of a workload on one framework by turns in one process, a few epochs each: what noise of minutes does least to."""

import importlib
import itertools
import json
import os
import sys
import time

from benchmarks import contenders, fit_loop, material, workloads
from benchmarks.one import PACKAGES, Job

TURN = 0.2  # seconds that a turn takes at least
MOST = 200  # epochs in a turn at most


def by_hand(job):
    """Return turn(epochs) -> seconds of each, of a loop written by hand."""
    epoch = getattr(importlib.import_module(f"benchmarks.hand.{job.framework}_loop"), job.kind)(job)
    return lambda count: [_seconds(lambda: epoch(job.steps)) for _ in range(count)]


def _seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def prepared(job, names):
    """Return {contender: turn}, each warm; what cannot run is left out."""
    made = {}
    for name in names:
        try:
            turn = {"polykeras": fit_loop.polykeras_turns, "keras": fit_loop.keras_turns}.get(name, by_hand)(job._replace(variant=name))
            turn(2)
            made[name] = turn
        except Exception as error:  # such as torch.compile without a compiler
            print(f"{name}: {error}", file=sys.stderr)
    return made


def main(workload, kind, framework, rounds, path):
    """Take turns, and print {contender: [microseconds per step, one median for each round]} as a line of JSON."""
    importlib.import_module(PACKAGES.get(framework, framework))
    chosen = workloads.find(workload)
    job = Job(chosen, kind, framework, "", chosen.batch, chosen.steps, 0, *material.read(path))
    keras = ["keras"] if framework in contenders.KERAS else []
    hand = contenders.HAND[kind][framework] if framework != "numpy" or chosen.forward in contenders.NUMPY_FORWARDS else ()
    turns = prepared(job, ["polykeras", *keras, *hand])
    counts = {name: min(MOST, max(2, int(TURN / min(turn(2))))) for name, turn in turns.items()}
    taken = {name: [] for name in turns}
    for _, (name, turn) in itertools.product(range(int(rounds)), turns.items()):
        spans = sorted(turn(counts[name]))
        taken[name].append(round(spans[len(spans) // 2] / chosen.steps * 1e6, 1))
    print(json.dumps(taken))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    main(*sys.argv[1:])
