"""The parity tool beside other libraries: it finds what a porter missed, in PyTorch and in Keras."""

import keras
import numpy as np
import pytest
import torch
from torch import nn

import polykeras
from polykeras import layers, models, parity
from polykeras.errors import DataError
from polykeras.plugins import registry
from tests.parity_models import IMAGES, ROWS, SERIES, TARGETS, compiled, gru, lstm, network

# -- a model of torch -----------------------------------------------------------------------------------


class Net(nn.Module):
    """Convolution, normalisation, pooling, a head."""

    def __init__(self, **norm):
        super().__init__()
        self.stem, self.norm, self.pool, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4, **norm), nn.MaxPool2d(2), nn.Linear(36, 2)

    def forward(self, x):
        return self.head(self.pool(torch.relu(self.norm(self.stem(x)))).flatten(1))


class Memory(nn.Module):
    """A recurrence and a head."""

    def __init__(self, kind):
        super().__init__()
        self.memory, self.head = kind(5, 3, batch_first=True), nn.Linear(3, 2)

    def forward(self, x):
        return self.head(self.memory(x)[0][:, -1])


def ported_net(**norm):
    """Return Net as somebody writes it here."""
    norm = {"epsilon": 1e-5, "momentum": 0.9, **norm}
    middle = [layers.Conv2D(4, 3, padding="same", name="stem"), layers.BatchNormalization(name="norm", **norm), layers.ReLU(name="relu"), layers.MaxPooling2D(2, name="pool")]
    return network(*middle, shape=(6, 6, 3))


def put(model, module, **wrong):
    """Give a model a module's weights as the plugin lays them out, some by another function."""
    torch_weights = registry.outside(module).weights()
    model.set_weights([wrong.get(w.name.replace(".", "_"), lambda x: x)(w.value) for w in torch_weights])
    return model


def gates(*order):
    """Return a function that puts blocks of columns in another order."""
    return lambda x: np.concatenate([np.split(x, len(order), -1)[place] for place in order], -1)


def square():
    """Return two Linear layers, the first one square."""
    return nn.Sequential(nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 2))


def ported_square():
    polykeras.utils.set_random_seed(1)
    return compiled(models.Sequential([layers.Input((5,)), layers.Dense(5, activation="relu", name="first"), layers.Dense(2, name="last")], name="net"))


PORTS = {
    "transposed square kernel": (square, lambda t: put(ported_square(), t, **{"0_weight": np.transpose}), ROWS,
                                 "Dense 'first': polykeras and torch's Sequential part at step 1 in the weights of net/first/kernel", "it is transposed against theirs"),
    "epsilon": (Net, lambda t: ported_net(epsilon=1e-3), IMAGES, "BatchNormalization 'norm': ", "Epsilon is 0.001 here, there eps=1e-05."),
    "momentum": (Net, lambda t: ported_net(momentum=0.99), IMAGES, "BatchNormalization 'norm': ", "Momentum is 0.99 here, there momentum=0.1, which is 0.9"),
    "gates of an LSTM": (lambda: Memory(nn.LSTM), lambda t: put(lstm(), t, memory_weight_ih_l0=gates(0, 2, 1, 3)), SERIES, "LSTM 'memory': ",
                         "its gates stand in the order i, c, f, o, expected i, f, c, o"),
    "gates of a GRU": (lambda: Memory(nn.GRU), lambda t: put(gru(), t, memory_weight_hh_l0=gates(1, 0, 2)), SERIES, "GRU 'memory': ",
                       "its gates stand in the order r, z, h, expected z, r, h"),
    "order of Flatten": (Net, lambda t: put(ported_net(), t), IMAGES, "Dense 'last': ", "Permute the rows"),
}  # fmt: skip


@pytest.mark.parametrize("case", PORTS)
def test_a_mistake_in_a_port_from_torch(case):
    torch.manual_seed(0)
    make, port, x, begins, tells = PORTS[case]
    module = make()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    report = parity.compare(port(module), x, TARGETS, reference=module)
    first = str(report).splitlines()[0]
    assert first.startswith(begins) and tells in first
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items()) and module.training


@pytest.mark.parametrize("make, port, x", [(square, ported_square, ROWS), (Net, ported_net, IMAGES), (lambda: Memory(nn.LSTM), lstm, SERIES), (lambda: Memory(nn.GRU), gru, SERIES)])
def test_a_good_port_agrees_in_outputs_gradients_and_state(make, port, x):
    torch.manual_seed(0)
    report = parity.compare(port(), x, TARGETS, reference=make())
    assert report.agrees and report.margin > 4, report.headline
    assert {row.phase for row in report.rows} >= {"forward", "gradient"}
    assert any("<-" in note for note in report.notes)


def test_weights_may_be_matched_by_hand():
    module, model = square(), ported_square()
    given = {"first/kernel": "0.weight", "first/bias": "0.bias", "last/kernel": ("2.weight", lambda x: x.T), "net/last/bias": "2.bias"}
    report = parity.compare(model, ROWS, TARGETS, reference=module, weights=given)
    assert report.agrees and "Weights, as given:" in report.notes
    with pytest.raises(DataError, match="expected names such as 0.weight"):
        parity.compare(model, ROWS, TARGETS, reference=module, weights={"first/kernel": "fc.weight"})


# -- a twin in Keras ----------------------------------------------------------------------------------------


def twin(api, epsilon=1e-3, **conv):
    """Return one model, in Keras or here."""
    conv = {"padding": "same", "strides": 2, **conv}
    stack = [
        api.layers.Input((6, 6, 3)), api.layers.Conv2D(4, 3, activation="relu", name="stem", **conv),
        api.layers.LayerNormalization(epsilon=epsilon, name="norm"), api.layers.GlobalAveragePooling2D(name="pool"), api.layers.Dense(2, name="last"),
    ]  # fmt: skip
    return compiled(api.Sequential(stack, name="net"))


TWINS = {
    "epsilon": (dict(epsilon=1e-5), "LayerNormalization 'norm': ", "Epsilon is 1e-05 here, there epsilon=0.001."),
    "padding": (dict(padding="valid"), "Conv2D 'stem': ", "Padding is 'valid' here, there padding='same'."),
    "no mistake": (dict(), None, None),
}


@pytest.mark.parametrize("case", TWINS)
def test_a_twin_in_keras(case):
    arguments, begins, tells = TWINS[case]
    report = parity.compare(twin(polykeras, **arguments), IMAGES, TARGETS, reference=twin(keras))
    if begins is None:
        assert report.agrees and report.margin > 4 and any(row.phase == "gradient" for row in report.rows), report.headline
    else:
        assert report.headline.startswith(begins) and tells in report.headline


def test_a_stranger_as_reference():
    with pytest.raises(DataError, match="reference: expected a torch.nn.Module, a Keras 3 model, or what a plugin knows, got list"):
        parity.compare(network(), ROWS, TARGETS, reference=[])
