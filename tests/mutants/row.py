"""What a row of a table of mutants is, and the few ways of breaking something that many rows take."""

from typing import NamedTuple

from polykeras.ops.dispatch import OPS
from polykeras.scope import Scope


class Mutant(NamedTuple):
    """What is wrong, and where it must show: a lane, and the tests or first letters of cases that are run."""

    lane: str
    cases: tuple
    parts: dict


def mutant(lane, *cases, **parts):
    """Return a row.

    Args:
        parts: of a backend, each a function of (the sound backend, *the contract's arguments); or `fused`, ops
            likewise; `program` and `store`, classes; `core`, parts of polykeras itself by module.
    """
    return Mutant(lane, cases, parts)


def of_op(change):
    """Return a fused op: the composition, its result changed; change(sound, made, *arguments)."""

    def fused(name, b, *args):
        with Scope(b):
            return change(b, OPS[name].composition(*args), *args)

    return fused


def given(change):
    """Return a fused op: the composition of other arguments, a tuple; change(sound, *arguments)."""

    def fused(name, b, *args):
        with Scope(b):
            return OPS[name].composition(*change(b, *args))

    return fused


def instead(function):
    """Return a fused op that is something else altogether; function(sound, *arguments)."""

    def fused(name, b, *args):
        with Scope(b):
            return function(b, *args)

    return fused


def faithful(name, b, *args):
    """Fuse an op as its composition, which is right."""
    with Scope(b):
        return OPS[name].composition(*args)


def number(b, value, x):
    """Return a number as a scalar of an array's dtype."""
    return b.full((), value, b.dtype(x))


def times(b, x, factor):
    """Return an array times a number."""
    return b.multiply(x, number(b, factor, x))


def plus(b, x, term):
    """Return an array plus a number."""
    return b.add(x, number(b, term, x))


def shortened(b, x, bits):
    """Return an array of float32 without the last bits (Dekker's splitting); others as they are."""
    if b.dtype(x) != "float32":
        return x
    large = times(b, x, 2.0**bits + 1)
    return b.subtract(large, b.subtract(large, x))


def bent(b, made, factor):
    """Return an array of the same values, its gradient times a factor."""
    if not b.dtype(made).startswith("float"):
        return made
    return b.add(made, times(b, b.subtract(made, b.stop_gradient(made)), factor - 1))
