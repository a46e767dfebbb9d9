"""The workloads: a model in Keras's names, its data, and how much of it an epoch is. One row each."""

from typing import Callable, NamedTuple

from benchmarks import real_data

LEARNING_RATE, BETA_1, BETA_2, EPSILON = 0.001, 0.9, 0.999, 1e-7  # Keras's Adam
CATEGORIES, CLICKS = "SparseCategoricalCrossentropy", "BinaryCrossentropy"  # both from logits


class Workload(NamedTuple):
    """A row of the tables.

    Args:
        data: a function that returns (list of inputs, labels).
        model: a function of a module with Keras's names, that returns a model of logits.
        forward: the name of the forward pass in the loops written by hand.
        batch, steps: samples in a step, and steps in an epoch; where the data is shorter it begins again.
        loss: Keras's name of it.
        repeats: whether two runs do the same; not with dropout.
    """

    data: Callable
    model: Callable
    forward: str
    batch: int
    steps: int
    loss: str = CATEGORIES
    repeats: bool = True


def stack(depth, width):
    """Return a model of `depth` hidden layers."""

    def model(keras):
        image = x = keras.layers.Input((784,))
        for index in range(depth):
            x = keras.layers.Dense(width, activation="relu", name=f"hidden_{index}")(x)
        return keras.Model(image, keras.layers.Dense(10, name="logits")(x))

    return model


def branches(count, width=256):
    """Return a model of one hidden layer in `count` parts side by side: the same numbers in more tensors."""

    def model(keras):
        image = keras.layers.Input((784,))
        parts = [keras.layers.Dense(width // count, activation="relu", name=f"branch_{index}")(image) for index in range(count)]
        joined = keras.layers.Concatenate()(parts) if count > 1 else parts[0]
        return keras.Model(image, keras.layers.Dense(10, name="logits")(joined))

    return model


def cnn(keras):
    """Return two convolutions with pooling and dropout."""
    layers = keras.layers
    image = layers.Input((28, 28, 1))
    x = layers.MaxPooling2D(2)(layers.Conv2D(32, 3, activation="relu", name="conv_0")(image))
    x = layers.MaxPooling2D(2)(layers.Conv2D(64, 3, activation="relu", name="conv_1")(x))
    return keras.Model(image, layers.Dense(10, name="logits")(layers.Dropout(0.5)(layers.Flatten()(x))))


RESIDUAL = (("block_0", 16, 1), ("block_1", 32, 2), ("block_2", 64, 2))  # name, channels, stride


def residual(keras):
    """Return a residual network of three blocks (He et al. 2015), batch-normalised."""
    layers = keras.layers

    def convolved(x, name, channels, size, stride):
        x = layers.Conv2D(channels, size, stride, "same", use_bias=False, name=f"{name}_conv")(x)
        return layers.BatchNormalization(name=f"{name}_norm")(x)

    image = layers.Input((32, 32, 3))
    x = layers.ReLU()(convolved(image, "stem", 16, 3, 1))
    for name, channels, stride in RESIDUAL:
        inner = layers.ReLU()(convolved(x, f"{name}_a", channels, 3, stride))
        inner = convolved(inner, f"{name}_b", channels, 3, 1)
        shortcut = x if stride == 1 else convolved(x, f"{name}_c", channels, 1, stride)
        x = layers.ReLU()(layers.Add()([inner, shortcut]))
    return keras.Model(image, layers.Dense(10, name="logits")(layers.GlobalAveragePooling2D()(x)))


def lstm(keras):
    """Return an embedding and an LSTM of 64."""
    layers = keras.layers
    text = layers.Input((real_data.WINDOW,), dtype="int32")
    x = layers.LSTM(64, name="lstm")(layers.Embedding(real_data.WORDS, 64, name="words")(text))
    return keras.Model(text, layers.Dense(14, name="logits")(x))


def gru(keras):
    """Return a GRU of 32 run both ways over the steps that are there."""
    layers = keras.layers
    steps = layers.Input((29, 12))
    x = layers.Bidirectional(layers.GRU(32, name="gru"), name="both")(layers.Masking()(steps))
    return keras.Model(steps, layers.Dense(9, name="logits")(x))


ENCODERS, HEADS, HEAD_WIDTH = 4, 4, 16


def transformer(keras):
    """Return a transformer encoder of four layers, 64 wide."""
    layers = keras.layers
    steps = layers.Input((29, 12))
    x = layers.Dense(64, name="widen")(steps)
    for index in range(ENCODERS):
        attended = layers.MultiHeadAttention(HEADS, HEAD_WIDTH, name=f"attention_{index}")(x, x)
        x = layers.LayerNormalization(name=f"norm_{index}_a")(layers.Add()([x, attended]))
        inner = layers.Dense(64, name=f"narrow_{index}")(layers.Dense(128, activation="gelu", name=f"wide_{index}")(x))
        x = layers.LayerNormalization(name=f"norm_{index}_b")(layers.Add()([x, inner]))
    return keras.Model(steps, layers.Dense(9, name="logits")(layers.GlobalAveragePooling1D()(x)))


TOWERS = ("user", "item")


def recommender(keras):
    """Return two towers over tables of 100,000 rows, and the product of what they make."""
    layers = keras.layers
    inputs, made = [], []
    for name in TOWERS:
        inputs.append(layers.Input((), dtype="int32"))
        x = layers.Embedding(real_data.VOCABULARY, 32, name=f"{name}_table")(inputs[-1])
        made.append(layers.Dense(32, name=f"{name}_out")(layers.Dense(64, activation="relu", name=f"{name}_hidden")(x)))
    return keras.Model(inputs, layers.Dense(1, name="logits")(layers.Multiply()(made)))


WORKLOADS = {
    "dense-32": Workload(real_data.mnist, stack(1, 128), "stack", 32, 156),
    "dense-256": Workload(real_data.mnist, stack(1, 128), "stack", 256, 19),
    "cnn": Workload(real_data.images, cnn, "cnn", 32, 40, repeats=False),
    "residual": Workload(real_data.patches, residual, "residual", 32, 10),
    "lstm": Workload(real_data.words, lstm, "lstm", 32, 50),
    "gru": Workload(real_data.vowels, gru, "gru", 32, 50),
    "transformer": Workload(real_data.vowels, transformer, "transformer", 32, 30),
    "recommender": Workload(real_data.clicks, recommender, "recommender", 256, 40, CLICKS),
}
FAMILIES = {
    "batch": lambda size: Workload(real_data.mnist, stack(1, 128), "stack", size, max(1, min(50, 4992 // size))),
    "depth": lambda depth: Workload(real_data.mnist, stack(depth, 64), "stack", 32, 50),
    "tensors": lambda count: Workload(real_data.mnist, branches(count // 2 - 1), "branches", 32, 50),
}


def find(name):
    """Return a workload by its name, or one of a family: "depth-16".

    Raises:
        KeyError: there is none.
    """
    if name in WORKLOADS:
        return WORKLOADS[name]
    family, _, size = name.partition("-")
    return FAMILIES[family](int(size))
