"""Seeds: the global one, and SeedGenerator, whose counter is a piece of state."""

import os
import random as python_random

import numpy as np

from polykeras import naming, scope
from polykeras.ops import dispatch
from polykeras.ops.dispatch import p
from polykeras.plugins import registry
from polykeras.random.threefry import threefry
from polykeras.variable import Variable

_global = {"seed": None, "drawn": 0, "generator": None}


def set_random_seed(seed):
    """Make everything that follows repeatable, on every backend alike.

    It seeds polykeras's own generator, from which initial weights, dropout and shuffles come, and
    Python's and NumPy's global ones; it leaves the frameworks' generators alone.

    Args:
        seed: an int.

    >>> set_random_seed(0)
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(f"set_random_seed: expected an int, got {seed!r}.")
    python_random.seed(int(seed))
    np.random.seed(int(seed) % 2**32)
    _global.update(seed=int(seed), drawn=0, generator=None)


def global_seed():
    """Return the seed that set_random_seed was given, or None."""
    return _global["seed"]


def word(number):
    """Return an int as the int32 with its lowest 32 bits."""
    return int(np.uint32(number % 2**32).astype(np.int32))


def make_default_seed():
    """Return the next seed of the global generator: a positive int below 2**31."""
    if _global["seed"] is None:
        _global["seed"] = int.from_bytes(os.urandom(4), "little")
    count = _global["drawn"]
    _global["drawn"] += 1
    key = np.asarray([word(_global["seed"]), word(_global["seed"] >> 32) ^ 0x5EED], np.int32)
    with scope.outside(), scope.Scope(registry.reference()):
        first, _ = threefry(key, np.asarray([0], np.int32), np.asarray([count], np.int32))
    return int(first[0]) % (2**31 - 1) + 1


class SeedGenerator:
    """A stream of keys: each call of next() gives another, alike on every backend.

    Args:
        seed: an int; drawn from the global generator where None.
        name: the last part of its state's path.

    >>> generator = SeedGenerator(7)
    >>> generator.next(), generator.next()
    (array([7, 0], dtype=int32), array([7, 1], dtype=int32))
    """

    def __init__(self, seed=None, name=None, **kwargs):
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer))):
            raise ValueError(f"SeedGenerator: expected an int seed or None, got {seed!r}.")
        self.name = name or naming.of_class(type(self))
        self._initial_seed = seed
        self.seed = int(make_default_seed() if seed is None else seed)
        with naming.within(self, self.name):
            self.state = Variable(
                np.asarray([word(self.seed), 0], np.int32), trainable=False, autocast=False, name="seed_generator_state"
            )

    def next(self, ordered=True):
        """Return a fresh key, (2,) int32, and count on."""
        if scope.running() is None:
            value = self.state.numpy()
            self.state.assign(value + np.asarray([0, 1], np.int32))
            return value
        key = self.state.value
        self.state.assign(p.add(key, dispatch.convert(scope.running(), np.asarray([0, 1], np.int32))))
        return key

    def get_config(self):
        """Return what makes it anew."""
        return {"seed": self._initial_seed}

    @classmethod
    def from_config(cls, config):
        """Return one made anew."""
        return cls(**config)


def global_seed_generator():
    """Return the generator for draws that are given no seed."""
    if _global["generator"] is None:
        with scope.outside():
            _global["generator"] = SeedGenerator(name="global_seed_generator")
    return _global["generator"]


def draw_key(seed):
    """Return the key for a draw: of a SeedGenerator its next, of an int always the same, of None the global next."""
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is None:
        return global_seed_generator().next()
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        return np.asarray([word(int(seed)), word(int(seed) >> 32)], np.int32)
    raise ValueError(f"seed: expected an int, a SeedGenerator or None, got {seed!r}.")
