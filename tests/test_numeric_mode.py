"""The numeric mode of the built-in backends: what they say, and that programs are whole whatever the process has switched on."""

import contextlib
import sys
import threading

import numpy as np
import pytest

from polykeras import contract, execute
from polykeras.ops.dispatch import p
from polykeras.plugins import registry
from polykeras.spec import Spec

FLUSHES = {"numpy": False, "torch": False, "jax": True, "tensorflow": True, "tensorflow_graph": True}  # on a CPU


def test_what_is_said(backend):
    mode, devices = registry.load(backend).numeric_mode(), registry.load(backend).devices()
    assert (mode["tf32"], mode["fast_math"]) == (False, False)
    assert mode["flushes_subnormals"] == FLUSHES[backend] or devices != ["cpu:0"]
    assert ("threads" in mode) == (backend in ("torch", "tensorflow", "tensorflow_graph"))
    assert ("outside programs" in mode) == (backend != "numpy")


@pytest.mark.parametrize("name, variable, value", [
    ("jax", "XLA_FLAGS", "--xla_a=1 --xla_cpu_enable_fast_math=true"), ("tensorflow", "XLA_FLAGS", "--xla_gpu_enable_fast_min_max"),
    ("tensorflow", "TF_SET_ONEDNN_FPMATH_MODE", "BF16"), ("torch", "ONEDNN_DEFAULT_FPMATH_MODE", "ANY"),
])  # fmt: skip
def test_fast_math_is_seen(name, variable, value, monkeypatch):
    backend = registry.load(name)
    monkeypatch.setenv(variable, value)
    assert backend.numeric_mode()["fast_math"]
    monkeypatch.setenv(variable, {"XLA_FLAGS": "--xla_cpu_enable_fast_math=false"}.get(variable, "STRICT"))
    assert not backend.numeric_mode()["fast_math"]


def test_flushing_that_the_process_asked_for_is_seen():
    import torch

    torch.set_flush_denormal(True)
    try:
        assert registry.load("torch").numeric_mode()["flushes_subnormals"]
    finally:
        torch.set_flush_denormal(False)
    assert not registry.load("torch").numeric_mode()["flushes_subnormals"]


# -- PyTorch and TensorFlow have switches of the process -------------------------------------------------------


def torch_switches():
    """Return everything that PyTorch is asked for, as an outsider sees it."""
    from polykeras_torch import precision

    return precision._older(), [precision.read(*place) for place in (*precision.ABOVE, *precision.PRODUCTS, ("cuda", "matmul"), ("cuda", "conv"))]


def torch_settings():
    """Return functions that switch coarse products on, each by another road."""
    import torch

    return [
        lambda: torch.set_float32_matmul_precision("medium"),
        lambda: setattr(torch.backends, "fp32_precision", "tf32"),
        lambda: torch.backends.mkldnn.set_flags(_fp32_precision="bf16"),
        lambda: setattr(torch.backends.mkldnn.matmul, "fp32_precision", "bf16"),
        lambda: setattr(torch.backends.mkldnn.conv, "fp32_precision", "tf32"),
    ]


@contextlib.contextmanager
def torch_as_it_was():
    """Put back every switch behind a test."""
    import torch
    from polykeras_torch import precision

    places = [*precision.ABOVE, *precision.PRODUCTS]
    before = [precision.read(*place) for place in places]
    yield
    torch.set_float32_matmul_precision("highest")
    for place, value in zip(places, before):
        precision.write(*place, value)


@pytest.mark.parametrize("index", range(5))
def test_torch_programs_are_whole(index, monkeypatch):
    from polykeras_torch import precision

    backend, seen = registry.load("torch"), []
    matmul = backend.matmul
    monkeypatch.setattr(backend, "matmul", lambda x, y: seen.append(precision.coarse()) or matmul(x, y))
    with torch_as_it_was():
        torch_settings()[index]()
        before = torch_switches()
        assert precision.coarse() and not backend.numeric_mode()["tf32"]
        run_product(backend)
        with backend.context():
            assert not precision.coarse()
        assert seen == [False] and torch_switches() == before


@pytest.mark.parametrize("name", ["tensorflow", "tensorflow_graph"])
def test_tensorflow_programs_are_whole(name, monkeypatch):
    import tensorflow as tf

    enabled = tf.config.experimental.tensor_float_32_execution_enabled
    backend, seen = registry.load(name), []

    def watched(x, y):
        seen_now = tf.numpy_function(lambda x: seen.append(enabled()) or x, [x], x.dtype)
        return tf.matmul(tf.ensure_shape(seen_now, x.shape), y)

    monkeypatch.setattr(backend, "matmul", watched)
    for on in (True, False):
        tf.config.experimental.enable_tensor_float_32_execution(on)
        run_product(backend, contract.Options(jit=False))
        assert seen == [False] and enabled() is on and backend.numeric_mode()["outside programs"].endswith("on" if on else "off")
        seen.clear()
    tf.config.experimental.enable_tensor_float_32_execution(True)


def run_product(backend, options=contract.Options()):
    """Run a program that is a matrix product."""
    recording = execute.record(lambda x, y: p.matmul(x, y), [Spec((2, 2), "float32")] * 2, backend)
    store = backend.store({}, None)
    made = backend.compile(recording.trace, store, None, options).run([np.eye(2, dtype=np.float32)] * 2)
    assert np.array_equal(np.asarray(backend.to_numpy(made[0])), np.eye(2))
    store.close()


@pytest.mark.parametrize("name", ["torch", "tensorflow"])
def test_threads_take_turns(name):
    """The switch stays off until the last has left, and is back then."""
    backend = registry.load(name)
    module = sys.modules[f"polykeras_{name}.precision"]
    entered, leave, outside = threading.Event(), threading.Event(), backend.numeric_mode()["outside programs"]

    def other():
        with module.whole_products:
            entered.set()
            leave.wait(20)

    thread = threading.Thread(target=other)
    thread.start()
    assert entered.wait(20)
    with module.whole_products:
        pass
    assert module.whole_products.inside == 1
    if name == "tensorflow":
        assert backend.numeric_mode()["outside programs"] == "tensor_float_32_execution off"
    leave.set()
    thread.join()
    assert module.whole_products.inside == 0 and backend.numeric_mode()["outside programs"] == outside


# -- JAX's operations ask for themselves -----------------------------------------------------------------------


def test_jax_products_ask_for_all_digits():
    import jax

    backend = registry.load("jax")

    def loss(arrays):
        x, kernel, matrix = arrays
        made = backend.conv(x, kernel, (1,), "same", (1,), 1)
        return backend.sum(backend.matmul(made, matrix), (0, 1, 2), False), []

    arrays = [np.ones(shape, np.float32) for shape in ((2, 5, 3), (2, 3, 4), (4, 2))]
    with jax.default_matmul_precision("bfloat16"):
        text = str(jax.make_jaxpr(lambda *xs: backend.value_and_grad(loss, list(xs))[2])(*arrays))
        assert backend.numeric_mode()["outside programs"] == "default_matmul_precision bfloat16"
    products = text.count("dot_general[") + text.count("conv_general_dilated[")
    assert products >= 5 and text.count("precision=(Precision.HIGHEST, Precision.HIGHEST)") + text.count("precision=Precision.HIGHEST") == products, text
