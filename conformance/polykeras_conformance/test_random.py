"""Lane 5: random numbers: known answers, the same bits everywhere, and the statistics that they promise."""

import math

import numpy as np
import pytest

from polykeras.plugins import registry
from polykeras.random.draws import permutation
from polykeras.scope import Scope
from polykeras_conformance.tables import random as table


@pytest.mark.parametrize("case", table.CASES, ids=repr)
def test_value(place, case, bench):
    """The draw gives the known answer, or the reference's."""
    bench.check(place, case, table.CASES)


def drawn(function):
    """Return what a function draws on the reference, flat."""
    with Scope(registry.reference()), np.errstate(all="ignore"):
        return np.asarray(function()).astype("float64").ravel()


@pytest.mark.parametrize("label", table.MOMENTS)
def test_moments(label):
    """Mean and variance lie within five standard errors."""
    function, mean, variance = table.MOMENTS[label]
    x = drawn(function)
    fourth = np.mean((x - mean) ** 4)
    assert abs(x.mean() - mean) < 5 * math.sqrt(variance / x.size)
    assert abs(np.mean((x - mean) ** 2) - variance) < 5 * math.sqrt((fourth - variance**2) / x.size)


@pytest.mark.parametrize("label", table.SHARES)
def test_shares(label):
    """The classes come as often as they should: chi-square within five standard deviations of its mean."""
    function, shares = table.SHARES[label]
    found = np.bincount(drawn(function).astype(int), minlength=len(shares))
    assert len(found) == len(shares)
    wanted = shares * found.sum()
    assert abs(np.sum((found - wanted) ** 2 / wanted) - (len(shares) - 1)) < 5 * math.sqrt(2 * (len(shares) - 1))


def test_permutations():
    """The order of an epoch sorts the words of its key; orders of other epochs and seeds are others."""
    for seed, epoch in ((0, 0), (0, 1), (7, 0)):
        expected = np.argsort(table.independent(np.array([seed, epoch], "uint32"), 1000).view("int32"), kind="stable")
        assert np.array_equal(permutation(1000, seed, epoch), expected)
    firsts = np.bincount([permutation(8, 5, epoch)[0] for epoch in range(800)], minlength=8)
    assert np.sum((firsts - 100) ** 2 / 100) < 7 + 5 * math.sqrt(14)


def test_streams():
    """Neighbouring keys give numbers that have nothing to do with each other."""
    streams = [table.independent(np.array([seed, count], "uint32"), 4000) * 2.0**-32 for seed in (0, 1) for count in (0, 1, 2)]
    apart = np.corrcoef(streams) - np.eye(len(streams))
    assert np.abs(apart).max() < 5 / math.sqrt(4000)
