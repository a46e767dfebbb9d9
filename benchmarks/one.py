"""One contender in a process of its own: reads a job from the command line, prints its report as a line of JSON."""

import importlib
import json
import sys
from typing import NamedTuple

from benchmarks import clock, fit_loop, material, workloads

PACKAGES = {"tensorflow_graph": "tensorflow"}  # what a framework is imported as, where that is not its name


class Job(NamedTuple):
    """What to run: a workload and its material, on a framework, in a variant of the loop."""

    workload: workloads.Workload
    kind: str
    framework: str
    variant: str
    batch: int
    steps: int
    epochs: int
    inputs: list
    labels: object
    weights: dict

    @property
    def stacked(self):
        """(inputs, labels) as (steps, batch, ...)."""
        split = lambda array: array.reshape(self.steps, self.batch, *array.shape[1:])
        return [split(array) for array in self.inputs], split(self.labels)


def hand(job):
    """Time a loop written by hand; return the report."""
    loop = importlib.import_module(f"benchmarks.hand.{job.framework}_loop")
    timer = clock.Clock(job.kind, job.steps, job.epochs)
    epoch = getattr(loop, job.kind)(job)
    epoch(1)
    timer.first_step_done()
    while timer.goes_on:
        timer.epoch_done(epoch(job.steps))
    return timer.report()


CONTENDERS = {"polykeras": fit_loop.polykeras, "keras": fit_loop.keras, "hand": hand}


def main(workload, kind, framework, contender, variant, epochs, path):
    """Run a job and print its report."""
    importlib.import_module(PACKAGES.get(framework, framework))
    chosen, made = workloads.find(workload), material.read(path)
    job = Job(chosen, kind, framework, variant, chosen.batch, chosen.steps, int(epochs), *made)
    print(json.dumps(CONTENDERS[contender](job)))


if __name__ == "__main__":
    main(*sys.argv[1:])
