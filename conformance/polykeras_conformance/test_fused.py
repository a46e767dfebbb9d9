"""Lane 4: every fused op of a backend, by itself, against the op's composition: values and gradients."""

import functools

from polykeras_conformance import fused
from polykeras_conformance.places import Place
from polykeras_conformance.plugin import chosen_places

cases = functools.cache(fused.cases)


def pytest_generate_tests(metafunc):
    """Run each case of each op that a chosen backend fuses."""
    if "place" not in metafunc.fixturenames:
        return
    entries = [(place, name) for place in chosen_places(metafunc.config) for name in place.backend.fused]
    if "case" in metafunc.fixturenames:
        ways = [(p, name, jit) for p, name in entries for jit in (["auto", False] if p.mode == "program" else ["auto"])]
        rows = [(Place(p.backend, p.mode, (name,), jit), case) for p, name, jit in ways for case in cases(name) if p.takes(case)]
        metafunc.parametrize("place, case", rows, ids=[f"{place}-{case}" for place, case in rows])
    else:
        rows = [(place, name) for place, name in entries if place.mode == "program"]
        metafunc.parametrize("place, name", rows, ids=[f"{place}-{name}" for place, name in rows])


def test_entry(place, name):
    """A fused op is an op's, takes its parameters, and some case reaches it."""
    text = fused.faults(place.backend, name)
    assert not text, f"{place}: {text}"


def test_value(place, case, bench):
    """The fused op gives the values, and the gradients, of the composition."""
    bench.check(place, case, cases(case.group))
