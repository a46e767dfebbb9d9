"""Mutants: the reference with one thing wrong each, and the lane of the suite that must tell. A row is all a mutant takes.

Rows name parts of a backend; each is a function of (the sound backend, *the contract's arguments). `fused` holds
ops likewise, `program` and `store` classes, `core` parts of polykeras itself, replaced while that mutant is tested.
"""

import contextlib
import importlib
import types
from typing import NamedTuple

import numpy as np

from polykeras import contract
from polykeras.ops.dispatch import OPS
from polykeras.scope import Scope
from polykeras.spec import Spec, padding_pairs
from polykeras_numpy import backend as sound
from polykeras_numpy.program import Program, Store


class Mutant(NamedTuple):
    """What is wrong, and where it must show: a lane, and the tests or first letters of cases that are run."""

    lane: str
    cases: tuple
    parts: dict


def mutant(lane, *cases, **parts):
    """Return a row."""
    return Mutant(lane, cases, parts)


def of_op(change):
    """Return a fused op: the composition, its result changed; change(sound, made, *arguments)."""

    def fused(name, b, *args):
        with Scope(b):
            return change(b, OPS[name].composition(*args), *args)

    return fused


def times(b, x, factor):
    """Return an array times a number."""
    return b.multiply(x, b.full((), factor, b.dtype(x)))


def in_front(b, x, window, strides, padding, dilation, value):
    """Return x padded for 'same' with the odd place in front."""
    pairs = [pair[::-1] for pair in padding_pairs(padding, x.shape[1:-1], window, strides, dilation)]
    return b.pad(x, ((0, 0), *pairs, (0, 0)), value)


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


class Sharing(Store):
    """A store that gives away its own memory."""

    def read(self, names):
        return {name: self.values[name] for name in names}


def half_up(b, x):
    """round, halves away from zero."""
    away = b.floor(b.add(b.abs(x), b.full((), 0.5, b.dtype(x))))
    return b.where(b.less(x, b.full((), 0, b.dtype(x))), b.negative(away), away)


def wrapping(b, x, dtype):
    """cast, whose floats beyond an integer's range wrap round."""
    return x.astype(np.int64).astype(dtype) if dtype == "int32" and x.dtype.kind == "f" else b.cast(x, dtype)


def last_wins(b, x, indices, updates):
    """scatter_add, where of repeated rows only the last counts."""
    made = np.array(x)
    made[indices] = x[indices] + updates
    return made


def once_more(b, condition, body, carry):
    """while_loop, with a turn too many."""
    return body(b.while_loop(condition, body, carry))


def backwards(b, body, carry, xs, length):
    """scan, from the last row to the first."""
    return b.scan(body, carry, [b.flip(x, (0,)) for x in xs], length)


def floored(x, starts, stops, steps):
    """The shape rule of slice, rounded down."""
    return Spec([(stop - start) // step for start, stop, step in zip(starts, stops, steps)], x.dtype)


MUTANTS = {
    # -- primitives
    "sum-is-mean": mutant("primitives", "sum-axes0", sum=lambda b, x, axes, keep: times(b, b.sum(x, axes, keep), 0.5)),
    "sum-in-float32": mutant("primitives", "sum-long", sum=lambda b, x, axes, keep: np.add.accumulate(x, axes[0])[-1:].reshape(x.shape[1:]) if len(axes) == 1 and axes[0] == 0 else b.sum(x, axes, keep)),
    "max-without-nan": mutant("primitives", "max-nan", max=lambda b, x, axes, keep: np.nanmax(x, axis=axes, keepdims=keep)),
    "argmax-last": mutant("primitives", "argmax-ties", argmax=lambda b, x, axis: (x.shape[axis] - 1 - b.argmax(b.flip(x, (axis,)), axis)).astype("int32")),
    "argmax-int64": mutant("primitives", "argmax-ties", argmax=lambda b, x, axis: b.argmax(x, axis).astype("int64")),
    "argsort-unstable": mutant("primitives", "argsort-ties", argsort=lambda b, x, axis: b.subtract(np.int32(x.shape[axis] - 1), b.flip(b.argsort(b.flip(b.negative(x) if x.dtype.kind == "i" else -x, (axis,)), axis), (axis,)))),
    "round-half-up": mutant("primitives", "round-edges", round=half_up),
    "mod-truncates": mutant("primitives", "mod", mod=lambda b, x, y: np.fmod(x, y)),
    "cast-wraps": mutant("primitives", "cast-saturates", cast=wrapping),
    "conv-odd-in-front": mutant("primitives", "conv-same", conv=lambda b, x, k, s, p, d, g: b.conv(in_front(b, x, k.shape[:-2], s, p, d, 0), k, s, "valid", d, g) if p == "same" else b.conv(x, k, s, p, d, g)),
    "pool-odd-in-front": mutant("primitives", "pool-sum-same", pool=lambda b, x, kind, n, s, p: b.pool(in_front(b, x, n, s, p, (1,) * len(n), 0), kind, n, s, "valid") if p == "same" and kind == "sum" else b.pool(x, kind, n, s, p)),
    "scatter-last-wins": mutant("primitives", "scatter_add-rows", scatter_add=last_wins),
    "never-called": mutant("primitives", "exp", program=Idle),
    # -- gradients
    "maximum-first-wins": mutant("gradients", "maximum-tie", maximum=lambda b, x, y: b.where(b.less(x, y), y, x)),
    "abs-slope-at-zero": mutant("gradients", "absolute", abs=lambda b, x: b.where(b.less(x, b.full((), 0, b.dtype(x))), b.negative(x), x)),
    "gradient-lost": mutant("gradients", "log1p-smooth", log1p=lambda b, x: b.stop_gradient(b.log1p(x))),
    "gradient-negated": mutant("gradients", "sin-smooth", value_and_grad=lambda b, f, xs: (lambda v, aux, gs: (v, aux, [b.negative(g) for g in gs]))(*b.value_and_grad(f, xs))),
    # -- ops
    "matmul-transposed": mutant("ops", "matmul-int", matmul=lambda b, x, y: b.matmul(x, b.transpose(y, (1, 0))) if x.shape == y.shape and x.ndim == 2 and x.shape[0] == x.shape[1] else b.matmul(x, y)),
    # -- fused ops
    "fused-mean-is-sum": mutant("fused", "mean", fused={"mean": of_op(lambda b, made, x, *_: times(b, made, 2))}),
    "fused-variance-unbiased": mutant("fused", "var", fused={"var": of_op(lambda b, made, x, axis, *_: times(b, made, 1.25))}),
    "fused-epsilon": mutant("fused", "layer_normalization", fused={"layer_normalization": lambda name, b, x, scale, offset, axis, epsilon: of_op(lambda b, made, *_: made)(name, b, x, scale, offset, axis, epsilon / 10)}),
    "fused-without-gradient": mutant("fused", "gradient-softmax", fused={"softmax": of_op(lambda b, made, *_: b.stop_gradient(made))}),
    "fused-never-serves": mutant("fused", "test_entry", fused={"softmax": of_op(lambda b, made, *_: made)}, when=lambda *args: False),
    "fused-no-op": mutant("fused", "test_entry", fused={"softmacks": of_op(lambda b, made, *_: made)}),
    # -- layers
    "fused-normalization": mutant("layers", "BatchNormalization-plain", fused={"batch_normalization": of_op(lambda b, made, *_: times(b, made, 1.001))}),
    # -- random numbers
    "threefry-one-bit": mutant("random", "threefry-pi", "bits-1000", fused={"threefry": of_op(lambda b, made, *_: (made[0], b.bitwise_xor(made[1], b.full((), 1, "int32"))))}),
    "uniform-closed": mutant("random", "uniform-range", fused={"_uniform": of_op(lambda b, made, *_: times(b, made, 1 + 2.0**-20))}),
    # -- programs
    "counter-stays": mutant("programs", "drops", program=Forgetful),
    "constant-results": mutant("programs", "counter", program=Constant),
    "last-batch-dropped": mutant("programs", "counter-chunks", program=Short),
    "results-overwritten": mutant("programs", "test_outputs_are_kept", program=Overwriting),
    "state-fetched": mutant("programs", "test_no_trip_to_the_host", program=Traveller),
    "store-shares-memory": mutant("programs", "test_inputs_are_kept", store=Sharing),
    # -- choices and loops
    "cond-swapped": mutant("control", "cond-true", cond=lambda b, predicate, first, second, xs: b.cond(predicate, second, first, xs)),
    "while-once-more": mutant("control", "while-data", while_loop=once_more),
    "scan-backwards": mutant("control", "scan-two", scan=backwards),
    # -- the abstract backend
    "predicted-dtype": mutant("spec", "argsort", core={"polykeras.spec": {"argsort": lambda x, axis: Spec(x.sizes, "int64")}}),
    "predicted-size": mutant("spec", "every-other", core={"polykeras.spec": {"slice": floored}}),
}  # fmt: skip
LANES = sorted({row.lane for row in MUTANTS.values()})


def made(name):
    """Return a mutant as a backend; "unbroken" is the reference under that name, which fuses what any mutant fuses."""
    parts = dict(MUTANTS[name].parts) if name != "unbroken" else {"fused": faithful()}
    program, store, when = parts.pop("program", Program), parts.pop("store", Store), parts.pop("when", None)
    parts.pop("core", None)
    fused = {op: contract.Fused(fused_call(op, function), when) for op, function in parts.pop("fused", {}).items()}
    backend = types.SimpleNamespace(**{**vars(sound), "name": name, "fused": fused})
    vars(backend).update({part: (lambda *args, function=function: function(sound, *args)) for part, function in parts.items()})

    def compiled(step, store, steps, options):
        made = program(step.bind(backend, hoist=True), store, steps)
        made.outputs = step.outputs
        return made

    backend.compile, backend.store = compiled, lambda values, device: store(values)
    return backend


def faithful():
    """Return every op that a mutant fuses, as its composition."""
    names = {op for row in MUTANTS.values() for op in row.parts.get("fused", ()) if op in OPS}
    return {op: of_op(lambda b, made, *_: made) for op in sorted(names)}


def fused_call(op, function):
    """Return a fused op as backends have it."""
    return lambda *args: function(op, sound, *args)


@contextlib.contextmanager
def core_of(name):
    """Replace what a mutant replaces of polykeras itself, for a while."""
    kept = []
    for module, parts in MUTANTS[name].parts.get("core", {}).items() if name in MUTANTS else ():
        owner = importlib.import_module(module)
        for part, function in parts.items():
            kept.append((owner, part, getattr(owner, part)))
            setattr(owner, part, function)
    try:
        yield
    finally:
        for owner, part, original in kept:
            setattr(owner, part, original)


def __getattr__(name):
    if name.replace("_", "-") in (*MUTANTS, "unbroken"):
        return made(name.replace("_", "-"))
    raise AttributeError(name)
