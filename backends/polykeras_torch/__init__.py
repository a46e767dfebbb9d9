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


@hookimpl
def polykeras_outside(model):
    """Take torch.nn.Modules; whoever has one has imported PyTorch."""
    if not any(cls.__module__.startswith("torch.nn") for cls in type(model).__mro__):
        return None
    from polykeras_torch.outside import TorchModule

    return TorchModule(model)
