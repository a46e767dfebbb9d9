"""Lane 7: programs: single steps, chunks, a ragged end, several on one store; the same numbers, and no trip to the host."""

import functools

import numpy as np
import pytest

from polykeras import aligned, contract, execute
from polykeras_conformance import places, steps
from polykeras_conformance.steps import Bed
from polykeras_conformance.tables.steps import STEPS

BY_NAME = {step.id: step for step in STEPS}


@pytest.fixture(scope="module")
def bed():
    """A function that gives the Bed of a step on a backend, made once."""
    return functools.cache(lambda step, name: Bed(step, places.registry.load(name)))


@pytest.fixture(scope="module")
def right(bed):
    """A function that gives what a step should give: single steps on the reference."""
    return functools.cache(lambda step: steps.outcome(bed(step, places.registry.reference().name), "single"))


@pytest.mark.parametrize("case", STEPS, ids=repr)
def test_steps(place, case, bed, right):
    """Single steps give what the reference gives: outputs, and the state after all of them."""
    if place.mode == "eager":
        got = steps.eagerly(case, place.backend)
    else:
        got = steps.outcome(bed(case, place.backend.name), "single")
    text = steps.gap(got, right(case), case.budget)
    assert not text, f"{case.id} on {place}: {text}"


DEALT = [(step, way) for step in STEPS for way in steps.WAYS if way != "single" and (step.eager or way != "chunk-of-one")]


@pytest.mark.parametrize("case, way", DEALT, ids=[f"{step}-{way}" for step, way in DEALT])
def test_ways(place, backend, case, way, bed):
    """However the batches are dealt out to programs, the numbers are those of single steps."""
    mine = bed(case, backend.name)
    single = steps.outcome(mine, "single")
    text = steps.gap(steps.outcome(mine, way), single, case.between)
    assert not text, f"{case.id} on {place}, {way}: {text}"


def test_programs_share_a_store(place, backend, right):
    """Programs of one store see each other's updates, whichever was compiled first, and a write in between."""
    step = BY_NAME["descent"]
    mine = Bed(step, backend)
    watch = mine.beside(lambda: [variable.value for variable in mine.variables])
    mine.run(0, 4, False)
    for got, held in zip(watch(), mine.state()):
        assert np.array_equal(got, held), f"{place}: another program of the store shows {got}, the store holds {held}"
    mine.run(4, 3, True)
    assert not steps.gap([[], mine.state()], [[], right(step)[1]], step.budget)
    weight, bias = mine.variables
    mine.store.write({bias.key: np.array([7.0], "float32")})
    assert watch()[1].tolist() == [7.0], f"{place}: a value written to the store did not reach a program"
    twice = mine.beside(lambda: [weight.assign(weight * 2.0).value])
    before = mine.state()
    made = twice()
    after = mine.state()
    right = np.array_equal(made[0], before[0] * 2) and np.array_equal(after[0], made[0]) and np.array_equal(after[1], before[1])
    assert right, f"{place}: from {before} the program gave {made} and left {after}"


def test_a_store_that_grows(place, backend):
    """Values added to a store leave its programs, and what they hold, as they are."""
    mine = Bed(BY_NAME["counter"], backend)
    mine.run(0, 2, False)
    mine.store.add({"another": np.arange(3.0)})
    mine.run(2, 3, True)
    assert mine.state()[0] == 5 and mine.store.names() == {*mine.start, "another"}, f"{place}: a variable was added; the store holds {mine.store.names()}, with {mine.state()}"
    mine.store.remove(["another"])
    mine.run(5, 2, False)
    assert mine.state()[0] == 7 and mine.store.names() == set(mine.start), f"{place}: a variable was removed; the store holds {mine.store.names()}, with {mine.state()}"


def test_outputs_are_kept(place, backend):
    """What a program gave is not overwritten by its next run, though the state is updated in place."""
    mine = Bed(BY_NAME["shown-before"], backend)
    program = mine.compiled(None)
    made = [program.run([x[index] for x in mine.batches]) for index in range(3)]
    shown = [[np.asarray(backend.to_numpy(x)) for x in row] for row in made]
    held = [np.array([1.0, 2.0], "float32"), *(mine.batches[0][index] for index in range(3))]
    for index, (before, after) in enumerate(shown):
        assert np.array_equal(before, held[index]) and np.array_equal(after, held[index + 1]), f"{place}: run {index} gave {before} and {after}"


def test_what_another_program_showed_is_kept(place, backend):
    """State that a program gave out stays as it was while another trains it."""
    mine = Bed(BY_NAME["snapshots"], backend)
    trace = execute.record(lambda: [variable.value for variable in mine.variables], (), backend).trace
    shown, before = backend.compile(trace, mine.store, None, contract.Options()).run([]), mine.state()
    mine.run(0, 2, False)
    for variable, x, held in zip(mine.variables, shown, before):
        got = places.to_host(backend, x)
        assert np.array_equal(got, held), f"{place}: {variable.name} was shown as {held}; after two steps what was shown is {got}"
    assert not np.array_equal(mine.state()[0], before[0]), f"{place}: two steps left {mine.variables[0].name} at {before[0]}"


@pytest.mark.parametrize("jit", ["auto", False])
def test_inputs_are_kept(place, backend, jit):
    """A program leaves the caller's arrays alone, and what the caller does to them later reaches no state."""
    mine = Bed(BY_NAME["shown-before"], backend)
    batch = aligned.copy(mine.batches[0][0])
    backend.compile(mine.recording.trace, mine.store, None, contract.Options(jit=jit)).run([batch])
    assert np.array_equal(batch, mine.batches[0][0]), f"{place}: a program wrote into its input"
    batch[:] = 99
    assert np.array_equal(mine.state()[0], mine.batches[0][0]), f"{place}: the state shares memory with an input"


def test_values_are_kept(place, backend):
    """A store shares no memory with the arrays that it was given and gives."""
    start = aligned.copy(np.array([1.0, 2.0], "float32"))
    store = backend.store({"a": start}, None)
    start[:] = 5
    read = store.read(["a"])["a"]
    assert read.tolist() == [1, 2], f"{place}: the store shares memory with the array that it was given"
    read[:] = 7
    assert store.read(["a"])["a"].tolist() == [1, 2], f"{place}: the store shares memory with the array that it gave"
    again = aligned.copy(np.array([3.0, 4.0], "float32"))
    store.write({"a": again})
    again[:] = 5
    assert store.read(["a"])["a"].tolist() == [3, 4], f"{place}: the store shares memory with an array that was written to it"
    store.close()


def test_no_trip_to_the_host(place, backend):
    """Programs run without reading or writing the store, and fetch nothing; results stay where they are until asked for."""
    mine = Bed(BY_NAME["momentum"], backend)
    single, chunk = mine.compiled(None), mine.compiled(3)
    with steps.watched(backend, mine.store) as calls:
        for index in range(3):
            single.run([x[index] for x in mine.batches])
        chunk.run([x[3:6] for x in mine.batches])
    assert not calls, f"{place}: while programs ran, arrays went to or from the host: {dict(calls)}"


def test_programs_without_inputs(place, backend):
    """A step may take no batch at all."""
    mine = Bed(BY_NAME["counter"], backend)
    count, _ = mine.variables
    again = mine.beside(lambda: [count.assign(count + 1).value])
    counted = [again()[0].item() for _ in range(3)]
    assert counted == [1, 2, 3] and mine.state()[0] == 3, f"{place}: counted {counted} and left {mine.state()[0]}"
