"""Rows of training runs: the kinds of models and of training that there are. `k` is any module with Keras's names."""

import functools

import numpy as np

import polykeras
from polykeras_conformance import data
from polykeras_conformance.trajectory import Row

CLASSES = "sparse_categorical_crossentropy"
LOGITS = lambda k: k.losses.SparseCategoricalCrossentropy(from_logits=True)
SGD = lambda k: k.optimizers.SGD(0.0625)
MOMENTUM = lambda k: k.optimizers.SGD(0.03125, momentum=0.9)
ADAM = lambda k: k.optimizers.Adam(0.0078125)
RMSPROP = lambda k: k.optimizers.RMSprop(0.00390625)


def cut(source, count):
    """Return a function that gives the first samples of a data set."""
    return functools.partial(source, count)


def images(count):
    """Return digits with a channel axis."""
    x, y = data.digits(count)
    return x[..., None], y


def flat(count):
    """Return digits as rows of numbers."""
    x, y = data.digits(count)
    return x.reshape(count, 64), y


def one_hot(count):
    """Return digits as rows of numbers, and one-hot labels."""
    x, y = flat(count)
    return x, np.eye(10, dtype="float32")[y]


def halves(count):
    """Return digits, and the mean of each image's lower half, to be predicted from the upper half."""
    x, _ = data.digits(count)
    return x[:, :4].reshape(count, 32), x[:, 4:].mean((1, 2), keepdims=True)[:, 0]


def two_answers(count):
    """Return digits, and (digit, whether it is odd)."""
    x, y = flat(count)
    return x, {"digit": y, "odd": (y % 2)[:, None].astype("float32")}


def weighed(count):
    """Return digits with a weight for each sample, some of them 0."""
    x, y = flat(count)
    return x, y, ((np.arange(count) % 5) / 2).astype("float32")


def following(count):
    """Return series, and the step that follows each of theirs."""
    x, _ = data.vowels(count)
    return x[:, :-1], x[:, 1:]


def stack(shape, *layers):
    """Return a function of the module that makes a Sequential; layers are functions of the module's layers."""
    return lambda k: k.Sequential([k.layers.Input(shape), *(make(k.layers) for make in layers)])


def graph(shape, build, dtype=None):
    """Return a function of the module that makes a functional model; build(layers, input) gives the outputs."""

    def make(k):
        x = k.layers.Input(shape, dtype=dtype)
        return k.Model(x, build(k.layers, x))

    return make


def residual(l, x):
    """Two blocks with a way around each, and batch normalization."""
    x = l.Conv2D(4, 3, padding="same")(x)
    for _ in range(2):
        y = l.Conv2D(4, 3, padding="same", use_bias=False)(x)
        y = l.Activation("relu")(l.BatchNormalization()(y))
        x = l.Add()([x, y])
    return l.Dense(10, activation="softmax")(l.GlobalAveragePooling2D()(x))


def attention(l, x):
    """One block of a transformer over the rows of an image."""
    y = l.MultiHeadAttention(2, 4)(x, x)
    x = l.LayerNormalization()(l.Add()([x, y]))
    y = l.Dense(8)(l.Dense(16, activation="gelu")(x))
    x = l.LayerNormalization()(l.Add()([x, y]))
    return l.Dense(10)(l.GlobalAveragePooling1D()(x))


def words(l, x):
    """Words that are looked up, with a mask, and read in order."""
    x = l.Embedding(20, 6, mask_zero=True)(x)
    return l.Dense(9)(l.GRU(6)(x))


def bag_of_words(l, x):
    """Words that are looked up and averaged, those behind the end left out."""
    return l.Dense(9)(l.GlobalAveragePooling1D()(l.Embedding(20, 8, mask_zero=True)(x)))


def two_heads(l, x):
    """One body, two outputs."""
    x = l.Dense(16, activation="tanh")(x)
    return {"digit": l.Dense(10, activation="softmax", name="digit")(x), "odd": l.Dense(1, activation="sigmoid", name="odd")(x)}


def siamese(l, x):
    """One layer for both halves of the input, called twice."""
    shared = l.Dense(12, activation="relu")
    upper, lower = l.Lambda(lambda v: v[:, :32])(x), l.Lambda(lambda v: v[:, 32:])(x)
    return l.Dense(10)(l.Concatenate()([shared(upper), shared(lower)]))


def nested(k):
    """A model within a model."""
    inner = k.Sequential([k.layers.Input((64,)), k.layers.Dense(16, activation="relu"), k.layers.BatchNormalization()])
    x = k.layers.Input((64,))
    return k.Model(x, k.layers.Dense(10)(inner(x)))


class Gated(polykeras.layers.Layer):
    """A user's own layer, with weights, a state and an added loss."""

    def build(self, input_shape):
        """Make the weights."""
        self.kernel = self.add_weight((input_shape[-1], 12), name="kernel")
        self.gate = self.add_weight((input_shape[-1], 12), name="gate")
        self.mean = self.add_weight((), "zeros", trainable=False, name="mean")

    def call(self, x, training=None):
        """Compute the outputs."""
        ops = polykeras.ops
        gate = ops.sigmoid(ops.matmul(x, self.gate))
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(gate))
            self.add_loss(0.01 * ops.mean(ops.square(gate - self.mean)))
        return ops.tanh(ops.matmul(x, self.kernel)) * gate


class Own(polykeras.Model):
    """A user's own model, written as a class."""

    def __init__(self):
        super().__init__()
        self.first, self.drop, self.last = Gated(), polykeras.layers.Dropout(0.25, seed=5), polykeras.layers.Dense(10)

    def call(self, x, training=None):
        """Compute the outputs."""
        return self.last(self.drop(self.first(x, training=training), training=training))


def subclassed(_):
    """A user's own model, built."""
    model = Own()
    model.build((None, 64))
    return model


IMAGE, SOUND = (8, 8, 1), (14, 12)
HEAD = (lambda l: l.Flatten(), lambda l: l.Dense(10))
MASKED = lambda l: l.Masking()

DENSE = [
    Row("mlp-sgd", stack((64,), lambda l: l.Dense(16, activation="relu"), lambda l: l.Dense(10, activation="softmax")), cut(flat, 80), SGD, CLASSES, ["accuracy"]),
    Row("mlp-adam-chunks", stack((64,), lambda l: l.Dense(16, activation="tanh"), lambda l: l.Dense(10)), cut(flat, 96), ADAM, LOGITS, ["accuracy"], steps_at_a_time=4),
    Row("mlp-ragged-shuffled", stack((64,), lambda l: l.Dense(12, activation="relu"), lambda l: l.Dense(10)), cut(flat, 38), MOMENTUM, LOGITS, ["accuracy"], epochs=2),
    Row("mlp-one-hot", stack((64,), lambda l: l.Dense(16, activation="elu"), lambda l: l.Dense(10, activation="softmax")), cut(one_hot, 64), lambda k: k.optimizers.Adagrad(0.03125), "categorical_crossentropy", ["accuracy", "TopKCategoricalAccuracy"]),
    Row("mlp-sample-weights", stack((64,), lambda l: l.Dense(16, activation="silu"), lambda l: l.Dense(10)), cut(weighed, 80), RMSPROP, LOGITS),
    Row("mlp-class-weights", stack((64,), lambda l: l.Dense(10)), cut(flat, 80), SGD, LOGITS, class_weight={0: 0.0, 1: 2.0, 7: 0.5}, jit=False),
    Row("mlp-dropout", stack((64,), lambda l: l.Dropout(0.25, seed=1), lambda l: l.Dense(24, activation="relu"), lambda l: l.Dropout(0.5, seed=2), lambda l: l.Dense(10)), cut(flat, 80), ADAM, LOGITS, ["accuracy"]),
    Row("mlp-penalties-clipped", stack((64,), lambda l: l.Dense(16, "relu", kernel_regularizer="l2", activity_regularizer="l1"), lambda l: l.Dense(10, bias_regularizer="l2", kernel_constraint="unit_norm")), cut(flat, 80), lambda k: k.optimizers.SGD(0.0625, global_clipnorm=0.5, weight_decay=0.0625), LOGITS),
    Row("regression-metrics", stack((32,), lambda l: l.Dense(12, activation="softplus"), lambda l: l.Dense(1)), cut(halves, 80), lambda k: k.optimizers.Adam(0.0078125, clipnorm=0.25, use_ema=True, ema_overwrite_frequency=4), "mse", ["mae", "RootMeanSquaredError"]),
    Row("two-outputs", graph((64,), two_heads), cut(two_answers, 80), ADAM, {"digit": CLASSES, "odd": "binary_crossentropy"}, {"digit": ["accuracy"], "odd": ["AUC", "Precision"]}, loss_weights={"digit": 1.0, "odd": 0.5}),
    Row("shared-layer", graph((64,), siamese), cut(flat, 80), lambda k: k.optimizers.SGD(0.0625, momentum=0.9, nesterov=True), LOGITS),
    Row("nested-batch-norm", nested, cut(flat, 80), lambda k: k.optimizers.AdamW(k.optimizers.schedules.ExponentialDecay(0.015625, 4, 0.5), weight_decay=0.0625), LOGITS),
    Row("own-model-own-layer", subclassed, cut(flat, 64), ADAM, LOGITS, ["accuracy"]),
    Row("accumulated-gradients", stack((64,), lambda l: l.Dense(10)), cut(flat, 80), lambda k: k.optimizers.Adam(0.0078125, gradient_accumulation_steps=3), LOGITS),
]  # fmt: skip

CONVOLUTIONS = [
    Row("cnn-max-pool", stack(IMAGE, lambda l: l.Conv2D(4, 3, padding="same", activation="relu"), lambda l: l.MaxPooling2D(), *HEAD), cut(images, 64), MOMENTUM, LOGITS, ["accuracy"]),
    Row("cnn-batch-norm-strides", stack(IMAGE, lambda l: l.Conv2D(4, 3, strides=2, padding="same", use_bias=False), lambda l: l.BatchNormalization(), lambda l: l.ReLU(), *HEAD), cut(images, 64), ADAM, LOGITS, steps_at_a_time=4),
    Row("cnn-valid-dilated-average", stack(IMAGE, lambda l: l.Conv2D(4, 2, dilation_rate=2, activation="tanh"), lambda l: l.AveragePooling2D(3, 2, "same"), *HEAD), cut(images, 64), SGD, LOGITS),
    Row("cnn-residual", graph(IMAGE, residual), cut(images, 64), SGD, CLASSES),
    Row("cnn-one-dimension", stack(SOUND, lambda l: l.Conv1D(6, 3, padding="causal", activation="relu"), lambda l: l.MaxPooling1D(), lambda l: l.Conv1D(6, 3, strides=2), lambda l: l.GlobalAveragePooling1D(), lambda l: l.Dense(9)), cut(data.vowels, 48), ADAM, LOGITS, batch_size=6),
]  # fmt: skip

SERIES = [
    Row("lstm-mask", stack(SOUND, MASKED, lambda l: l.LSTM(6), lambda l: l.Dense(9)), cut(data.vowels, 48), ADAM, LOGITS, ["accuracy"], batch_size=6),
    Row("gru-stacked", stack(SOUND, lambda l: l.GRU(5, return_sequences=True), lambda l: l.GRU(5), lambda l: l.Dense(9)), cut(data.vowels, 48), MOMENTUM, LOGITS, batch_size=6),
    Row("simple-rnn-sequences", stack((13, 12), lambda l: l.SimpleRNN(8, return_sequences=True), lambda l: l.Dense(12)), cut(following, 48), SGD, "mse", batch_size=6, steps_at_a_time=4, jit=False),
    Row("bidirectional-mask", stack(SOUND, MASKED, lambda l: l.Bidirectional(l.LSTM(4)), lambda l: l.Dense(9)), cut(data.vowels, 48), RMSPROP, LOGITS, batch_size=6),
    Row("words-gru-mask", graph((14,), words, "int32"), cut(data.letters, 48), ADAM, LOGITS, batch_size=6),
    Row("words-averaged", graph((14,), bag_of_words, "int32"), cut(data.letters, 48), lambda k: k.optimizers.Adam(0.0078125, amsgrad=True), LOGITS, batch_size=6),
    Row("attention", graph((8, 8), attention), cut(data.digits, 64), lambda k: k.optimizers.AdamW(0.00390625), LOGITS),
]  # fmt: skip

ROWS = [*DENSE, *CONVOLUTIONS, *SERIES]

FITTED = ("mlp-adam-chunks", "mlp-ragged-shuffled", "mlp-sample-weights", "two-outputs", "words-averaged")  # through fit too
MOVED = ("mlp-dropout", "nested-batch-norm", "cnn-residual", "words-gru-mask")
THREADED = ("mlp-dropout", "cnn-max-pool")
