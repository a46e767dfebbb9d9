"""One Keras API, any backend, the same training numbers. `import polykeras as keras` is a supported way to write."""

import importlib

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

__all__ = [
    "DTypePolicy", "Function", "Initializer", "Input", "InputSpec", "KerasTensor", "Layer", "Loss", "Metric", "Model",
    "Optimizer", "Regularizer", "SeedGenerator", "Sequential", "Variable", "activations", "backends", "callbacks", "config",
    "constraints", "device", "dtype_policies", "initializers", "layers", "losses", "metrics", "models", "ops", "optimizers", "parity",
    "random", "regularizers", "run", "tree", "utils", "value_and_grad",
]  # fmt: skip


def __getattr__(name):
    """Import the parity tool when it is first asked for; training needs none of it."""
    if name == "parity":
        return importlib.import_module("polykeras.parity")
    raise AttributeError(f"module 'polykeras' has no attribute {name!r}")
