"""Layers against Keras 3.15.1: outputs, masks, losses, state, gradients, shapes, names of weights, configs, defaults.

The table of cases is the conformance suite's, so what the reference gives here, in float64, every backend gives there, in float32 too.
"""

import contextlib
import inspect
import re

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
BOUND = 1e-12
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
    keras.utils.clear_session(free_memory=False)
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
        for variable in [*self.weights, *self.states]:
            variable.assign(value_of(variable))
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
        if departs(self.row, "gradient"):
            return {}
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


# Where Keras on torch is not the oracle: which parts of a case (a regular expression of its id) are not compared, and why.
DEPARTURES = {
    "LayerNormalization-middle": ("", "Keras on torch refuses an axis that is not the last"),
    "MultiHeadAttention-scores": ("shape", "Keras takes the values for as long as the queries"),
    "MultiHeadAttention-masks": ("gradient", "a query that sees no key: torch's additive mask lets a gradient through (NUMERICS A14)"),
    "AveragePooling.D-same": ("", "Keras on torch counts copies of the border (NUMERICS A5)"),
    "(SimpleRNN|LSTM|GRU)-stateful": ("gradient|losses", "torch cannot go back through a state that was assigned"),
    "SimpleRNN-penalties": ("gradient|losses|activity", "Keras's SimpleRNN forgets its activity_regularizer"),
    "Bidirectional-own-way-back": ("shape", "Keras takes the way back for one like the way there"),
    "Lambda-mask": ("shape", "Keras wants to be told the shape"),
    "Dropout-all": ("", "Keras cuts the gradient's graph where all is dropped"),
    "Rescaling-ints": ("gradient", "integers have none"),
}
# Numbers of these are worse conditioned than BOUND, or Keras has constants in float32.
WIDER = {".*-far": 1e4, "Activation-hard_sigmoid|LSTM-no-forget-bias": 1e5}


def departs(row, label):
    """Whether a part of a case is not compared."""
    return any(re.fullmatch(id, row.id) and re.match(parts, label) for id, (parts, _) in DEPARTURES.items())


def bound(row):
    """Return how far the numbers of a case may be off."""
    return BOUND * max([1, *(factor for id, factor in WIDER.items() if re.fullmatch(id, row.id))])


def known(label, layer):
    """Whether a part of ours is compared: Keras has no seeds and no remembered states among its Variables."""
    frozen = {f"gradient of {v.path}" for v in layer.variables} - {f"gradient of {v.path}" for v in layer.trainable_variables}
    return "seed" not in label and "rnn_state" not in label and label not in frozen


@pytest.mark.parametrize(("row", "training"), [case for case in CASES if not departs(case[0], "")], ids=name_of)
def test_numbers(row, training, dtype="float64"):
    """Outputs, masks, losses, state, constrained weights and gradients are Keras's."""
    with fresh(dtype):
        found, layer = ours(row, dtype, training)
        expected = Called(row, dtype, training)
        assert [v.path for v in layer.weights] == [v.path for v in expected.layer.weights]
        weights = {v.path for v in expected.weights}
        expected, states = expected.parts(), {v.path for v in expected.states}
        shown = {label for label in expected if (label in found or label not in weights) and not departs(row, label)}
        assert shown - states == {label for label in found if known(label, layer) and not departs(row, label)}
        for label in sorted(shown & set(found)):
            assert found[label].shape == expected[label].shape, f"{label}: shape {found[label].shape}, Keras {expected[label].shape}"
            if not draws(row, training):
                oracle.assert_close(found[label], expected[label], bound(row), label)


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_config_and_output_shapes(row):
    """Shapes on symbols are Keras's; a layer's config has Keras's values and makes the layer anew."""
    with fresh("float32"):
        sides = []
        for k in (polykeras, keras):
            arrays, rebuilt = row.arrays("float32")
            args, kwargs = rebuilt([k.layers.Input(batch_shape=x.shape, dtype=x.dtype.name) for x in arrays])
            layer = row.make(k)
            sides.append((layer, [] if departs(row, "shape") else [tuple(x.shape) for x in tree.leaves(layer(*args, **kwargs))]))
        (ours, shapes), (theirs, wanted) = sides
        for shape, told in zip(shapes, wanted, strict=True):  # Keras does not find every size
            assert len(shape) == len(told) and all(size == other for size, other in zip(shape, told) if other is not None), f"{shape}, Keras {told}"
        mine, theirs = ours.get_config(), plain(theirs.get_config())
        if not ours.sublayers() and type(ours).__name__ != "Lambda":  # a config with layers or code in it is for the loader
            assert plain(type(ours).from_config(mine).get_config()) == plain(mine)
        for name, value in plain(mine).items():
            if name in theirs and not departs(row, name) and name not in ("layer", "backward_layer", "cell", "attention_axes", "function"):
                assert value == theirs[name], name
        assert set(theirs) - set(mine) <= LATER


# Arguments of Keras's that polykeras has not taken up, each off by default, and one that Keras keeps though it is None.
LATER = {"quantization_config", "renorm", "renorm_clipping", "renorm_momentum", "rms_scaling", "sliding_window", "use_gate", "activity_regularizer"}


def plain(config):
    """Return a config without where its classes live; a policy, an initializer's seed and a list in one form."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":
            return config["config"]["name"]
        return {key: plain(value) for key, value in config.items() if key not in ("module", "registered_name", "build_config", "seed")}
    if isinstance(config, (list, tuple)):
        parts = [plain(part) for part in config]
        return parts[0] if parts and all(part == parts[0] for part in parts) else parts  # 3 stands for (3, 3)
    return round(config, 6) if isinstance(config, float) else config  # Keras keeps some in float32


CLASSES = sorted(name for name in dir(polykeras.layers) if isinstance(getattr(polykeras.layers, name), type) and hasattr(keras.layers, name))


@pytest.mark.parametrize("name", CLASSES)
def test_arguments_and_defaults(name):
    """Each argument of Keras's is there, at its place, with its default."""
    ours, theirs = (inspect.signature(getattr(k.layers, name)).parameters for k in (polykeras, keras))
    wanted = [(p.name, p.default) for p in theirs.values() if p.kind is not p.VAR_KEYWORD]
    named = {p.name: p.default for p in ours.values()}
    for argument, default in wanted:
        if argument in named:
            missing = default is inspect.Parameter.empty  # what Keras demands may have a default here
            assert missing or plain(named[argument]) == plain(default), f"{argument}: {named[argument]!r}, Keras {default!r}"
        else:
            assert any(p.kind is p.VAR_KEYWORD for p in ours.values()), f"{argument} is missing"
    shared = [p.name for p in ours.values() if p.kind is p.POSITIONAL_OR_KEYWORD and p.name in theirs]
    assert shared == [argument for argument, _ in wanted if argument in shared]
