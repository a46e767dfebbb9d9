"""Losses against Keras 3.15.1 on every backend: values, gradients, masks, weights, edges, errors."""

import functools
import inspect
from typing import NamedTuple

import keras
import numpy as np
import oracle
import pytest
from conftest import BACKENDS

from polykeras import config, execute, losses, masks, ops
from polykeras.errors import PolykerasError, ShapeError
from polykeras.gradient import value_and_grad

random = np.random.default_rng(7)
NUMBERS = random.normal(size=(4, 3)), random.normal(size=(4, 3))
SHARES = random.dirichlet(np.ones(3), 4), random.dirichlet(np.ones(3), 4)
BITS = (random.random((4, 3)) < 0.5).astype(np.int32), random.random((4, 3))
ONE_HOT = np.eye(3)[[0, 2, 1, 1]], random.dirichlet(np.ones(3), 4)
CLASSES = np.array([0, 2, 1, 1], np.int64), random.dirichlet(np.ones(3), 4)
LOGITS = random.normal(size=(4, 3)) * 3
STEPS = random.normal(size=(4, 5, 3)), random.normal(size=(4, 5, 3))
STEP_CLASSES = random.integers(0, 3, (4, 5)), random.dirichlet(np.ones(3), (4, 5))
IMAGE = random.integers(0, 3, (2, 4, 4)), random.normal(size=(2, 4, 4, 3))
UNIT = (lambda x: x / np.linalg.norm(x, axis=1, keepdims=True))(random.normal(size=(4, 3)))
WEIGHT = np.array([0.5, 0.0, 2.0, 1.0])
STEP_MASK = np.arange(5) < np.array([[5], [2], [0], [3]])
EDGES = np.array([[0.0, 1.0, 0.0, 1.0]]), np.array([[0.0, 1.0, 1.0, 0.0]])


class Case(NamedTuple):
    """One loss on one batch."""

    name: str
    y_true: object
    y_pred: object
    weight: object = None
    mask: object = None
    arguments: dict = {}

    @property
    def label(self):
        shown = [f"{key}={value}" for key, value in self.arguments.items()]
        shape = "x".join(map(str, np.shape(self.y_pred)))
        weight = "" if self.weight is None else f"-weight{np.shape(self.weight)}".replace(" ", "")
        return "-".join([self.name, shape, *shown]) + weight + ("-mask" if self.mask is not None else "")

    def made(self, module, dtype):
        """Return the loss, of polykeras's or Keras's module."""
        return getattr(module, self.name)(**self.arguments, dtype=dtype)

    def arrays(self, dtype):
        return {name: oracle.as_dtype(getattr(self, name), dtype) for name in ("y_true", "y_pred", "weight", "mask")}


def case(name, data, weight=None, mask=None, **arguments):
    return Case(name, *data, weight, mask, arguments)


REGRESSION = ("MeanSquaredError", "MeanAbsoluteError", "MeanSquaredLogarithmicError", "Huber", "LogCosh", "CosineSimilarity")
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)
CASES = [
    *(case(name, NUMBERS) for name in REGRESSION),
    *(case(name, STEPS) for name in REGRESSION),
    *(case(name, (x := NUMBERS[0], x)) for name in (*REGRESSION, "MeanAbsolutePercentageError")),  # perfect
    case("MeanAbsolutePercentageError", (NUMBERS[0] + 5, NUMBERS[1])),
    case("MeanAbsolutePercentageError", (np.zeros((2, 2)), np.ones((2, 2)))),
    case("MeanSquaredLogarithmicError", EDGES),
    case("Huber", NUMBERS, delta=0.3),
    case("LogCosh", (np.array([[0.0, 0.0]]), np.array([[200.0, -200.0]]))),
    case("CosineSimilarity", NUMBERS, axis=0),
    case("CosineSimilarity", STEPS, axis=1),
    *(case(name, SHARES) for name in ("KLDivergence", "Poisson", "Dice", "Tversky")),
    *(case(name, EDGES) for name in ("KLDivergence", "Poisson", "Dice", "Tversky")),
    case("Dice", SHARES, axis=1),
    case("Tversky", SHARES, WEIGHT, axis=(1,), alpha=0.2, beta=0.7),
    *(case(name, (labels, NUMBERS[1])) for name in ("Hinge", "SquaredHinge") for labels in (BITS[0], 2 * BITS[0] - 1, NUMBERS[0])),
    case("Hinge", (np.array([[1, -1, 1]]), np.array([[1.0, -1.0, 0.5]]))),  # at the margin
    case("CategoricalHinge", (ONE_HOT[0], NUMBERS[1])),
    case("CategoricalHinge", (ONE_HOT[0].astype(np.int32), NUMBERS[1])),
    # probabilities
    case("BinaryCrossentropy", BITS),
    case("BinaryCrossentropy", EDGES),
    case("BinaryCrossentropy", (BITS[0].astype(bool), BITS[1])),
    case("BinaryCrossentropy", (BITS[0].astype(np.uint8), LOGITS), from_logits=True),
    case("BinaryCrossentropy", (EDGES[0], EDGES[1] * 200 - 100), from_logits=True),
    case("BinaryCrossentropy", BITS, label_smoothing=0.2),
    case("BinaryCrossentropy", (BITS[0], LOGITS), from_logits=True, label_smoothing=0.1, axis=0),
    case("BinaryCrossentropy", (np.array([0, 1, 1, 0]), np.array([[0.2], [0.7], [1.0], [0.0]]))),
    case("BinaryFocalCrossentropy", BITS),
    case("BinaryFocalCrossentropy", EDGES),
    case("BinaryFocalCrossentropy", BITS, apply_class_balancing=True, alpha=0.6, gamma=1.5, label_smoothing=0.1),
    case("BinaryFocalCrossentropy", (BITS[0], LOGITS), from_logits=True, gamma=0.0),
    case("CategoricalCrossentropy", ONE_HOT),
    case("CategoricalCrossentropy", (ONE_HOT[0], ONE_HOT[0])),
    case("CategoricalCrossentropy", (ONE_HOT[0], 1 - ONE_HOT[0])),
    case("CategoricalCrossentropy", (ONE_HOT[0].astype(np.int32), ONE_HOT[1] * 5)),  # divided by their sum
    case("CategoricalCrossentropy", (ONE_HOT[0], LOGITS), from_logits=True),
    case("CategoricalCrossentropy", (ONE_HOT[0], LOGITS * 100), from_logits=True),
    case("CategoricalCrossentropy", ONE_HOT, label_smoothing=0.3),
    case("CategoricalCrossentropy", (np.eye(3)[STEP_CLASSES[0]], STEP_CLASSES[1])),
    case("CategoricalCrossentropy", (np.eye(3)[STEP_CLASSES[0]].swapaxes(1, 2), STEPS[1].swapaxes(1, 2)), from_logits=True, axis=1),
    case("CategoricalFocalCrossentropy", ONE_HOT),
    case("CategoricalFocalCrossentropy", (ONE_HOT[0], LOGITS), from_logits=True, alpha=0.5, gamma=3.0, label_smoothing=0.1),
    case("SparseCategoricalCrossentropy", CLASSES),
    case("SparseCategoricalCrossentropy", (CLASSES[0][:, None], CLASSES[1])),
    case("SparseCategoricalCrossentropy", (CLASSES[0].astype(np.float32), CLASSES[1])),
    case("SparseCategoricalCrossentropy", (CLASSES[0].astype(np.uint8), LOGITS), from_logits=True),
    case("SparseCategoricalCrossentropy", (CLASSES[0], np.eye(3)[[0, 1, 1, 2]])),
    case("SparseCategoricalCrossentropy", STEP_CLASSES),
    case("SparseCategoricalCrossentropy", STEP_CLASSES, ignore_class=1),
    case("SparseCategoricalCrossentropy", IMAGE, from_logits=True),
    case("SparseCategoricalCrossentropy", (IMAGE[0] * 127, IMAGE[1][..., :3]), from_logits=True, ignore_class=254)
    ._replace(y_true=np.where(IMAGE[0] == 2, 255, IMAGE[0]), arguments={"from_logits": True, "ignore_class": 255}),
    case("SparseCategoricalCrossentropy", (np.where(STEP_CLASSES[0] == 2, -1, STEP_CLASSES[0]), STEP_CLASSES[1]), ignore_class=-1),
    case("SparseCategoricalCrossentropy", (np.full((4,), -1), CLASSES[1]), ignore_class=-1),  # nothing is left
    case("SparseCategoricalCrossentropy", (IMAGE[0], IMAGE[1].transpose(0, 3, 1, 2)), from_logits=True, axis=1),
    case("CategoricalGeneralizedCrossEntropy", CLASSES, q=0.7),
    case("Circle", (np.array([0, 1, 0, 1]), UNIT)),
    case("Circle", (np.array([0, 1, 0, 2]), UNIT), gamma=10.0, margin=0.25, remove_diagonal=False),
    # weights, masks and reductions
    *(case("MeanSquaredError", NUMBERS, weight, reduction=how) for how in REDUCTIONS for weight in (None, WEIGHT)),
    *(case("MeanSquaredError", NUMBERS, weight) for weight in (np.array(2.0), WEIGHT[:, None], np.zeros(4), WEIGHT.astype(np.int32))),
    case("MeanSquaredError", NUMBERS, np.zeros(4), reduction="mean_with_sample_weight"),
    *(case("MeanAbsoluteError", STEPS, weight) for weight in (np.array(0.5), WEIGHT[:, None], STEP_MASK * WEIGHT[:, None])),
    *(case("MeanAbsoluteError", STEPS, weight, STEP_MASK) for weight in (None, np.array(0.5), WEIGHT[:, None], STEP_MASK * 0.5)),
    *(case("MeanAbsoluteError", STEPS, WEIGHT[:, None], STEP_MASK, reduction=how) for how in REDUCTIONS),
    *(case("MeanAbsoluteError", STEPS, None, STEP_MASK, reduction=how) for how in REDUCTIONS),
    case("MeanSquaredError", STEPS, None, np.zeros((4, 5), bool)),
    case("SparseCategoricalCrossentropy", STEP_CLASSES, WEIGHT[:, None], STEP_MASK),
    case("SparseCategoricalCrossentropy", STEP_CLASSES, WEIGHT[:, None], STEP_MASK, ignore_class=1),
    case("BinaryCrossentropy", (BITS[0][:, 0], BITS[1][:, :1]), WEIGHT),
    case("MeanSquaredError", (NUMBERS[0][:, 0], NUMBERS[1][:, :1]), WEIGHT),
    case("MeanSquaredError", (NUMBERS[0][:, :1], NUMBERS[1][:, 0])),
    case("MeanSquaredError", (NUMBERS[0][:, 0], NUMBERS[1][:, 0])),
    case("MeanSquaredError", (STEPS[0][..., :1], STEPS[1][..., 0])),
    case("MeanSquaredError", (np.zeros((4, 1)), NUMBERS[1])),  # broadcast
    case("MeanSquaredError", (NUMBERS[0].astype(np.int32), NUMBERS[1])),
]
LABELS = [f"{index}-{one.label}" for index, one in enumerate(CASES)]


def keras_value(one, dtype):
    """Return Keras's loss and its gradient by the predictions."""
    import torch

    y_pred = torch.tensor(one.arrays(dtype)["y_pred"], requires_grad=True)
    y_pred._keras_mask = None if one.mask is None else torch.tensor(one.mask)
    weight = one.arrays(dtype)["weight"]
    if one.mask is not None and weight is not None:
        weight = np.broadcast_to(weight, one.mask.shape).copy()  # Keras multiplies in place on torch
    value = one.made(keras.losses, dtype)(one.arrays(dtype)["y_true"], y_pred, weight)
    value.sum().backward()
    return value.detach().numpy(), y_pred.grad.numpy()


@functools.cache
def expected(dtype):
    return [keras_value(one, dtype) for one in CASES]


def losses_of(arrays, dtype):
    """Return polykeras's losses and their gradients, within one program."""
    made = []
    for one, given in zip(CASES, arrays):
        loss = one.made(losses, dtype)

        def total(y_pred):
            masks.set_mask(y_pred, given["mask"])
            value = loss(given["y_true"], y_pred, given["weight"])
            return ops.sum(value), value

        (_, value), gradient = value_and_grad(total, has_aux=True)(given["y_pred"])
        made.append((value, gradient))
    return made


@functools.cache
def got(backend, dtype):
    arrays = [one.arrays(dtype) for one in CASES]
    if dtype == "float32":
        return oracle.run_with_unknown_batch(lambda given: losses_of(given, dtype), arrays, backend)
    return execute.run(lambda given: losses_of(given, dtype), arrays, backend=backend)


@pytest.mark.parametrize("index", range(len(CASES)), ids=LABELS)
@pytest.mark.parametrize("dtype", oracle.DTYPES)
def test_value_is_that_of_keras(backend, dtype, index):
    oracle.assert_close(got(backend, dtype)[index][0], expected(dtype)[index][0], oracle.BOUND[dtype], LABELS[index])


@pytest.mark.parametrize("index", range(len(CASES)), ids=LABELS)
def test_gradients_agree_between_backends(backend, index):
    oracle.assert_close(got(backend, "float64")[index][1], got("numpy", "float64")[index][1], 1e-12, LABELS[index])


@pytest.mark.parametrize("index", range(len(CASES)), ids=LABELS)
def test_gradient_is_that_of_keras(index):
    gradient = expected("float64")[index][1]
    oracle.assert_close(got("numpy", "float64")[index][1], gradient, 1e-11, LABELS[index])
