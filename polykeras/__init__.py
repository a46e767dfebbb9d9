"""One Keras API, any backend, the same training numbers. `import polykeras as keras` is a supported way to write."""

import importlib
import typing

if typing.TYPE_CHECKING:  # what editors and type checkers read; the tables below are what happens
    from polykeras import (
        activations,
        backends,
        callbacks,
        config,
        constraints,
        dtype_policies,
        initializers,
        layers,
        losses,
        metrics,
        models,
        ops,
        optimizers,
        parity,
        random,
        regularizers,
        tree,
        utils,
    )
    from polykeras.devices import device
    from polykeras.dtype_policies import DTypePolicy
    from polykeras.execute import run
    from polykeras.function import Function
    from polykeras.gradient import value_and_grad
    from polykeras.graph import KerasTensor
    from polykeras.initializers import Initializer
    from polykeras.layer import InputSpec, Layer
    from polykeras.layers import Input
    from polykeras.losses import Loss
    from polykeras.metrics import Metric
    from polykeras.models import Model, Sequential
    from polykeras.optimizers import Optimizer
    from polykeras.random.seed import SeedGenerator
    from polykeras.regularizers import Regularizer
    from polykeras.variable import Variable

__version__ = "0.1.0"

_PARTS = (
    "activations", "backends", "callbacks", "config", "constraints", "dtype_policies", "initializers", "layers", "losses",
    "metrics", "models", "ops", "optimizers", "parity", "random", "regularizers", "tree", "utils",
)  # fmt: skip
_HOMES = {
    "DTypePolicy": "dtype_policies", "Function": "function", "Initializer": "initializers", "Input": "layers",
    "InputSpec": "layer", "KerasTensor": "graph", "Layer": "layer", "Loss": "losses", "Metric": "metrics", "Model": "models",
    "Optimizer": "optimizers", "Regularizer": "regularizers", "SeedGenerator": "random.seed", "Sequential": "models",
    "Variable": "variable", "device": "devices", "run": "execute", "value_and_grad": "gradient",
}  # fmt: skip

__all__ = sorted([*_PARTS, *_HOMES])


def __getattr__(name):
    """Import a part when it is first asked for, so that a command, or a plugin, pays only for what it uses."""
    if name in _PARTS:
        return importlib.import_module(f"polykeras.{name}")
    if name in _HOMES:
        globals()[name] = getattr(importlib.import_module(f"polykeras.{_HOMES[name]}"), name)
        return globals()[name]
    raise AttributeError(f"module 'polykeras' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
