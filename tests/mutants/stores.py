"""Mutants of stores."""

import numpy as np

from polykeras_numpy.program import Store
from tests.mutants.row import mutant


class Sharing(Store):
    """A store that gives away its own memory."""

    def read(self, names):
        return {name: self.values[name] for name in names}


class Borrowing(Store):
    """A store that lives in the caller's memory."""

    def add(self, values):
        self.values.update({name: np.asarray(value) for name, value in values.items()})

    write = add


class Narrow(Store):
    """A store that keeps 32 bits of everything."""

    def add(self, values):
        kinds = {"float64": "float32", "int64": "int32"}
        self.values.update({name: np.array(value).astype(kinds.get(value.dtype.name, value.dtype)).astype(value.dtype) for name, value in values.items()})

    write = add


class Emptied(Store):
    """A store that forgets what it held when more is added."""

    def add(self, values):
        self.values.update({name: np.zeros_like(x) for name, x in self.values.items()})
        super().add(values)

    def write(self, values):
        Store.add(self, values)


class Hoarding(Store):
    """A store that removes nothing."""

    def remove(self, names):
        pass


class Unwritten(Store):
    """A store that takes no other values once it has some."""

    def write(self, values):
        for name, value in values.items():
            self.values.setdefault(name, value)


MUTANTS = {
    "store-shares-memory": mutant("programs", "test_values_are_kept", store=Sharing),
    "store-borrows-memory": mutant("programs", "test_values_are_kept", store=Borrowing),
    "store-keeps-32-bits": mutant("moving", "mlp-dropout-float64-from-reference", store=Narrow),
    "store-forgets-when-it-grows": mutant("programs", "test_a_store_that_grows", store=Emptied),
    "store-removes-nothing": mutant("programs", "test_a_store_that_grows", store=Hoarding),
    "store-is-not-written": mutant("programs", "test_programs_share_a_store", store=Unwritten),
}
