"""Models: structure, names and numbers as Keras 3.15.1 gives them, and what polykeras adds."""

import threading

import keras
import numpy as np
import oracle
import pytest
import twins
from conftest import BACKENDS
from twins import quick

import polykeras
from polykeras import layers, ops

random = np.random.default_rng(2)
X, X2 = random.normal(size=(8, 4)).astype("float32"), random.normal(size=(8, 2)).astype("float32")
Y, Y2 = random.normal(size=(8, 2)).astype("float32"), random.normal(size=(8, 3)).astype("float32")
WORDS = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [2, 2, 4, 1], [4, 3, 1, 0]] * 2, "int32")


# -- models that Keras makes too ------------------------------------------------------------------------------


def sequential(k):
    return k.Sequential([k.layers.Input((4,)), k.layers.Dense(3, activation="relu"), k.layers.BatchNormalization(), k.layers.Dense(2)]), X, Y


def deferred(k):
    model = k.Sequential([k.layers.Dense(3, activation="tanh"), k.layers.Dense(2)])
    model.build((None, 4))
    return model, X, Y


def wide(k):
    """Two inputs, two outputs, a layer that is used twice, a model within."""
    left, right = k.layers.Input((4,), name="left"), k.layers.Input((2,), name="right")
    shared = k.layers.Dense(3, name="shared")
    inner = k.Sequential([k.layers.Dense(4, activation="tanh"), k.layers.BatchNormalization()], name="inner")
    one, two = shared(left), shared(inner(k.layers.Concatenate()([right, right])))
    both = k.layers.Add()([one, two])
    return k.Model([left, right], [k.layers.Dense(2, name="first")(both), k.layers.Dense(3, name="second")(two)]), [X, X2], [Y, Y2]


def branches(k):
    """Ways of several lengths to one output, whose layers are ordered by depth."""
    x = k.layers.Input((4,))
    short, long = k.layers.Dense(3), k.layers.Dense(3)
    way = k.layers.Dense(3)(k.layers.Dense(5, activation="relu")(long(x)))
    return k.Model(x, k.layers.Dense(2)(k.layers.Concatenate()([way, short(x)]))), X, Y


def masked(k):
    """Masks pass through layers and through a model within."""
    words = k.layers.Input((4,), dtype="int32")
    shown = k.layers.Embedding(5, 3, mask_zero=True)(words)
    within = k.layers.Input((4, 3))
    inner = k.Model(within, k.layers.Dense(4)(within))
    return k.Model(words, k.layers.Dense(2)(k.layers.LSTM(3)(inner(shown)))), WORDS, Y


def subclassed(k):
    class Block(k.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.dense = k.layers.Dense(units)

        def build(self, input_shape):
            self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")
            self.dense.build(input_shape)

        def call(self, inputs):
            return self.dense(inputs * self.factor)

    class Own(k.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [Block(3), Block(2)]
            self.named = {"last": k.layers.Dense(2)}

        def call(self, inputs, training=None):
            for block in self.blocks:
                inputs = block(inputs)
            return self.named["last"](inputs)

    model = Own()
    model(X)
    return model, X, Y


MODELS = [sequential, deferred, wide, branches, masked, subclassed]


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_structure_is_that_of_keras(make):
    sides = []
    for k in (keras, polykeras):
        keras.utils.clear_session(free_memory=False), polykeras.utils.clear_session()
        model, *_ = make(k)
        rows = {
            "name": model.name,
            "layers": [layer.name for layer in model.layers],
            "weights": [(v.path, tuple(v.shape), v.trainable) for v in model.weights],
            "trainable": [v.path for v in model.trainable_variables],
            "not trainable": [v.path for v in model.non_trainable_variables if "seed" not in v.path],
            "count": model.count_params(),
        }
        if make is not subclassed:
            rows["shapes"] = oracle.tree.leaves([model.input_shape, model.output_shape])
            rows["outputs"] = list(model.output_names) if make in (wide, branches, masked) else None
            model.layers[0].trainable = False
            model.layers[-1].trainable = False
            rows["frozen"] = [v.path for v in model.trainable_variables]
        sides.append(rows)
    for name, wanted in sides[0].items():
        assert sides[1][name] == wanted, name


@pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)
def test_training_is_that_of_keras(make, backend):
    def scenario(k):
        model, x, y = make(k)
        k.compile(model, k.optimizers.SGD(0.05), loss="mse")
        first = model.fit(x, y, epochs=2, batch_size=4, shuffle=False, verbose=0)
        return first, model.evaluate(x, y, verbose=0), model.predict(x, verbose=0), model.get_weights()

    twins.check(scenario, backend, bound=3e-5)


def test_freezing_takes_effect_as_in_keras(backend):
    def scenario(k):
        model, x, y = sequential(k)
        k.compile(model, k.optimizers.SGD(0.05), loss="mse")
        model.fit(x, y, shuffle=False, verbose=0)
        made = [model.get_weights()]
        model.layers[0].trainable = False
        model.compile(k.optimizers.SGD(0.05), loss="mse", **(quick(k.backend) if k.backend else {"jit_compile": False}))
        model.fit(x, y, shuffle=False, verbose=0)
        model.layers[0].trainable = True
        model.layers[1].trainable = False  # batch normalisation at rest uses, and leaves, what it moved to
        model.compile(k.optimizers.SGD(0.05), loss="mse", **(quick(k.backend) if k.backend else {"jit_compile": False}))
        model.fit(x, y, shuffle=False, verbose=0)
        return [*made, model.get_weights(), model.predict(x, verbose=0)]

    twins.check(scenario, backend, bound=3e-5)


# -- looking ----------------------------------------------------------------------------------------------------


def test_summary_has_keras_numbers():
    keras.utils.clear_session(free_memory=False), polykeras.utils.clear_session()
    told = []
    for k in (keras, polykeras):
        lines = []
        wide(k)[0].summary(print_fn=lambda line, lines=lines, **_: lines.extend(line.splitlines()))
        told.append([line.strip() for line in lines if "params" in line])
    assert told[0] == told[1] and len(told[0]) == 3
    for part in ('Model: "functional_1"', "shared (Dense)", "inner (Sequential)", "(None, 3)"):
        assert part in "\n".join(lines)


def test_get_layer_tells_what_there_is():
    model = wide(polykeras)[0]
    assert model.get_layer("shared") is model.get_layer(index=model.layers.index(model.get_layer("shared")))
    for arguments, text in [({"name": "sharde"}, "expected one of .*shared"), ({"index": 99}, "an index below"), ({}, "a name or an index")]:
        with pytest.raises(ValueError, match=text):
            model.get_layer(**arguments)


def test_output_shapes_without_arrays():
    model = wide(polykeras)[0]
    assert oracle.tree.leaves(model.compute_output_shape([(5, 4), (5, 2)])) == oracle.tree.leaves([(5, 2), (5, 3)])
    with pytest.raises(AttributeError, match="knows no symbolic inputs"):
        subclassed(polykeras)[0].input_shape
    with pytest.raises(ValueError, match="not built yet"):
        polykeras.Sequential([layers.Dense(2)]).layers[0].count_params()


def test_dtype_policy_of_a_model(backend):
    polykeras.utils.clear_session()
    model = polykeras.Sequential([layers.Input((4,)), layers.Dense(3, dtype="mixed_bfloat16"), layers.Dense(2, dtype="float32")])
    assert [v.dtype for v in model.weights] == ["float32"] * 4 and model.layers[0].compute_dtype == "bfloat16"
    model.compile("sgd", "mse", **quick(backend))
    model.fit(X, Y, verbose=0)
    assert model.predict(X, verbose=0).dtype == "float32" and model.output.dtype == "float32"
    assert model.layers[0].output.dtype == "bfloat16"


# -- what polykeras adds ----------------------------------------------------------------------------------------


def test_a_model_made_before_its_backend_is_chosen(backend):
    polykeras.utils.set_random_seed(3)
    model, x, y = sequential(polykeras)
    reference = model.predict(x, verbose=0) if backend == "numpy" else None
    model.compile("sgd", "mse", **quick(backend))
    assert model.backend == backend
    assert reference is None or np.allclose(model.predict(x, verbose=0), reference)


class Doubled(polykeras.Model):
    """One train_step for all backends: it takes two steps on each batch."""

    def __init__(self):
        super().__init__()
        self.dense, self.seen = layers.Dense(2, kernel_initializer="ones"), polykeras.metrics.Mean(name="seen")

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        x, y = data
        for _ in range(2):
            loss_of = lambda: ops.mean(ops.square(self(x, training=True) - y))
            loss, gradients = polykeras.value_and_grad(loss_of, variables=self.trainable_variables)()
            self.optimizer.apply(gradients, self.trainable_variables)
        self.seen.update_state(loss)
        return {"loss": loss, "seen": self.seen.result()}


def test_own_train_step(backend):
    polykeras.utils.set_random_seed(1)
    model = Doubled()
    model(X)
    model.compile(polykeras.optimizers.SGD(0.1), **quick(backend))
    history = model.fit(X, Y, batch_size=8, shuffle=False, epochs=3, verbose=0).history
    kernel, bias, losses = np.ones((4, 2)), np.zeros(2), []
    for _ in range(6):
        gap = X @ kernel + bias - Y
        losses.append(np.mean(gap**2))
        kernel, bias = kernel - 0.1 * 2 * X.T @ gap / gap.size, bias - 0.1 * 2 * gap.sum(0) / gap.size
    np.testing.assert_allclose(history["loss"], losses[1::2], rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], kernel, rtol=1e-5, atol=1e-6)
    assert int(model.optimizer.iterations) == 6


def test_stopped_and_resumed_is_as_if_not_stopped(backend):
    losses = []
    for parts in ([4], [1, 2, 1]):
        polykeras.utils.clear_session()
        polykeras.utils.set_random_seed(4)
        model = polykeras.Sequential([layers.Input((4,)), layers.Dense(6), layers.Dropout(0.5), layers.Dense(2)])
        model.compile("adam", "mse", **quick(backend))
        losses.append([loss for epochs in parts for loss in model.fit(X, Y, batch_size=3, epochs=epochs, verbose=0).history["loss"]])
    assert losses[0] == losses[1]


NATIVE = {"numpy": "numpy", "jax": "jax", "torch": "torch", "tensorflow": "tensorflow", "tensorflow_graph": "tensorflow"}


def test_native_objects(backend):
    model, x, y = sequential(polykeras)
    model.compile("sgd", "mse", **quick(backend))
    model.fit(x, y, verbose=0)
    variables = model.native()["variables"]
    assert set(variables) >= {v.path for v in model.weights}
    assert all(type(value).__module__.split(".")[0].startswith(NATIVE[backend]) for value in variables.values())
    if backend != "tensorflow_graph":
        for v in model.weights:
            np.testing.assert_array_equal(np.asarray(variables[v.path]), v.numpy())


def test_a_session_trains_and_predicts():
    model, x, y = sequential(polykeras)
    twin, *_ = sequential(polykeras)
    twin.set_weights(model.get_weights())
    for one in (model, twin):
        one.compile(polykeras.optimizers.SGD(0.1), "mse", **quick("tensorflow_graph"))
    made = model.native()
    session, feeds = made["session"], {made["inputs"][0]: x, made["targets"][0]: y}
    losses = [session.run([made["loss"], made["train_op"]], feeds)[0] for _ in range(3)]
    wanted = [twin.train_on_batch(x, y) for _ in range(3)]
    np.testing.assert_allclose(losses, wanted, rtol=1e-5)
    np.testing.assert_allclose(session.run(made["predictions"], {made["inputs"][0]: x[:3]}), twin.predict(x[:3], verbose=0), rtol=1e-4, atol=1e-6)
    for ours, theirs in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_models_on_all_backends_at_once_in_threads():
    def trained(backend):
        model = polykeras.Sequential([layers.Input((4,)), layers.Dense(3, activation="tanh", name="a"), layers.Dense(2, name="b")], name=f"on_{backend}")
        model.set_weights([np.full(v.shape, 0.1 * (n + 1), "float32") for n, v in enumerate(model.weights)])
        model.compile(polykeras.optimizers.Adam(0.01), "mse", **quick(backend))
        return model.fit(X, Y, epochs=3, shuffle=False, verbose=0).history["loss"]

    found = {}
    threads = [threading.Thread(target=lambda backend=backend: found.update({backend: trained(backend)})) for backend in BACKENDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == set(BACKENDS)
    for backend in BACKENDS:
        np.testing.assert_allclose(found[backend], found["numpy"], rtol=1e-5)


def settings():
    """Return the global settings of the frameworks that a tool might be tempted to change."""
    import jax
    import tensorflow as tf
    import torch

    return {
        "jax x64": jax.config.jax_enable_x64,
        "jax precision": jax.config.jax_default_matmul_precision,
        "torch dtype": torch.get_default_dtype(),
        "torch grad": torch.is_grad_enabled(),
        "torch threads": torch.get_num_threads(),
        "torch precision": torch.get_float32_matmul_precision(),
        "tf eager": tf.executing_eagerly(),
        "tf functions run eagerly": tf.config.functions_run_eagerly(),
        "tf float32": tf.config.experimental.tensor_float_32_execution_enabled(),
        "tf graph": tf.compat.v1.get_default_graph() is tf.compat.v1.get_default_graph(),
        "tf control flow": tf.compat.v1.control_flow_v2_enabled(),
        "numpy": np.geterr(),
    }


def test_no_setting_of_a_framework_is_touched(backend):
    before = settings()
    with oracle.floatx("float64"):
        model, x, y = sequential(polykeras)
        model.compile("adam", "mse", **quick(backend))
        model.fit(x, y, verbose=0)
        polykeras.random.normal((2,))
        assert settings() == before
    assert settings() == before
