"""Plugin: polykeras on MLX. MLX itself is imported when the backend is selected."""

from polykeras.plugins import BackendInfo, hookimpl


@hookimpl
def polykeras_backends():
    """Offer the backend."""
    return [BackendInfo("mlx", "polykeras_mlx.backend", requires=("mlx",), array_modules=("mlx",))]
