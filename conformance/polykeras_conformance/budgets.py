"""Tolerances: how far a result may lie from the reference. They belong to the suite.

A budget counts ulps, spacings of the result's dtype, at one of three sizes: of `each` element; of the
`largest` |reference| of the array; of what the operation gives on |inputs| (`absolute`), which is the
size of the terms that a sum cancels. An operation that is not named here is exact.
"""

from typing import NamedTuple


class Budget(NamedTuple):
    """So many ulps of a size."""

    ulps: float
    size: str = "each"


EXACT = Budget(0)
ROUNDED = Budget(4)  # a function that libraries approximate (a compiler may also fuse or reassociate)
SUMMED = Budget(16, "absolute")  # terms added up in any order
ELEMENT = Budget(16)  # an op of each element, made of a few rounded functions
COMPOSED = Budget(32, "largest")  # an op made of many operations
GRADIENT = Budget(64, "largest")
DIFFERENCES = 1e-6  # of the largest |gradient|: central differences in float64

PRIMITIVES = {
    **dict.fromkeys(("exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "sigmoid", "erf", "power", "arctan2"), ROUNDED),
    **dict.fromkeys(("sum", "prod", "cumsum", "matmul", "conv", "scatter_add"), SUMMED),
    # a compiler multiplies by the reciprocal, a vector library leaves the last bit open
    **dict.fromkeys(("divide", "sqrt", "mod"), Budget(1)),
}
