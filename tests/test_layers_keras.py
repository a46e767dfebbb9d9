"""Layers against Keras 3.15.1: outputs, masks, losses, state, gradients, shapes, names of weights, configs, defaults.

The table of cases is the conformance suite's, so what the reference gives here every backend gives there.
"""

import contextlib
import inspect

import keras
import numpy as np
import oracle
import pytest
import torch

import polykeras
from polykeras import tree
from polykeras_conformance import places
from polykeras_conformance.cases import numbers
from polykeras_conformance.layer_cases import LayerCase, default_float, value_of
from polykeras_conformance.tables import layers as table
from polykeras_conformance.tables import recurrent_layers

ROWS = [*table.ROWS, *recurrent_layers.ROWS]
CASES = [(row, training) for row in ROWS for training in row.modes]
BOUND = {"float32": 2e-5, "float64": 1e-12}
masking = keras.src.backend.common.masking


def name_of(value):
    return {False: "inference", True: "training"}.get(value, repr(value))


def draws(row, training):
    """Whether a call draws random numbers, which Keras draws otherwise."""
    words = ("dropout", "Dropout-", "GaussianNoise")
    return training and any(word in row.id for word in words) and row.id not in ("Dropout-none", "Dropout-all")


@contextlib.contextmanager
def fresh(dtype):
    """Count names anew and make a dtype the default float, in both libraries."""
    keras.utils.clear_session()
    polykeras.utils.clear_session()
    before = keras.config.dtype_policy()
    with oracle.floatx(dtype):
        keras.config.set_dtype_policy(dtype)
        try:
            yield
        finally:
            keras.config.set_dtype_policy(before)


class Called:
    """A row's layer made and called in Keras, its weights the suite's numbers."""

    def __init__(self, row, dtype, training):
        self.row, self.training = row, training
        arrays, self.rebuilt = row.arrays(dtype)
        self.arrays = [torch.tensor(x, requires_grad=x.dtype.kind == "f") for x in arrays]
        self.layer = row.make(keras)
        self.results = self._call(1)
        self.weights = [v for v in self.layer.variables if "seed" not in v.path]
        self.states = [] if not getattr(self.layer, "stateful", False) else tree.leaves(self.layer.states)
        for variable in self.weights:
            variable.assign(value_of(variable))
        for variable in self.states:
            variable.assign(np.zeros(variable.shape))
        self.results = self._call(row.calls)

    def _call(self, times):
        for place, mask in self.row.masks.items():
            masking.set_keras_mask(self.arrays[place], torch.tensor(mask))
        args, kwargs = self.rebuilt(self.arrays)
        if self.row.modes != (False,):
            kwargs = {**kwargs, "training": self.training}
        return [leaf for _ in range(times) for leaf in tree.leaves(self.layer(*args, **kwargs))]

    def parts(self):
        """Return {label: array} as a LayerCase has them, the losses as one sum."""
        total, found = 0, {}
        floats = [x for x in self.results if x.dtype.is_floating_point]
        for index, x in enumerate(floats):
            total = total + (x * torch.tensor(numbers(f"weights{index}", tuple(x.shape), "float32", 0.5, 1.5)).to(x.dtype)).sum()
        for index, x in enumerate(self.results):
            found[f"output {index}"] = x
            mask = masking.get_keras_mask(x)
            if mask is not None:
                found[f"mask of output {index}"] = mask
        losses = sum(self.layer.losses) if self.layer.losses else 0
        total = total + losses
        if self.layer.losses:
            found["losses"] = losses
        found.update((v.path, v.value) for v in [*self.weights, *self.states] if not v.trainable)
        constrained = [v.constraint(v.value) for v in self.weights if v.constraint is not None]
        found.update((f"constrained weight {index}", x) for index, x in enumerate(constrained))
        found.update(self._gradients(total))
        return {label: x.detach().numpy() for label, x in found.items()}

    def _gradients(self, total):
        wanted = {f"gradient of input {index}": x for index, x in enumerate(self.arrays) if x.requires_grad}
        wanted.update((f"gradient of {v.path}", v.value) for v in self.weights if v.trainable)
        slopes = torch.autograd.grad(total, list(wanted.values()), allow_unused=True)
        return {label: torch.zeros_like(x) if slope is None else slope for (label, x), slope in zip(wanted.items(), slopes)}


def ours(row, dtype, training):
    """Return {label: array} of the reference, the losses as one sum, and the layer."""
    case = LayerCase(row, dtype, training)
    arrays = places.reference().run(*case.call)
    found = dict(zip(case.labels, arrays))
    losses = [found.pop(label) for label in case.labels if label.startswith("loss ")]
    if losses:
        found["losses"] = sum(losses)
    return found, case.made


@pytest.mark.parametrize("dtype", oracle.DTYPES)
@pytest.mark.parametrize(("row", "training"), CASES, ids=name_of)
def test_numbers(row, training, dtype):
    """Outputs, masks, losses, state, constrained weights and gradients are Keras's."""
    with fresh(dtype):
        found, layer = ours(row, dtype, training)
        called = Called(row, dtype, training)
        expected = called.parts()
        assert [v.path for v in layer.weights] == [v.path for v in called.layer.weights]
        shown = {label for label in expected if label in found or label not in {v.path for v in called.weights}}
        assert shown - {v.path for v in called.states} == {label for label in found if "seed" not in label and "rnn_state" not in label}
        for label in sorted(shown & set(found)):
            assert found[label].shape == expected[label].shape, f"{label}: shape {found[label].shape}, Keras {expected[label].shape}"
            if not draws(row, training):
                oracle.assert_close(found[label], expected[label], BOUND[dtype], label)
