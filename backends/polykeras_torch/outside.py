"""torch.nn.Module as polykeras's parity tool sees it: weights, outputs and attributes in Keras's conventions."""

import contextlib
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

KINDS = {
    "Linear": "Dense", "BatchNorm": "BatchNormalization", "LayerNorm": "LayerNormalization", "GroupNorm": "GroupNormalization",
    "MaxPool": "MaxPooling", "AvgPool": "AveragePooling", "AdaptiveAvgPool": "GlobalAveragePooling", "AdaptiveMaxPool": "GlobalMaxPooling",
    "ConvTranspose": "ConvTranspose", "SiLU": "Silu",
}  # fmt: skip
GATES = {nn.LSTM: (0, 1, 2, 3), nn.GRU: (1, 0, 2), nn.RNN: (0,)}  # where Keras's gates stand in torch's order
ATTRIBUTES = {"eps": "epsilon", "p": "rate", "stride": "strides", "dilation": "dilation_rate", "kernel_size": "kernel_size"}
AS_THEY_ARE = ("groups", "negative_slope", "alpha", "num_layers", "bidirectional", "batch_first", "ceil_mode", "count_include_pad")


class Weight(NamedTuple):
    """A weight in Keras's layout.

    Attributes:
        name: name in the module; of several that are one in Keras, joined with +.
        module: name of the module that holds it.
        trainable: whether it has a gradient.
        value: the array.
        how: what was done to it, in words; "" where nothing was.
        raw: the names of the tensors that it is made of.
        convert: function of those arrays; of gradients likewise.
    """

    name: str
    module: str
    trainable: bool
    value: object
    how: str
    raw: tuple
    convert: object


class Run(NamedTuple):
    """What a run gave: calls (module, [arrays]) in order, outputs, raw gradients and raw state by name."""

    calls: list
    outputs: list
    gradients: dict
    state: dict


class TorchModule:
    """A module beside a polykeras model.

    Args:
        module: the torch.nn.Module; it is left as it is.
    """

    def __init__(self, module):
        self.module, self.title = module, f"torch's {type(module).__name__}"
        self.channels_first = any(isinstance(m, nn.modules.conv._ConvNd) for m in module.modules())

    # -- weights -----------------------------------------------------------------------------------

    def raw(self):
        """Return {name: array} as torch holds them."""
        return {name: _array(x) for name, x in self.module.state_dict().items()}

    def weights(self):
        """Return the Weights, module after module."""
        raw, found = self.raw(), []
        for name, module in self.module.named_modules():
            own = {key: f"{name}.{key}" if name else key for key, x in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]}
            for part, (label, keys, convert, how) in _parts(name, module, _layouts(module, list(own))):
                names = tuple(own[key] for key in keys)
                trainable = keys[0] in dict(module.named_parameters(recurse=False))
                prefix = f"{name}." if name else ""
                found.append(Weight(prefix + label, part, trainable, convert([raw[key] for key in names]), how, names, convert))
        return found

    # -- modules -----------------------------------------------------------------------------------

    def modules(self):
        """Return {name: (class as Keras calls it, {attribute as Keras calls it: (value, in words)})}."""
        return {name: (_kind(module), _attributes(module)) for name, module in self.module.named_modules()}

    # -- running -----------------------------------------------------------------------------------

    def run(self, x, training=False, cotangents=None):
        """Return the Run on a tree of arrays in Keras's layout; the module's state is put back.

        Args:
            training: whether it trains; dropout never drops here.
            cotangents: arrays like the outputs, to weigh them with for gradients.
        """
        before, modes = {k: v.clone() for k, v in self.module.state_dict().items()}, {m: m.training for m in self.module.modules()}
        calls, counts = [], {}
        try:
            self.module.train(training)
            for module in self.module.modules():
                if isinstance(module, nn.modules.dropout._DropoutNd):
                    module.eval()
            with self._hooks(calls, counts), torch.enable_grad():
                made = self.module(*[self._given(leaf) for leaf in _leaves(x)])
            outputs = _leaves(made)
            gradients = {} if cotangents is None else self._gradients(outputs, cotangents)
            state = self._state(before, counts) if training else self.raw()
            return Run(calls, [self._out(x) for x in outputs], gradients, state)
        finally:
            self.module.load_state_dict(before)
            for module, mode in modes.items():
                module.training = mode

    @contextlib.contextmanager
    def _hooks(self, calls, counts):
        def hook(name):
            def note(module, inputs, outputs):
                calls.append((name, [self._out(x) for x in _leaves(outputs)[:1]]))
                counts[name] = _leaves(inputs)[0].numel() if inputs else 0

            return note

        handles = [module.register_forward_hook(hook(name)) for name, module in self.module.named_modules() if name]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _given(self, x):
        x = np.asarray(x)
        if x.dtype.kind in "iu":
            return torch.from_numpy(x.astype(np.int64))
        if self.channels_first and x.ndim >= 3:
            x = np.moveaxis(x, -1, 1)
        dtype = next((p.dtype for p in self.module.parameters()), torch.float32)
        return torch.from_numpy(np.ascontiguousarray(x)).to(dtype)

    def _out(self, x):
        array = _array(x)
        return np.moveaxis(array, 1, -1) if self.channels_first and array.ndim >= 3 else array

    def _gradients(self, outputs, cotangents):
        names, parameters = zip(*self.module.named_parameters())
        weights = [torch.from_numpy(np.array(np.moveaxis(c, -1, 1) if self.channels_first and c.ndim >= 3 else c)) for c in cotangents]
        found = torch.autograd.grad(outputs, parameters, weights, allow_unused=True)
        return {name: _array(torch.zeros_like(p) if g is None else g) for name, p, g in zip(names, parameters, found)}

    def _state(self, before, counts):
        """Return the state after a step, with the variance that torch keeps unbiased made biased, as Keras keeps it."""
        state = self.raw()
        for name, module in self.module.named_modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_var is not None and module.momentum is not None:
                key, n = f"{name}.running_var" if name else "running_var", counts.get(name, 0) / module.num_features
                kept = _array(before[key]) * (1 - module.momentum)
                state[key] = (kept + (state[key] - kept) * ((n - 1) / n if n > 1 else 1)).astype(state[key].dtype)
        return state


def _layouts(module, names):
    """Yield (name, tensors, function of their arrays, in words) for the weights of a module, in Keras's order and layout."""
    same = lambda arrays: arrays[0]
    if isinstance(module, nn.Linear):
        yield "weight", ["weight"], lambda arrays: arrays[0].T, "transposed: Linear holds (out, in), Dense (in, out)"
        yield from [("bias", ["bias"], same, "")] if module.bias is not None else []
    elif isinstance(module, nn.modules.conv._ConvNd):
        yield "weight", ["weight"], _conv_kernel, "channels last: Conv holds (out, in, ...), Keras (..., in, out)"
        yield from [("bias", ["bias"], same, "")] if module.bias is not None else []
    elif isinstance(module, nn.RNNBase):
        yield from _recurrent(module)
    else:
        yield from ((name, [name], same, "") for name in names if name != "num_batches_tracked")


def _parts(name, module, rows):
    """Yield (holder, row): each layer and direction of a recurrence is one of its own, the last layer bears the module's name."""
    last = f"_l{module.num_layers - 1}" if isinstance(module, nn.RNNBase) and not module.bidirectional else None
    for row in rows:
        suffix = row[1][0][row[1][0].rindex("_l") :] if isinstance(module, nn.RNNBase) else last
        yield (name if suffix == last else f"{name}[{suffix[1:]}]"), row


def _conv_kernel(arrays):
    return np.moveaxis(arrays[0], (0, 1), (-1, -2))


def _recurrent(module):
    order = next((gates for kind, gates in GATES.items() if isinstance(module, kind)), (0,))
    words = "transposed" if order == tuple(range(len(order))) else "transposed, gates r, z, n put in the order z, r, h"
    suffixes = [f"_l{n}{way}" for n in range(module.num_layers) for way in (["", "_reverse"] if module.bidirectional else [""])]

    def turned(array):
        blocks = np.split(array, len(order))
        return np.concatenate([blocks[place] for place in order])

    for suffix in suffixes:
        yield f"weight_ih{suffix}", [f"weight_ih{suffix}"], lambda arrays: turned(arrays[0]).T, words
        yield f"weight_hh{suffix}", [f"weight_hh{suffix}"], lambda arrays: turned(arrays[0]).T, words
        both = [f"bias_ih{suffix}", f"bias_hh{suffix}"]
        if module.bias and isinstance(module, nn.GRU):
            yield " + ".join(both), both, lambda arrays: np.stack([turned(x) for x in arrays]), "both biases, gates in the order z, r, h"
        elif module.bias:
            yield " + ".join(both), both, lambda arrays: turned(arrays[0] + arrays[1]), "the sum of torch's two biases"


def _kind(module):
    name = type(module).__name__
    stem = name.rstrip("123d") if name.endswith(("1d", "2d", "3d")) else name
    plain = KINDS.get(stem, stem)
    return plain if plain.endswith("Normalization") else plain + name[len(stem) :].upper()


def _attributes(module):
    found = {ours: (getattr(module, theirs), f"{theirs}={getattr(module, theirs)}") for theirs, ours in ATTRIBUTES.items() if hasattr(module, theirs)}
    found.update({name: (getattr(module, name), f"{name}={getattr(module, name)}") for name in AS_THEY_ARE if hasattr(module, name)})
    momentum = getattr(module, "momentum", None)
    if isinstance(momentum, float):
        found["momentum"] = (round(1.0 - momentum, 12), f"momentum={momentum}, which is {1.0 - momentum:.6g} in Keras's sense")
    if isinstance(getattr(module, "padding", None), (int, tuple)) and hasattr(module, "stride"):
        found["padding"] = (_padding(module), f"padding={module.padding}, on both sides alike")
    if isinstance(module, nn.GELU):
        found["approximate"] = (module.approximate == "tanh", f"approximate={module.approximate!r}")
    return found


def _padding(module):
    """Return 'valid', 'same', or None for what Keras has no word for."""
    each = lambda value: value if isinstance(value, tuple) else (value,)
    if not any(each(module.padding)):
        return "valid"
    spread = each(getattr(module, "dilation", 1))[0]
    reach = {(size - 1) * spread / 2 for size in each(module.kernel_size)}
    return "same" if reach == set(each(module.padding)) and set(each(module.stride)) == {1} else None


def _array(x):
    return np.array(x.detach().cpu().numpy())


def _leaves(made):
    if isinstance(made, dict):
        return [leaf for part in made.values() for leaf in _leaves(part)]
    if isinstance(made, (list, tuple)):
        return [leaf for part in made for leaf in _leaves(part)]
    return [] if made is None else [made]
