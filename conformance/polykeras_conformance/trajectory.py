"""Training runs, step by step, and how far rounding alone leads them apart.

The exact run is the reference's in float64. How much a model magnifies rounding is measured: the
reference trains again in the dtype under test, and before every step each weight and each number of
the batch is moved by at most one ulp. How far such runs leave the exact one is the envelope; a backend
may leave it as far as a few ulps would. It must be as near to the reference's run in its own dtype, which
shares the rounding of constants (1 - 0.999 in float32 is off by 1e-5), so that this envelope is narrower.
"""

import functools
import zlib
from typing import NamedTuple

import numpy as np

import polykeras
from polykeras import data as sources
from polykeras import dtypes, scope, step, tree
from polykeras.programs import specs_of
from polykeras_conformance import budgets, judge, margins, places
from polykeras_conformance.cases import numbers
from polykeras_conformance.judge import spacing
from polykeras_conformance.layer_cases import default_float
from polykeras_conformance.places import Witness

SHUFFLES = 5  # the seed of shuffles
DISTURBED = 3  # runs that make an envelope
SLOTS = {"momentum": 1, "accumulator": 2, "velocity": 2, "hat": 2}  # last words of the paths of slots, and the powers of gradients in them
FEW = budgets.ROUNDED.ulps  # what one operation may be off; a dot product in float32 is the exact one of inputs a few ulps off


class Row:
    """A model, its data and how it is trained: one line of a table.

    Args:
        id: unique within its table.
        make: takes a module with Keras's names, returns the model.
        data: function without arguments that returns (x, y) or (x, y, sample_weight).
        optimizer: takes the module, returns the optimizer.
        loss: what compile takes, or a function of the module.
        metrics, loss_weights: what compile takes.
        batch_size: samples a step; where they do not divide the data the last step has fewer.
        steps_at_a_time: how many steps one call of the program runs.
        epochs: how often the data is gone through; shuffled where it is more than once.
        class_weight: what fit takes.
        jit: what compile takes as jit_compile.
    """

    def __init__(
        self, id, make, data, optimizer, loss, metrics=None, loss_weights=None, batch_size=8, steps_at_a_time=1, epochs=1, class_weight=None,
        jit="auto",
    ):  # fmt: skip
        self.id, self.make, self.data, self.optimizer, self.loss, self.metrics = id, make, data, optimizer, loss, metrics
        self.loss_weights, self.batch_size, self.steps_at_a_time = loss_weights, batch_size, steps_at_a_time
        self.epochs, self.class_weight, self.jit = epochs, class_weight, jit

    def __repr__(self):
        return self.id


class Case:
    """A row in a dtype, as the lanes of training take it."""

    def __init__(self, row, dtype):
        self.row, self.dtype, self.id, self.group = row, dtype, f"{row.id}-{dtype}", row.id
        self.needs, self.eager = {dtype}, False

    def __repr__(self):
        return self.id


class State(NamedTuple):
    """What a run has come to."""

    labels: list
    values: list


class Curve(NamedTuple):
    """A run: the loss of each step, and {steps done: State}."""

    losses: np.ndarray
    states: dict


class Run:
    """A row's model, ready to be trained on a backend from the weights that all its runs start from."""

    def __init__(self, row, dtype, backend):
        self.row, self.dtype, self.backend, self.witnesses = row, dtype, backend, []
        with default_float(dtype):
            polykeras.utils.clear_session()
            polykeras.utils.set_random_seed(zlib.crc32(row.id.encode()) % 1000)
            self.model = model = row.make(polykeras)
            loss = row.loss(polykeras) if callable(row.loss) else row.loss
            options = {"loss_weights": row.loss_weights, "metrics": row.metrics, "jit_compile": row.jit}
            model.compile(row.optimizer(polykeras), loss, backend=backend.name, **options)
            for variable in model.variables:
                variable.assign(first_value(variable))
            x, y, weight = (*row.data(), None)[:3]
            self.source = sources.source_of(x, y, weight, row.batch_size, row.class_weight, None, backend)
            model._shuffles = [SHUFFLES, 0]

    def chunks(self):
        """Yield (number of steps before, chunk) of all epochs."""
        done = 0
        for _ in range(self.row.epochs):
            self.model.reset_metrics()
            order = self.model._order(self.source, self.row.epochs > 1)
            for chunk in self.source.chunks(self.row.steps_at_a_time, order):
                yield done, chunk
                done += chunk.count

    def train(self, chunk):
        """Run a chunk through the door that fit uses; return the losses of its steps."""
        batch = chunk.data if not chunk.stacked else tree.map_structure(lambda leaf: leaf[0], chunk.data)
        with default_float(self.dtype):
            made = self.model.programs.run(self.recording(batch), chunk)
            return np.ravel(places.to_host(self.place, made[0]))

    def fit(self):
        """Train through fit; return the History."""
        self.recording(self.source.first())
        row, (x, y, weight) = self.row, self.source.data
        how = {"batch_size": row.batch_size, "epochs": row.epochs, "shuffle": row.epochs > 1, "verbose": 0}
        with default_float(self.dtype):
            return self.model.fit(x, y, sample_weight=weight, **how)

    def recording(self, batch):
        """Return the recording of the training step that fit uses for such batches, with a witness in it."""
        with default_float(self.dtype):
            made = self.model.programs.recording("train", step.train, specs_of(batch))
        if not isinstance(made.trace, Witness):
            made.trace = Witness(made.trace)
            self.witnesses.append((made.trace, self.place))
        return made

    @property
    def place(self):
        """The backend that the model runs on now."""
        return places.registry.load(self.model.backend)

    def testify(self):
        """Raise AssertionError unless every step ran on the backend that it was meant for, and all state lives there."""
        assert self.witnesses, "nothing was trained"
        for witness, backend in self.witnesses:
            witness.testify(backend)
        wrong = [v.path for v in self.variables() if v.home is not None and v.home.backend.name != self.model.backend]
        assert not wrong, f"not on {self.model.backend}: {', '.join(wrong)}"
        assert any(v.home is not None for v in self.model.trainable_variables), "no weight lives on a backend"

    def variables(self):
        """Return all Variables: weights and seeds, the optimizer's, the metrics'."""
        return [*self.model.variables, *self.model._training_variables()]

    def state(self):
        """Return the State."""
        found = self.variables()
        return State([variable.path for variable in found], [variable.numpy() for variable in found])

    def curve(self, before=None):
        """Train and return the Curve.

        Args:
            before: called with the run, the number of steps done and the next chunk; returns the chunk to use.
        """
        losses, states = [], {}
        for done, chunk in self.chunks():
            losses += [*self.train(chunk if before is None else before(self, done, chunk))]
            states[done + chunk.count] = self.state()
        self.testify()
        return Curve(np.array(losses), states)


def first_value(variable):
    """Return numbers of float32 for a weight, as large as usual for its shape; others keep their value."""
    if not variable.trainable or not dtypes.is_float(variable.dtype):
        return variable.numpy()
    size = np.sqrt(3 / np.prod(variable.shape[:-1])) if len(variable.shape) > 1 else 0.1
    shift = 1 if variable.name == "gamma" else 0
    return numbers(variable.path, variable.shape, "float32", shift - size, shift + size)


def disturber(number, ulp):
    """Return a function for Run.curve that moves weights and batch by at most an ulp."""
    generator = np.random.Generator(np.random.PCG64(number))
    moved = lambda x: (x * (1 + ulp * generator.uniform(-1, 1, x.shape))).astype(x.dtype) if x.dtype.kind == "f" else x

    def disturb(run, done, chunk):
        for variable in run.model.trainable_variables:
            variable.assign(moved(variable.numpy()))
        x, y, weight = chunk.data
        return chunk._replace(data=(tree.map_structure(moved, x), y, weight))

    return disturb


@functools.cache
def reference(row, dtype):
    """Return the Curve of the reference in a dtype."""
    return Run(row, dtype, places.reference().backend).curve()


@functools.cache
def disturbed(row, dtype):
    """Return the Curves of the reference in a dtype, moved by an ulp before every step."""
    ulp = np.finfo(dtype).eps
    return [Run(row, dtype, places.reference().backend).curve(disturber(number, ulp)) for number in range(DISTURBED)]


class Limits(NamedTuple):
    """A Curve, and how far from it a run may be: a number per loss, and {steps done: a number per array of the state}."""

    middle: Curve
    losses: np.ndarray
    states: dict


@functools.cache
def limits(row, dtype, middle):
    """Return the Limits around the reference's run in a dtype `middle`; they never narrow from one step to the next."""
    right, runs = reference(row, middle), disturbed(row, dtype)
    apart = np.max([np.abs(run.losses - right.losses) for run in runs], axis=0)
    losses = FEW * np.maximum.accumulate(np.maximum(apart, spacing(right.losses, dtype)))
    losses[0] = min(losses[0], budgets.COMPOSED.ulps * spacing(right.losses[0], dtype))
    states, most = {}, 0
    for done, state in right.states.items():
        gaps = [[distance(*pair) for pair in zip(run.states[done].values, state.values)] for run in runs]
        most = np.max([*gaps, units(state, dtype), np.zeros(len(state.values)) + most], axis=0)
        states[done] = FEW * most
    return Limits(right, losses, states)


def units(state, dtype):
    """Return the ulp of each array's largest element; of slots of one kind, the largest of all weights, 2 ulps of squares.

    A gradient that ought to be 0 is what is left of numbers as large as other gradients.
    """
    largest = {}
    for label, value in zip(state.labels, state.values):
        if value.dtype.kind == "f":
            largest[kind(label)] = max(largest.get(kind(label), 0), np.abs(value).max(initial=0))
    return [SLOTS.get(kind(label), 1) * spacing(largest[kind(label)], dtype) if kind(label) in largest else 0 for label in state.labels]


def kind(label):
    """Return which slot of a weight a path means, else the path."""
    last = label.rpartition("_")[2]
    return last if last in SLOTS else label


def distance(x, y):
    """Return how far two arrays are apart at most."""
    return np.abs(x.astype(np.float64) - y.astype(np.float64)).max(initial=0)


def faults(case, curve):
    """Return what is wrong with a Curve of a case, in words: it must be near the exact run, and near that of its own dtype."""
    found = []
    for middle in dict.fromkeys(("float64", case.dtype)):
        allowed = limits(case.row, case.dtype, middle)
        rows = list(zip(curve.losses, allowed.middle.losses, allowed.losses, strict=True))
        margins.curve("loss", [abs(mine - wanted) for mine, wanted, _ in rows], allowed.losses)
        margins.use(max(judge.share(abs(mine - wanted), limit) for mine, wanted, limit in rows))
        for number, (mine, wanted, limit) in enumerate(rows, 1):
            if not abs(mine - wanted) <= limit:
                found.append(f"loss of step {number} is {mine!r}, expected {wanted!r} within {limit:.3g}")
        for done, state in curve.states.items():
            found += departures(state, done, allowed)
    return found


def departures(state, done, allowed):
    """Return where a State after so many steps leaves its Limits, in words."""
    right = allowed.middle.states[done]
    assert state.labels == right.labels, f"after step {done}: the state is {state.labels}, expected {right.labels}"
    found = []
    for label, mine, wanted, limit in zip(state.labels, state.values, right.values, allowed.states[done], strict=True):
        margins.use(judge.share(distance(mine, wanted), limit))
        if not distance(mine, wanted) <= limit:
            found.append(f"{label} after step {done} is off by {distance(mine, wanted):.3g}, allowed {limit:.3g}")
    return found


def unequal(state, other):
    """Return the paths of what differs between two States, bit for bit."""
    same = lambda x, y: x.dtype == y.dtype and x.shape == y.shape and x.tobytes() == y.tobytes()
    assert state.labels == other.labels, f"the state was {state.labels}, now it is {other.labels}"
    return [label for label, x, y in zip(state.labels, state.values, other.values) if not same(x, y)]
