"""Losses against Keras 3.15.1 on every backend: values, gradients, masks, weights, edges, errors."""

import functools
import inspect
from typing import NamedTuple

import keras
import numpy as np
import oracle
import pytest

from polykeras import losses, masks, ops
from polykeras.errors import ShapeError
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
CHUNK = 32  # compiling a program takes longer than its two halves
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
    with oracle.floatx(dtype):
        return [keras_value(one, dtype) for one in CASES]


def value_of(one, given, dtype):
    """Return polykeras's loss as a function of the predictions."""
    loss = one.made(losses, dtype)

    def value(y_pred):
        masks.set_mask(y_pred, given["mask"])
        return loss(given["y_true"], y_pred, given["weight"])

    return value


@functools.cache
def got(backend, dtype):
    """Return [(loss, gradient)]: in float32 the loss alone, with batches of unknown size; in float64 both, of known."""
    made = []
    with oracle.floatx(dtype):
        for start in range(0, len(CASES), CHUNK):
            made += _chunk(backend, dtype, CASES[start : start + CHUNK])
    return made


def _chunk(backend, dtype, cases):
    def losses_alone(arrays):
        return [(value_of(one, given, dtype)(given["y_pred"]), None) for one, given in zip(cases, arrays)]

    def with_gradients(arrays):
        return [_with_gradient(value_of(one, given, dtype), given["y_pred"]) for one, given in zip(cases, arrays)]

    arrays = [one.arrays(dtype) for one in cases]
    if dtype == "float32":
        return oracle.program(losses_alone, arrays, backend)(arrays)
    return oracle.run(with_gradients, arrays, backend)


def _with_gradient(value, y_pred):
    def total(y_pred):
        made = value(y_pred)
        return ops.sum(made), made

    (_, loss), gradient = value_and_grad(total, has_aux=True)(y_pred)
    return loss, gradient


@pytest.mark.parametrize("index", range(len(CASES)), ids=LABELS)
@pytest.mark.parametrize("dtype", oracle.DTYPES)
def test_value_is_that_of_keras(judged, dtype, index):
    oracle.assert_close(got(judged, dtype)[index][0], expected(dtype)[index][0], oracle.BOUND[dtype], LABELS[index])


@pytest.mark.parametrize("index", range(len(CASES)), ids=LABELS)
def test_gradients_agree_between_backends(judged, index):
    oracle.assert_close(got(judged, "float64")[index][1], got("numpy", "float64")[index][1], 1e-12, LABELS[index])


@pytest.mark.parametrize("index", range(len(CASES)), ids=LABELS)
def test_gradient_is_that_of_keras(index):
    gradient = expected("float64")[index][1]
    oracle.assert_close(got("numpy", "float64")[index][1], gradient, 1e-11, LABELS[index])


# -- beyond the table --------------------------------------------------------------------------------

FUNCTIONS = [name for name in losses.__all__ if inspect.isfunction(getattr(keras.losses, name, None)) and name not in ("get", "serialize", "deserialize")]
CLASSES_OF_KERAS = [name for name in losses.__all__ if inspect.isclass(getattr(losses, name)) and hasattr(keras.losses, name)]


@pytest.mark.parametrize("name", [*FUNCTIONS, *CLASSES_OF_KERAS])
def test_signature_is_that_of_keras(name):
    ours, theirs = (inspect.signature(getattr(module, name)) for module in (losses, keras.losses))
    assert [(p.name, p.default) for p in ours.parameters.values()] == [(p.name, p.default) for p in theirs.parameters.values()]


def test_every_public_loss_of_keras_is_there_but_ctc():
    public = {name for name in dir(keras.losses) if not name.startswith("_")}
    assert public - set(losses.__all__) - set(dir(losses)) == {"CTC", "ctc"}


PAIRS = {
    "sparse_categorical_crossentropy": CLASSES, "categorical_generalized_cross_entropy": CLASSES, "circle": (CLASSES[0], UNIT),
    "categorical_crossentropy": ONE_HOT, "categorical_focal_crossentropy": ONE_HOT, "categorical_hinge": ONE_HOT,
    "binary_crossentropy": BITS, "binary_focal_crossentropy": BITS, "hinge": BITS, "squared_hinge": BITS,
}  # fmt: skip


def test_functions_outside_any_program_agree_with_keras(default_backend):
    functions = FUNCTIONS if default_backend != "tensorflow_graph" else FUNCTIONS[::4]  # each call is a program there
    for name in functions:
        y_true, y_pred = (oracle.as_dtype(x, "float32") for x in PAIRS.get(name, SHARES))
        more = {"q": 0.5} if name == "categorical_generalized_cross_entropy" else {}
        got = ops.convert_to_numpy(getattr(losses, name)(y_true.tolist(), y_pred.tolist(), **more))
        expected = oracle.numpy_of(getattr(keras.losses, name)(y_true, keras.ops.convert_to_tensor(y_pred), **more))
        oracle.assert_close(got, expected, oracle.BOUND["float32"], name)
        assert got.dtype == np.float32


def test_a_loss_outside_any_program_takes_lists_weights_and_masks(default_backend):
    y_pred = ops.convert_to_tensor(STEPS[1].astype("float32"))
    masks.set_mask(y_pred, STEP_MASK)
    got = losses.MeanAbsoluteError()(STEPS[0].tolist(), y_pred, sample_weight=WEIGHT[:, None].tolist())
    index = next(i for i, one in enumerate(CASES) if one.label == "MeanAbsoluteError-4x5x3-weight(4,1)-mask")
    oracle.assert_close(ops.convert_to_numpy(got), expected("float32")[index][0], oracle.BOUND["float32"])
    assert np.shape(ops.convert_to_numpy(got)) == ()


@pytest.mark.parametrize("name", CLASSES_OF_KERAS)
def test_a_config_makes_the_same_loss(name):
    given = next((one.arguments for one in CASES if one.name == name and one.arguments), {})
    loss = getattr(losses, name)(**{"reduction": "sum", **given}) if name not in ("Loss", "LossFunctionWrapper") else losses.LossFunctionWrapper(losses.huber, delta=2.0)
    config = losses.serialize(loss)
    again = losses.deserialize(config)
    assert type(again) is type(loss) and again.get_config() == loss.get_config()
    if name not in ("Loss", "LossFunctionWrapper"):
        assert getattr(keras.losses, name).from_config(config["config"]).reduction == loss.reduction


@pytest.mark.parametrize("name, found", [
    ("mse", losses.mean_squared_error), ("MAE", losses.mean_absolute_error), ("mean_squared_error", losses.mean_squared_error),
    ("bce", losses.binary_crossentropy), ("kld", losses.kl_divergence), ("hinge", losses.hinge),
])  # fmt: skip
def test_a_name_in_small_letters_is_the_function_as_in_keras(name, found):
    assert losses.get(name) is found and losses.get(losses.serialize(found)) is found


def test_get_takes_classes_objects_configs_and_nothing():
    assert losses.get(None) is None
    assert isinstance(losses.get("Huber"), losses.Huber) and isinstance(losses.get(losses.Huber), losses.Huber)
    assert losses.get({"class_name": "Huber", "config": {"delta": 3.0}}).delta == 3.0
    with pytest.raises(ValueError, match="Unknown loss: got 'hubber', expected one of .*Huber"):
        losses.get("hubber")


REFUSED = [
    (lambda: losses.MeanSquaredError()(np.zeros((4, 3)), np.zeros((4, 2))), r"got y_true of shape \(4, 3\) and y_pred of shape \(4, 2\), expected .*Reshape"),
    (lambda: losses.MeanSquaredError()(np.zeros(3), np.zeros((3, 3))), r"got y_true of shape \(3,\) and y_pred of shape \(3, 3\), expected .*Reshape"),
    (lambda: losses.hinge(np.zeros(3), np.zeros((4, 3))), r"hinge: got y_true of shape \(3,\) .* expected as many axes.*Reshape"),
    (lambda: losses.categorical_crossentropy([0, 1], np.zeros((2, 3))), r"got y_true of shape \(2,\) .* begins with sparse"),
    (lambda: losses.binary_crossentropy([[0.0]], np.zeros((2, 3))), r"got target of shape \(1, 1\) .* expected one shape. Reshape"),
    (lambda: losses.SparseCategoricalCrossentropy()(np.eye(3), np.eye(3)), r"got y_true of shape \(3, 3\) .* expected class numbers of shape \(3,\). Take"),
    (lambda: losses.SparseCategoricalCrossentropy()([0, 1], np.eye(3)), r"got y_true of shape \(2,\) .* expected class numbers of shape \(3,\). Take"),
    (lambda: losses.MeanSquaredError()(np.eye(4), np.eye(4), [1, 2, 3]), r"got sample_weight of shape \(3,\) for losses of shape \(4,\), expected .*Reshape it"),
    (lambda: losses.MeanSquaredError()(np.zeros((4, 4, 2)), np.zeros((4, 4, 2)), np.ones(4)), r"sample_weight of shape \(4,\) for losses of shape \(4, 4\)"),
    (lambda: losses.MeanSquaredError()({"a": [1.0]}, {"a": [1.0], "b": [2.0]}), "got 1 arrays of labels for 2 outputs, expected as many"),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_shapes_that_do_not_fit_are_refused_in_words(default_backend, number):
    call, text = REFUSED[number]
    with pytest.raises(ShapeError, match=text):
        call()


@pytest.mark.parametrize("make, text", [
    (lambda: losses.MeanSquaredError(reduction="avg"), "Unknown reduction: got 'avg', expected one of"),
    (lambda: losses.CategoricalGeneralizedCrossEntropy(q=1.5), "expected q between 0 and 1, got 1.5"),
    (lambda: losses.categorical_crossentropy([[1.0, 0.0]], [[0.5, 0.5]], axis=True), "expected an int as axis, got True"),
    (lambda: losses.LossFunctionWrapper.from_config({"fn": "nothing"}), "Unknown formula: got 'nothing', expected one of"),
])  # fmt: skip
def test_arguments_that_make_no_sense_are_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_one_class_is_warned_of():
    with pytest.warns(SyntaxWarning, match=r"got y_pred of shape \(2, 1\), expected at least two classes"):
        losses.categorical_crossentropy([[1.0], [1.0]], [[0.5], [0.5]])


def test_class_numbers_reach_a_loss_as_integers(backend):
    """A float32 label cannot tell 2**24 from 2**24 + 1, a float16 one not 2048 from 2049."""
    seen = []

    class Peek(losses.Loss):
        def call(self, y_true, y_pred):
            seen.append(ops.dtype(y_true))
            return ops.cast(ops.equal(y_true, 2**24 + 1), self.dtype) - ops.cast(ops.equal(y_true, 2**24), self.dtype) + 0.0 * y_pred

    for dtype in ("int32", "int64", "uint8", "bool"):
        label = np.array([1 if dtype in ("uint8", "bool") else 2**24 + 1], dtype)
        got = oracle.run(lambda given: Peek(dtype="float32")(given[0], given[1]), [label, np.zeros(1, "float32")], backend)
        assert float(got) == (0.0 if dtype in ("uint8", "bool") else 1.0)
    assert seen == ["int32", "int64", "int32", "int32"]


def test_a_class_out_of_range_gives_nan(backend):
    loss = losses.SparseCategoricalCrossentropy(reduction="none")
    got = oracle.run(lambda given: loss(given, np.full((4, 3), 1 / 3, "float32")), np.array([0, 3, -1, 2]), backend)
    assert np.isnan(got).tolist() == [False, True, True, False]


def test_zero_vectors_and_lone_embeddings_have_finite_gradients(backend):
    """Keras 3.15.1 gives NaN for both."""
    calls = [
        lambda p: ops.sum(losses.cosine_similarity(np.ones((2, 3)), p)),
        lambda p: ops.sum(losses.circle([0, 1], p)),
    ]
    arrays = [np.zeros((2, 3)), np.eye(2, 3)]
    for call, array in zip(calls, arrays):
        value, gradient = oracle.run(lambda p: value_and_grad(call)(p), array, backend)
        assert value == 0 and np.isfinite(gradient).all()


def test_ignored_places_pass_no_gradient_even_from_nan(backend):
    y_pred = np.array([[0.5, 0.5], [np.nan, np.inf]])
    loss = losses.SparseCategoricalCrossentropy(ignore_class=9, dtype="float64")
    value, gradient = oracle.run(lambda p: value_and_grad(lambda p: loss([1, 9], p))(p), y_pred, backend)
    oracle.assert_close(value, np.log(2), 1e-12)
    assert np.isfinite(gradient).all() and (gradient[1] == 0).all()


def test_a_function_over_several_outputs():
    loss = losses.LossFunctionWrapper(lambda y, p: ops.square(y["a"] - p["a"]) + ops.square(y["b"] - p["b"]), name="both")
    assert float(loss({"a": [1.0, 2.0], "b": [0.0, 0.0]}, {"a": [1.0, 1.0], "b": [2.0, 0.0]})) == 2.5


def test_names_and_dtypes_are_those_of_keras():
    class MyLoss(losses.Loss):
        pass

    assert losses.Huber().name == "huber_loss" and MyLoss().name == "my_loss" and MyLoss().name == "my_loss_1"
    assert losses.Huber().dtype == "float32" and losses.Huber(dtype="mixed_bfloat16").dtype == "bfloat16"
    with pytest.raises(NotImplementedError, match=r"MyLoss has no call\(self, y_true, y_pred\). Write one."):
        MyLoss()([1.0], [1.0])


def test_half_precision_losses_do_not_overflow(backend):
    got = oracle.run(lambda p: losses.MeanAbsoluteError(dtype="float16")(np.zeros((400, 1), "float16"), p), np.full((400, 1), 60000, "float16"), backend)
    assert got.dtype == np.float16 and float(got) == 60000


def test_symbolic_outputs_can_be_compared():
    from polykeras.graph import KerasTensor

    made = losses.mean_squared_error(KerasTensor((None, 3)), KerasTensor((None, 3)))
    assert isinstance(made, KerasTensor) and made.shape == (None,)
