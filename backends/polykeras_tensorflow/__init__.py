"""Plugin: TensorFlow, twice: eager with tf.function, and a graph run by a Session."""

import importlib.metadata

from polykeras.plugins import BackendInfo, hookimpl


def _distribution():
    """Return the name under which TensorFlow is installed, the CPU build's where it is not."""
    for name in ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly"):
        try:
            importlib.metadata.version(name)
            return name
        except importlib.metadata.PackageNotFoundError:
            continue
    return "tensorflow-cpu"


@hookimpl
def polykeras_backends():
    """Offer both; the framework is imported when one is selected."""
    shared = {"requires": (_distribution(),), "devices": ("cpu", "gpu"), "array_modules": ("tensorflow",)}
    return [
        BackendInfo("tensorflow", "polykeras_tensorflow.eager", preference=20, **shared),
        BackendInfo("tensorflow_graph", "polykeras_tensorflow.graph", preference=15, **shared),
    ]
