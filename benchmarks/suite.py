"""Rounds over contenders: every one once, then every one again, so that noise meets all alike."""

import itertools
import pathlib
import tempfile

from benchmarks import material, workloads
from benchmarks.contenders import FRAMEWORKS, HAND, Row, contenders, going_on


def measure(work, frameworks=FRAMEWORKS, hand=HAND, rounds=3, epochs=5, tell=print):
    """Run contenders on workloads; yield the Rows of each piece of work when it is done.

    Args:
        work: list of (workload's name, "train" or "predict"), those of one workload together.
        frameworks: which of them.
        hand: the variants written by hand, by kind and framework.
        rounds: how often each contender runs.
        epochs: how many are timed in each run at least.
        tell: called with a line before each run.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, pieces in itertools.groupby(work, lambda piece: piece[0]):
            workload, path = workloads.find(name), pathlib.Path(folder) / f"{name}.npz"
            material.write(workload, path)
            for _, kind in pieces:
                rows = [Row(name, kind, contender) for contender in contenders(kind, workload.forward, frameworks, hand)]
                for number in range(rounds):
                    for row in going_on(rows):
                        tell(f"{name}, {kind}, round {number + 1}/{rounds}: {row.contender}")
                        row.add(epochs, path)
                yield rows
            path.unlink()
