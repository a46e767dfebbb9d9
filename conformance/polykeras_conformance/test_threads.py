"""Lane of threads: two models that train at once in two threads give the bits that they give alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from polykeras import tree
from polykeras_conformance import places
from polykeras_conformance.tables.trajectories import ROWS, THREADED
from polykeras_conformance.trajectory import Case, Run, unequal

CASES = [Case(row, "float32") for row in ROWS if row.id in THREADED]
SECONDS = 120  # for the other thread to compile, on a busy machine


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_two_backends(place, backend, case):
    """One model on the reference, one on the backend under test."""
    check(case, [places.reference().backend, backend])


@pytest.mark.parametrize("case", CASES[:1], ids=repr)
def test_one_backend(place, backend, case):
    """Two models on the backend under test, with batches of their own, so that one would show in the other."""
    check(case, [backend, backend], [given, halved])


def given(run, done, chunk):
    """Train on the batches as they are."""
    return chunk


def halved(run, done, chunk):
    """Train on halves of the inputs."""
    x, *rest = chunk.data
    return chunk._replace(data=(tree.map_structure(lambda leaf: leaf / np.asarray(2, leaf.dtype), x), *rest))


def check(case, backends, batches=(given, given)):
    """Assert that runs on these backends are the same, one by one and all at once, step beside step."""
    alone = [Run(case.row, case.dtype, backend).curve(change) for backend, change in zip(backends, batches)]
    runs, together = [Run(case.row, case.dtype, backend) for backend in backends], threading.Barrier(len(backends))

    def trained(run, change):
        def in_step(run, done, chunk):
            together.wait(SECONDS)
            return change(run, done, chunk)

        try:
            return run.curve(in_step)
        except BaseException:
            together.abort()
            raise

    with ThreadPoolExecutor(len(runs)) as pool:
        made = list(pool.map(trained, runs, batches))
    for backend, mine, right in zip(backends, made, alone):
        assert len(set(right.losses)) > 1, f"{case.id} on {backend.name}: every step gave the loss {right.losses[0]}"
        assert mine.losses.tobytes() == right.losses.tobytes(), f"{case.id} on {backend.name}: losses {mine.losses}, alone {right.losses}"
        changed = [f"{label} after step {done}" for done, state in mine.states.items() for label in unequal(state, right.states[done])]
        assert not changed, f"{case.id} on {backend.name}: beside another, changed: {', '.join(changed[:5])}"
