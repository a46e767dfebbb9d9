"""Plugin: PyTorch."""

from polykeras.plugins import BackendInfo, hookimpl


@hookimpl
def polykeras_backends():
    """Offer PyTorch; its framework is imported when it is selected."""
    return [
        BackendInfo(
            "torch",
            "polykeras_torch.backend",
            requires=("torch",),
            devices=("cpu", "gpu"),
            array_modules=("torch",),
            preference=30,
        )
    ]
