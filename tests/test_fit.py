"""fit, evaluate and predict on every backend: against Keras 3.15.1 where it has the feature, else against themselves."""

import warnings

import numpy as np
import pytest
import twins

import polykeras
from polykeras import callbacks, layers, ops
from polykeras.errors import DataError

random = np.random.default_rng(0)
X = random.normal(size=(10, 4)).astype("float32")
CLASSES = random.integers(0, 3, 10)
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
Y = random.normal(size=(10, 2)).astype("float32")
WEIGHT = random.uniform(0.2, 2, 10).astype("float32")
PLAIN = {"batch_size": 4, "shuffle": False, "verbose": 0}


def classifier(k, **arguments):
    """Return a model of 4 features and 3 classes; 10 samples in batches of 4 leave a last batch of 2."""
    model = k.Sequential([k.layers.Input((4,)), k.layers.Dense(5, activation="tanh"), k.layers.Dense(3, activation="softmax")])
    return k.compile(model, k.optimizers.SGD(0.2), **{"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"], **arguments})


# -- scenarios that Keras runs too -------------------------------------------------------------------------


def methods(k):
    model = classifier(k, metrics=["sparse_categorical_crossentropy", "accuracy"])
    made = {"fit": model.fit(X, CLASSES, epochs=2, sample_weight=WEIGHT, **PLAIN)}
    made["evaluate"] = model.evaluate(X, CLASSES, batch_size=4, verbose=0)
    made["evaluate dict"] = model.evaluate(X, CLASSES, batch_size=4, verbose=0, sample_weight=WEIGHT, return_dict=True)
    made["evaluate steps"] = model.evaluate(X, CLASSES, batch_size=4, verbose=0, steps=2)
    made["predict"] = model.predict(X, batch_size=4, verbose=0)
    made["predict steps"] = model.predict(X, batch_size=4, verbose=0, steps=1)
    made["predict_on_batch"] = model.predict_on_batch(X[:4])
    made["train_on_batch"] = model.train_on_batch(X[:4], CLASSES[:4])
    made["train_on_batch again"] = model.train_on_batch(X[:4], CLASSES[:4], return_dict=True)
    made["weighted"] = model.train_on_batch(X[:4], CLASSES[:4], sample_weight=WEIGHT[:4])
    made["class_weight"] = model.train_on_batch(X[:4], CLASSES[:4], class_weight={0: 2.0, 1: 0.5})
    made["test_on_batch"] = model.test_on_batch(X[:4], CLASSES[:4], sample_weight=WEIGHT[:4], return_dict=True)
    made["weights"] = model.get_weights()
    return made


def validation(k):
    def held_out():
        while True:
            yield X[:4], CLASSES[:4]
            yield X[4:8], CLASSES[4:8]

    model = classifier(k)
    fit = lambda **arguments: model.fit(X, CLASSES, **{**PLAIN, "epochs": 2, **arguments})
    both, three = (X[:6], CLASSES[:6]), (X[:6], CLASSES[:6], WEIGHT[:6])
    return {
        "two": fit(validation_data=both),
        "three": fit(validation_data=three),
        "split": fit(validation_split=0.4, sample_weight=WEIGHT),
        "data before split": fit(validation_data=both, validation_split=0.4),
        "every second": fit(validation_data=both, validation_freq=2),
        "listed": fit(validation_data=both, validation_freq=[1, 3], epochs=4),
        "smaller batches": fit(validation_data=both, validation_batch_size=2),
        "steps": fit(validation_data=both, validation_steps=1),
        "iterable": fit(validation_data=held_out(), validation_steps=3),
    }


def weights_of_samples(k):
    model = classifier(k, loss="categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy", "categorical_crossentropy"])
    made = {"one-hot": model.fit(X, ONE_HOT, class_weight={0: 2.0, 1: 0.3, 2: 1.5}, validation_data=(X[:6], ONE_HOT[:6]), **PLAIN)}
    made["some classes"] = model.fit(X, ONE_HOT, class_weight={2: 3.0}, **PLAIN)
    made["samples"] = model.fit(X, ONE_HOT, sample_weight=WEIGHT, **PLAIN)
    return made


def class_weight_of_numbers(k):
    weights = {0: 2.0, 1: 0.3, 2: 1.5}
    return [classifier(k).fit(X, labels, class_weight=weights, **PLAIN) for labels in (CLASSES, CLASSES[:, None], CLASSES.astype("float32"))]


def iterables(k):
    def endless():
        while True:
            for start in (0, 4):
                yield X[start : start + 4], CLASSES[start : start + 4], WEIGHT[start : start + 4]

    class Dataset(k.utils.PyDataset):
        def __init__(self, parts=2):
            super().__init__()
            self.parts = parts

        def __len__(self):
            return 3

        def __getitem__(self, index):
            part = slice(4 * index, 4 * index + 4)
            return [X[part], CLASSES[part], WEIGHT[part]][: self.parts]

    class Endless(Dataset):
        num_batches = None

        def __getitem__(self, index):
            return super().__getitem__(index % 2)

    model = classifier(k)
    generator = endless()
    fit = lambda x, **arguments: model.fit(x, verbose=0, **{"epochs": 2, "shuffle": False, **arguments})
    return {
        "generator": fit(generator, steps_per_epoch=3),
        "where it stood": fit(generator, steps_per_epoch=1, epochs=1),
        "dataset": fit(Dataset()),
        "dataset with weights": fit(Dataset(3), initial_epoch=1, epochs=3),
        "dataset with class_weight": fit(Dataset(), class_weight={0: 2.0}),
        "dataset in steps": fit(Dataset(), steps_per_epoch=1, epochs=4),
        "endless dataset": fit(Endless(), steps_per_epoch=3),
        "evaluate": model.evaluate(Dataset(3), verbose=0),
        "predict": model.predict(Dataset(), verbose=0),
        "arrays in steps": model.fit(X, CLASSES, steps_per_epoch=1, epochs=4, **PLAIN),
        "history": [list(model.history.history), model.history.epoch],
    }


def wide(k, **outputs):
    """Return a model of two inputs and two outputs, in lists, or in a dict where told."""
    left, right = k.layers.Input((4,), name="left"), k.layers.Input((2,), name="right")
    both = k.layers.Concatenate()([k.layers.Dense(3, name="hidden")(left), right])
    first, second = k.layers.Dense(2, name="first")(both), k.layers.Dense(3, activation="softmax", name="second")(both)
    return k.Model([left, right], {key: first if name == "first" else second for key, name in outputs.items()} or [first, second])


LISTS = ([X, Y], [Y, CLASSES])
NAMED = ({"left": X, "right": Y}, {"first": Y, "second": CLASSES})
SPARSE = "sparse_categorical_crossentropy"
OUTPUTS = {  # compile's arguments, data, the model's outputs
    "lists": ({"loss": ["mse", SPARSE]}, LISTS, {}),
    "weights in a list": ({"loss": ["mse", SPARSE], "loss_weights": [0.5, 2.0], "metrics": [["mae", "mse"], ["accuracy"]]}, LISTS, {}),
    "one loss for all": ({"loss": "mse"}, (LISTS[0], [Y, ONE_HOT]), {}),
    "names": ({"loss": {"second": SPARSE, "first": "mse"}, "loss_weights": {"first": 0.5, "second": 2.0}}, NAMED, {}),
    "metrics by name": ({"loss": ["mae", SPARSE], "metrics": {"second": ["accuracy"]}, "weighted_metrics": {"second": "accuracy", "first": "mse"}}, LISTS, {}),
    "dict outputs": ({"loss": {"a": "mse", "b": SPARSE}, "metrics": {"b": "accuracy"}}, (NAMED[0], {"a": Y, "b": CLASSES}), {"b": "second", "a": "first"}),
    "one of two": ({"loss": [None, SPARSE], "metrics": [None, "accuracy"]}, LISTS, {}),
}  # fmt: skip


def outputs(k, case):
    arguments, (x, y), named = OUTPUTS[case]
    model = k.compile(wide(k, **named), k.optimizers.SGD(0.1), **arguments)
    weight = [WEIGHT, WEIGHT[::-1].copy()] if case == "weights in a list" else None
    if case == "one of two":
        fitted = model.train_on_batch(x, [Y, CLASSES], return_dict=True)
    else:
        fitted = model.fit(x, y, batch_size=10, sample_weight=weight, validation_data=(x, y), shuffle=False, verbose=0, epochs=2)
    predicted = model.predict(x, batch_size=10, verbose=0)
    return fitted, model.evaluate(x, y, batch_size=10, verbose=0), dict(sorted(predicted.items())) if named else predicted


def losses_beside(k):
    class Extra(k.layers.Layer):
        def call(self, inputs):
            self.add_loss(0.1 * k.ops.sum(k.ops.square(inputs), axis=-1))
            return inputs * 2.0

    def model(**arguments):
        regularized = k.layers.Dense(3, kernel_regularizer="l2", bias_regularizer=k.regularizers.L1(0.1), activity_regularizer=k.regularizers.L2(0.01))
        last = k.layers.Dense(2, kernel_regularizer=k.regularizers.L1L2(0.1, 0.2))
        return k.compile(k.Sequential([k.layers.Input((4,)), regularized, Extra(), last]), k.optimizers.SGD(0.05), **arguments)

    compiled = model(loss="mse", metrics=["mae"])
    made = [compiled.fit(X, Y, epochs=2, validation_data=(X, Y), **PLAIN), compiled.evaluate(X, Y, batch_size=4, verbose=0)]
    return [*made, model().fit(X, epochs=2, **PLAIN)]


def steering(k):
    def fitted(*watching, epochs=5, **arguments):
        model = classifier(k)
        made = model.fit(X, CLASSES, epochs=epochs, validation_data=(X[:6], CLASSES[:6]), callbacks=list(watching), **PLAIN, **arguments)
        return made, float(k.ops.convert_to_numpy(model.optimizer.learning_rate)), model.get_weights()

    c = k.callbacks
    return {
        "early stopping": fitted(c.EarlyStopping("val_accuracy", patience=1)),
        "worse and worse": fitted(c.EarlyStopping("loss", mode="max", patience=2, restore_best_weights=True, start_from_epoch=1)),
        "small steps": fitted(c.EarlyStopping("val_loss", min_delta=0.5, patience=1, restore_best_weights=True)),
        "baseline": fitted(c.EarlyStopping("val_accuracy", baseline=0.99, patience=2)),
        "plateau": fitted(c.ReduceLROnPlateau("val_accuracy", factor=0.5, patience=1, cooldown=1, min_lr=0.03)),
        "schedule": fitted(c.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)), epochs=3),
        "schedule of both": fitted(c.LearningRateScheduler(lambda epoch, rate: rate * 0.5), epochs=3),
    }


HOOKS = [f"on_{what}_{end}" for what in ("train", "test", "predict", "epoch", "train_batch", "test_batch", "predict_batch") for end in ("begin", "end")]


def order_of_hooks(k):
    seen = []

    def hook(name):
        def call(self, *args, logs=None):
            *number, logs = (*args, logs) if logs is not None or len(args) < (2 if "batch" in name or "epoch" in name else 1) else args
            seen.append([name, *map(int, number), sorted(logs or {})])

        return call

    Watch = type("Watch", (k.callbacks.Callback,), {name: hook(name) for name in HOOKS})
    model = classifier(k)
    model.fit(X, CLASSES, epochs=2, validation_data=(X[:6], CLASSES[:6]), callbacks=[Watch()], **PLAIN)
    model.evaluate(X, CLASSES, batch_size=4, verbose=0, callbacks=[Watch()])
    model.predict(X, batch_size=4, verbose=0, callbacks=[Watch()])
    return seen


def hooks_given_as_functions(k):
    seen = []
    watch = k.callbacks.LambdaCallback(
        on_train_begin=lambda logs: seen.append("train"),
        on_epoch_begin=lambda epoch, logs: seen.append(epoch),
        on_train_batch_end=lambda batch, logs: seen.append([batch, logs["loss"]]),
        on_epoch_end=lambda epoch, logs: seen.append(dict(logs)),
        on_train_end=lambda logs: seen.append(dict(logs)),
    )
    classifier(k).fit(X, CLASSES, epochs=2, callbacks=[watch], validation_data=(X[:6], CLASSES[:6]), **PLAIN)
    return seen


def stopping(k):
    class Stop(k.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

        def on_test_batch_end(self, batch, logs=None):
            self.model.stop_evaluating = True

        def on_predict_batch_end(self, batch, logs=None):
            self.model.stop_predicting = True

    class StopInValidation(k.callbacks.Callback):
        def on_test_end(self, logs=None):
            self.model.stop_training = True

    model = classifier(k)
    return {
        "fit": model.fit(X, CLASSES, epochs=3, callbacks=[Stop()], **PLAIN),
        "evaluate": model.evaluate(X, CLASSES, batch_size=4, verbose=0, callbacks=[Stop()]),
        "predict": model.predict(X, batch_size=4, verbose=0, callbacks=[Stop()]),
        "validation": model.fit(X, CLASSES, epochs=3, callbacks=[StopInValidation()], validation_data=(X[:6], CLASSES[:6]), **PLAIN),
    }


def own_computations(k):
    class Own(k.Model):
        def __init__(self):
            super().__init__()
            self.dense = k.layers.Dense(2)
            self.squares = k.metrics.Mean(name="squares")

        def call(self, inputs):
            return self.dense(inputs)

        def compute_loss(self, x, y, y_pred, sample_weight=None):
            return k.ops.mean(k.ops.square(y - y_pred)) + 0.1 * k.ops.sum(k.ops.abs(y_pred))

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            made = super().compute_metrics(x, y, y_pred, sample_weight)
            self.squares.update_state(k.ops.square(y_pred))
            return {**made, "squares": self.squares.result()}

    model = Own()
    model(X[:1])
    k.compile(model, k.optimizers.SGD(0.1), metrics=["mae"])
    return model.fit(X, Y, epochs=2, validation_data=(X[:6], Y[:6]), **PLAIN), model.evaluate(X, Y, batch_size=4, verbose=0)


SCENARIOS = [
    methods, validation, weights_of_samples, class_weight_of_numbers, iterables, losses_beside, steering, order_of_hooks,
    hooks_given_as_functions, stopping, own_computations,
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*shuffle=True:UserWarning")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_like_keras(scenario, backend):
    twins.check(scenario, backend)


@pytest.mark.parametrize("case", OUTPUTS)
def test_outputs_like_keras(case, backend):
    twins.check(outputs, backend, case)
