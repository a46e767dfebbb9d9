"""The models as torch modules, made from the weights of the workload."""

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks import workloads as w


def _hold(parameter, value):
    parameter.data = torch.from_numpy(value).clone(memory_format=torch.contiguous_format)


def linear(weights, name):
    """Return a Linear; a kernel of several axes counts as (inputs, outputs)."""
    kernel, bias = weights[f"{name}/kernel"], weights[f"{name}/bias"].reshape(-1)
    made = nn.Linear(kernel.size // bias.size, bias.size)
    _hold(made.weight, kernel.reshape(-1, bias.size).T)
    _hold(made.bias, bias)
    return made


def convolution(weights, name, stride=1, padding=0):
    """Return a Conv2d with channels-last weights; with a bias if there is one."""
    kernel, bias = weights[f"{name}/kernel"].transpose(3, 2, 0, 1), weights.get(f"{name}/bias")
    made = nn.Conv2d(kernel.shape[1], kernel.shape[0], kernel.shape[2:], stride, padding, bias=bias is not None)
    _hold(made.weight, kernel)
    if bias is not None:
        _hold(made.bias, bias)
    return made.to(memory_format=torch.channels_last)


def stack(weights):
    """Return hidden layers and logits."""
    hidden = [name.removesuffix("/kernel") for name in weights if name.startswith("hidden_") and name.endswith("/kernel")]
    return nn.Sequential(*(part for name in hidden for part in (linear(weights, name), nn.ReLU())), linear(weights, "logits"))


class Branches(nn.Module):
    """Layers side by side, then logits."""

    def __init__(self, weights):
        super().__init__()
        self.parts = nn.ModuleList(linear(weights, name.removesuffix("/kernel")) for name in weights if name.startswith("branch_") and name.endswith("/kernel"))
        self.logits = linear(weights, "logits")

    def forward(self, x):
        return self.logits(F.relu(torch.cat([part(x) for part in self.parts], 1)))


class ChannelsLastFlatten(nn.Module):
    """(batch, channels, height, width) -> (batch, height * width * channels), a view of channels-last memory."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def cnn(weights):
    """Return two convolutions with pooling and dropout."""
    first = [convolution(weights, "conv_0"), nn.ReLU(), nn.MaxPool2d(2)]
    second = [convolution(weights, "conv_1"), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*first, *second, ChannelsLastFlatten(), nn.Dropout(0.5), linear(weights, "logits"))


def _convolved(weights, name, size, stride):
    """Return a convolution padded as TensorFlow's "same" is, more behind than before; and its normalisation."""
    gamma = weights[f"{name}_norm/gamma"]
    normalised = nn.BatchNorm2d(gamma.size, eps=1e-3, momentum=0.01)
    for part, value in (("weight", "gamma"), ("bias", "beta"), ("running_mean", "moving_mean"), ("running_var", "moving_variance")):
        _hold(getattr(normalised, part), weights[f"{name}_norm/{value}"])
    uneven = [nn.ZeroPad2d((0, 1, 0, 1))] if size == 3 and stride == 2 else []
    return nn.Sequential(*uneven, convolution(weights, f"{name}_conv", stride, 1 if size == 3 and stride == 1 else 0), normalised)


class Block(nn.Module):
    """Two convolutions and a way past them."""

    def __init__(self, weights, name, stride):
        super().__init__()
        self.inner = nn.Sequential(_convolved(weights, f"{name}_a", 3, stride), nn.ReLU(), _convolved(weights, f"{name}_b", 3, 1))
        self.shortcut = nn.Identity() if stride == 1 else _convolved(weights, f"{name}_c", 1, stride)

    def forward(self, x):
        return F.relu(self.inner(x) + self.shortcut(x))


def residual(weights):
    """Return a residual network."""
    blocks = [Block(weights, name, stride) for name, _, stride in w.RESIDUAL]
    return nn.Sequential(_convolved(weights, "stem", 3, 1), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear(weights, "logits"))


def embedding(weights, name):
    """Return an Embedding."""
    table = torch.from_numpy(weights[f"{name}/embeddings"]).clone()
    return nn.Embedding(*table.shape, _weight=table)


class LSTM(nn.Module):
    """Word vectors, an LSTM, logits. Keras has one bias and torch two: the second stays 0."""

    def __init__(self, weights):
        super().__init__()
        kernel, recurrent, bias = (weights[f"lstm/lstm_cell/{part}"] for part in ("kernel", "recurrent_kernel", "bias"))
        self.words, self.logits = embedding(weights, "words"), linear(weights, "logits")
        self.lstm = nn.LSTM(kernel.shape[0], recurrent.shape[0], batch_first=True)
        for part, value in (("weight_ih_l0", kernel.T), ("weight_hh_l0", recurrent.T), ("bias_ih_l0", bias), ("bias_hh_l0", bias * 0)):
            _hold(getattr(self.lstm, part), value)
        self.lstm.bias_hh_l0.requires_grad_(False)

    def forward(self, x):
        return self.logits(self.lstm(self.words(x))[1][0][0])


class GRU(nn.Module):
    """A GRU both ways over packed steps, logits. Keras's gates are z, r, h and torch's r, z, n."""

    def __init__(self, weights):
        super().__init__()
        self.logits = linear(weights, "logits")
        features, triple = weights["both/forward_gru/gru_cell/kernel"].shape
        self.gru = nn.GRU(features, triple // 3, batch_first=True, bidirectional=True)
        for way, suffix in (("forward", "l0"), ("backward", "l0_reverse")):
            cell = {part: weights[f"both/{way}_gru/gru_cell/{part}"] for part in ("kernel", "recurrent_kernel", "bias")}
            order = lambda array: array.reshape(-1, 3, triple // 3)[:, [1, 0, 2]].reshape(-1, triple)
            _hold(getattr(self.gru, f"weight_ih_{suffix}"), order(cell["kernel"]).T)
            _hold(getattr(self.gru, f"weight_hh_{suffix}"), order(cell["recurrent_kernel"]).T)
            for part, bias in zip(("bias_ih", "bias_hh"), order(cell["bias"])):
                _hold(getattr(self.gru, f"{part}_{suffix}"), bias)

    def forward(self, x):
        lengths = (x != 0).any(-1).sum(-1)
        last = self.gru(nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))[1]
        return self.logits(torch.cat([last[0], last[1]], 1))


class Encoder(nn.Module):
    """Attention, then two layers; each added to what came in and normalised."""

    def __init__(self, weights, index):
        super().__init__()
        parts = {name: weights[f"attention_{index}/{name}/kernel"] for name in ("query", "key", "value")}
        width = parts["query"].shape[0]
        self.project = nn.Linear(width, 3 * width)
        _hold(self.project.weight, torch.cat([torch.from_numpy(kernel.reshape(width, -1)) for kernel in parts.values()], 1).T.numpy())
        _hold(self.project.bias, torch.cat([torch.from_numpy(weights[f"attention_{index}/{name}/bias"].reshape(-1)) for name in parts]).numpy())
        self.out = linear(weights, f"attention_{index}/attention_output")
        self.wide, self.narrow = linear(weights, f"wide_{index}"), linear(weights, f"narrow_{index}")
        self.norms = nn.ModuleList(nn.LayerNorm(width, eps=1e-3) for _ in "ab")
        for norm, place in zip(self.norms, "ab"):
            _hold(norm.weight, weights[f"norm_{index}_{place}/gamma"])
            _hold(norm.bias, weights[f"norm_{index}_{place}/beta"])

    def forward(self, x):
        query, key, value = self.project(x).unflatten(-1, (3, w.HEADS, w.HEAD_WIDTH)).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        x = self.norms[0](x + self.out(attended))
        return self.norms[1](x + self.narrow(F.gelu(self.wide(x))))


class Transformer(nn.Module):
    """Encoders, their mean over time, logits."""

    def __init__(self, weights):
        super().__init__()
        self.widen, self.logits = linear(weights, "widen"), linear(weights, "logits")
        self.encoders = nn.Sequential(*(Encoder(weights, index) for index in range(w.ENCODERS)))

    def forward(self, x):
        return self.logits(self.encoders(self.widen(x)).mean(1))


class Recommender(nn.Module):
    """Two towers and their product."""

    def __init__(self, weights):
        super().__init__()
        tower = lambda name: nn.Sequential(embedding(weights, f"{name}_table"), linear(weights, f"{name}_hidden"), nn.ReLU(), linear(weights, f"{name}_out"))
        self.towers, self.logits = nn.ModuleList(tower(name) for name in w.TOWERS), linear(weights, "logits")

    def forward(self, users, items):
        return self.logits(self.towers[0](users) * self.towers[1](items))


MODULES = {
    "stack": stack,
    "branches": Branches,
    "cnn": cnn,
    "residual": residual,
    "lstm": LSTM,
    "gru": GRU,
    "transformer": Transformer,
    "recommender": Recommender,
}
