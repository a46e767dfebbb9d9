"""Where do the numbers part? Two backends, or polykeras and an outside model, run in lockstep and compared."""

from polykeras.parity.budget import Budget
from polykeras.parity.compare import compare
from polykeras.parity.report import Report

__all__ = ["Budget", "Report", "compare"]
