"""How far apart two arrays may be: a rule on dtype, step and the largest number nearby, never a guess per case."""

from typing import NamedTuple

import numpy as np

EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
PHASES = ("weights", "forward", "loss", "gradient", "update", "state")


class Budget(NamedTuple):
    """What is allowed: `ulps` units in the last place of the largest number, times step ** growth.

    Integers, bools and seeds must be equal. A tensor is measured against its own largest number, a
    gradient against the largest of all gradients of the step: one that is zero but for rounding has no
    size of its own.

    Args:
        ulps: at step 1.
        growth: 0.5 lets the budget grow as rounding does, by the root of the number of steps.
        phases: {phase: ulps} where a phase has another.

    >>> f"{Budget().allowed('float32', 1, 2.0):.2g}"
    '1.5e-05'
    """

    ulps: float = 64.0
    growth: float = 0.5
    phases: dict = {}

    def allowed(self, dtype, step, scale, phase=None):
        """Return the largest difference that is allowed; 0 for dtypes that are exact."""
        return EPSILON.get(dtype, 0.0) * self.phases.get(phase, self.ulps) * step**self.growth * scale


def as_budget(given):
    """Return the Budget for None (the rule), a number of ulps, {phase: ulps}, or a Budget.

    Raises:
        ValueError: something else, or a phase that there is not.
    """
    if given is None or isinstance(given, Budget):
        return given or Budget()
    if isinstance(given, dict):
        unknown = set(given) - set(PHASES)
        if unknown:
            raise ValueError(f"budget: expected phases among {', '.join(PHASES)}, got {', '.join(map(str, unknown))}.")
        return Budget(phases=given)
    if isinstance(given, (int, float)) and not isinstance(given, bool) and given > 0:
        return Budget(ulps=float(given))
    raise ValueError(f"budget: expected a number of ulps, {{phase: ulps}} or a Budget, got {given!r}.")


class Gap(NamedTuple):
    """How far apart two arrays are, and where most."""

    gap: float
    allowed: float
    scale: float
    index: tuple
    expected: object
    got: object
    dtype: str

    @property
    def over(self):
        """Whether that is more than allowed."""
        return self.gap > self.allowed

    @property
    def share(self):
        """The part of the budget that was used; 1 is all."""
        return 0.0 if self.gap == 0 else self.gap / self.allowed if self.allowed else float("inf")

    @property
    def ulps(self):
        """The gap in units of the last place of the largest number."""
        unit = EPSILON.get(self.dtype, 1.0) * self.scale
        return self.gap / unit if unit else float("inf") if self.gap else 0.0


def largest(*arrays):
    """Return the largest finite magnitude in some arrays, 0 where there is none."""
    found = 0.0
    for array in arrays:
        values = np.abs(np.asarray(array).astype(np.float64))
        values = values[np.isfinite(values)]
        found = max(found, float(values.max())) if values.size else found
    return found


def measure(expected, got, budget, step=1, phase=None, scale=None):
    """Return the Gap of two arrays; NaN equals NaN, inf equals inf, another shape or dtype is infinitely far."""
    expected, got = np.asarray(expected), np.asarray(got)
    dtype = expected.dtype.name
    scale = largest(expected) if scale is None else scale
    allowed = budget.allowed(dtype, step, scale, phase)
    if expected.shape != got.shape or dtype != got.dtype.name:
        return Gap(float("inf"), allowed, scale, (), f"{dtype} {expected.shape}", f"{got.dtype.name} {got.shape}", dtype)
    if expected.size == 0:
        return Gap(0.0, allowed, scale, (), None, None, dtype)
    a, b = expected.astype(np.float64), got.astype(np.float64)
    with np.errstate(all="ignore"):
        gaps = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, np.abs(a - b))
    gaps = np.where(np.isnan(gaps), np.inf, gaps)
    index = np.unravel_index(int(gaps.argmax()), gaps.shape)
    return Gap(float(gaps[index]), allowed, scale, tuple(map(int, index)), expected[index].item(), got[index].item(), dtype)
