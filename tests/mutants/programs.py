"""Mutants of programs."""

import threading

import numpy as np

from polykeras_numpy.program import Program
from tests.mutants.row import mutant, times


class Forgetful(Program):
    """A program that does not keep the counters of its random generators."""

    def _step(self, inputs):
        kept = {name: x for name, x in self.store.values.items() if x.dtype == np.int32 and x.shape == (2,)}
        made = super()._step(inputs)
        self.store.values.update(kept)
        return made


class Constant(Program):
    """A program that gives its first results for ever."""

    def _step(self, inputs):
        self.first = getattr(self, "first", None) or super()._step(inputs)
        return self.first


class Same(Program):
    """A program that calls its step, and gives and keeps nothing but the number 37."""

    def _step(self, inputs):
        with np.errstate(all="ignore"):
            outputs = super()._step(inputs)
        self.store.values.update({name: np.full_like(x, 37) for name, x in self.store.values.items()})
        return [np.full_like(x, 37) for x in outputs]


class Idle(Program):
    """A program that never calls its step."""

    def _step(self, inputs):
        return [np.zeros(x.shape, x.dtype) for x in self.outputs]


class Short(Program):
    """A program that leaves out the last batch of a chunk."""

    def run(self, inputs):
        if self.steps is None:
            return super().run(inputs)
        rows = [self._step([x[index] for x in inputs]) for index in range(self.steps - 1)]
        return [np.stack([*column, column[-1]]) for column in zip(*rows)]


class Backwards(Program):
    """A program that runs a chunk from its last batch to its first."""

    def run(self, inputs):
        made = super().run([x[::-1] for x in inputs] if self.steps else inputs)
        return [x[::-1] for x in made] if self.steps else made


class Parallel(Program):
    """A program whose chunk starts each step from the state that the first one found."""

    def run(self, inputs):
        if self.steps is None:
            return super().run(inputs)
        start, rows = dict(self.store.values), []
        for index in range(self.steps):
            self.store.values.update(start)
            rows.append(self._step([x[index] for x in inputs]))
        return [np.stack(column) for column in zip(*rows)]


class Overwriting(Program):
    """A program that overwrites what it gave before."""

    def _step(self, inputs):
        updates, outputs = self.function(self.store.values, inputs)
        for name, value in updates.items():
            np.copyto(self.store.values[name], value)
        return outputs


class Traveller(Program):
    """A program that fetches its state before every step."""

    def _step(self, inputs):
        self.store.write(self.store.read(list(self.store.values)))
        return super()._step(inputs)


class Scribbling(Program):
    """A program that computes in the caller's arrays."""

    def _step(self, inputs):
        made = super()._step([np.array(x) for x in inputs])
        for x in inputs:
            np.multiply(x, 2, out=x, casting="unsafe")
        return made


class Late(Program):
    """A program that returns before its update, which is made when it runs again."""

    def _step(self, inputs):
        self.store.values.update(getattr(self, "waiting", {}))
        self.waiting, outputs = self.function(self.store.values, inputs)
        return outputs


class Apart(Program):
    """A program that copies the state when it is compiled, and keeps to its copy."""

    def __init__(self, function, store, steps):
        super().__init__(function, store, steps)
        self.mine = dict(store.values)

    def _step(self, inputs):
        updates, outputs = self.function({**self.store.values, **self.mine}, inputs)
        self.mine.update(updates)
        self.store.values.update(updates)
        return outputs


class Readers(Program):
    """A program that keeps only those updates whose value it read before."""

    def _step(self, inputs):
        before = dict(self.store.values)
        made = super()._step(inputs)
        self.store.values.update({name: before[name] for name in set(self.updates) - set(self.reads)})
        return made


class Full(Program):
    """A program that leaves out a batch that is smaller than its store's largest."""

    def _step(self, inputs):
        size = max((len(x) for x in inputs if np.ndim(x)), default=0)
        self.store.largest = max(size, getattr(self.store, "largest", 0))
        return super()._step(inputs) if size == self.store.largest else [np.zeros(x.shape, x.dtype) for x in self.outputs]


class First(Program):
    """A program that keeps to the size of its first batch."""

    def _step(self, inputs):
        sizes = self.__dict__.setdefault("sizes", [np.shape(x) for x in inputs])
        return super()._step([np.resize(x, size) for x, size in zip(inputs, sizes)])


class Short16(Program):
    """A program whose state loses its last bits at every step."""

    def _step(self, inputs):
        made = super()._step(inputs)
        kept = {name: x.astype("float16").astype("float32") for name, x in self.store.values.items() if x.dtype == np.float32}
        self.store.values.update(kept)
        return made


class Crowded(Program):
    """A program that leaves its batch where those of other threads leave theirs."""

    batch, wait = None, threading.Event()

    def _step(self, inputs):
        Crowded.batch = inputs
        self.wait.wait(0.01)
        return super()._step(Crowded.batch)


def halved(b, function, arrays):
    """value_and_grad, whose value is half of what it should be."""
    value, aux, gradients = b.value_and_grad(function, arrays)
    return times(b, value, 0.5), aux, gradients


MUTANTS = {
    "never-called": mutant("primitives", "exp-edges-float32", program=Idle),
    "counter-stays": mutant("programs", "drops", program=Forgetful),
    "constant-results": mutant("programs", "counter", program=Constant),
    "last-batch-dropped": mutant("programs", "counter-chunks", program=Short),
    "chunk-backwards": mutant("programs", "shown-before-chunks", program=Backwards),
    "chunk-in-parallel": mutant("programs", "counter-chunks", program=Parallel),
    "results-overwritten": mutant("programs", "test_outputs_are_kept", program=Overwriting),
    "state-fetched": mutant("programs", "test_no_trip_to_the_host", program=Traveller),
    "returns-before-update": mutant("programs", "counter", program=Late),
    "programs-do-not-meet": mutant("programs", "test_programs_share_a_store", program=Apart),
    "inputs-overwritten": mutant("programs", "test_inputs_are_kept", program=Scribbling),
    "loss-halved": mutant("programs", "descent", value_and_grad=halved),
    "unread-updates-lost": mutant("programs", "written-only", program=Readers),
    "state-in-half": mutant("training", "mlp-sgd-float32", program=Short16),
    "ragged-batch-dropped": mutant("training", "mlp-ragged-shuffled-float32", program=Full),
    "first-size-kept": mutant("spec", "identity", program=First),
    "threads-share-a-batch": mutant("threads", "mlp-dropout-float32", program=Crowded),
}  # fmt: skip
