"""Random numbers that are alike on every backend."""

from polykeras.random.draws import categorical, dropout, normal, randint, shuffle, truncated_normal, uniform
from polykeras.random.seed import SeedGenerator

__all__ = ["SeedGenerator", "categorical", "dropout", "normal", "randint", "shuffle", "truncated_normal", "uniform"]
