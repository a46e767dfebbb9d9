"""Plugin: JAX."""

from polykeras.plugins import BackendInfo, hookimpl


@hookimpl
def polykeras_backends():
    """Offer JAX; its framework is imported when it is selected."""
    return [
        BackendInfo(
            "jax",
            "polykeras_jax.backend",
            requires=("jax",),
            devices=("cpu", "gpu", "tpu"),
            array_modules=("jax", "jaxlib"),
            preference=40,
        )
    ]
