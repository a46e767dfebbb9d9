"""Mutants: the reference with one thing wrong each, and the lane of the suite that must tell. A row is all a mutant takes."""

import contextlib
import importlib
import types

from polykeras import contract
from polykeras.ops.dispatch import OPS
from polykeras_numpy import backend as sound
from polykeras_numpy.program import Program, Store
from tests.mutants import arrays, core, elementwise, formulas, loops, programs, row, slopes, stores

TABLES = (elementwise, arrays, slopes, formulas, programs, stores, loops, core)
MUTANTS = {name: mutant for table in TABLES for name, mutant in table.MUTANTS.items()}
LANES = list(dict.fromkeys(mutant.lane for mutant in MUTANTS.values()))
FUSED = sorted({op for mutant in MUTANTS.values() for op in mutant.parts.get("fused", ()) if op in OPS})
OTHERS = {  # not of the table: what is not broken, and what is nothing but constants
    "unbroken": {"fused": dict.fromkeys(FUSED, row.faithful)},
    "constant": {"fused": {"softmax": row.faithful}, "program": programs.Same},
}


def made(name):
    """Return a mutant, or one of the others, as a backend."""
    parts = dict(OTHERS[name] if name in OTHERS else MUTANTS[name].parts)
    program, store, when = parts.pop("program", Program), parts.pop("store", Store), parts.pop("when", None)
    parts.pop("core", None)
    fused = {op: contract.Fused(_fused(op, function), when) for op, function in parts.pop("fused", {}).items()}
    backend = types.SimpleNamespace(**{**vars(sound), "name": name, "fused": fused})
    vars(backend).update({part: (lambda *args, function=function: function(sound, *args)) for part, function in parts.items()})

    def compiled(step, store, steps, options):
        made = program(step.bind(backend, hoist=True), store, steps)
        made.outputs, made.reads, made.updates = step.outputs, step.reads, step.updates
        return made

    backend.compile, backend.store = compiled, lambda values, device: store(values)
    return backend


def _fused(op, function):
    """Return a fused op as backends have it."""
    return lambda *args: function(op, sound, *args)


@contextlib.contextmanager
def core_of(name):
    """Replace what a mutant replaces of polykeras itself, for a while."""
    kept = []
    for module, parts in MUTANTS[name].parts.get("core", {}).items() if name in MUTANTS else ():
        for path, part in parts.items():
            *owners, last = path.split(".")
            owner = importlib.import_module(module)
            for step in owners:
                owner = getattr(owner, step)
            kept.append((owner, last, vars(owner)[last]))
            setattr(owner, last, part)
    try:
        yield
    finally:
        for owner, last, original in kept:
            setattr(owner, last, original)


def attribute(name):
    """Return what a mutant is called as a part of this module."""
    return name.replace("-", "_")


def __getattr__(name):
    """Give the registry a backend, `tests.mutants:name`."""
    found = [each for each in (*MUTANTS, *OTHERS) if attribute(each) == name]
    if not found:
        raise AttributeError(name)
    return made(found[0])
