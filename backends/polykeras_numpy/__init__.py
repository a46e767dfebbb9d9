"""Plugin: the NumPy reference backend, which polykeras also embeds as its host."""

from polykeras.plugins import BackendInfo, hookimpl


@hookimpl
def polykeras_backends():
    """Offer the reference."""
    return [BackendInfo("numpy", "polykeras_numpy.backend", requires=("numpy",), preference=10, reference=True)]
