"""Which call of an outside model's is which of ours, and in what their attributes differ."""

from typing import NamedTuple

import numpy as np

from polykeras import activations, execute
from polykeras.parity.conventions import layer_hint

SKIPPED = {"Flatten", "Reshape", "Permute", "Dropout", "InputLayer", "Identity"}  # no numbers change, or the layout is another
NOT_COMPARED = {
    "name", "dtype", "trainable", "layers", "build_config", "compile_config", "module", "registered_name", "batch_input_shape", "cell",
    "autocast", "seed", "data_format", "implementation", "lora_rank", "input_spec", "sparse", "ragged", "optional",
}  # fmt: skip


ACTIVATIONS = {"relu", "relu6", "leakyrelu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "softmax", "softplus", "mish", "hardtanh"}
STATE_ONLY = {"momentum"}  # attributes that no output depends on in one step


class Match(NamedTuple):
    """A call of ours and the place of theirs; attributes of both."""

    call: object
    place: int
    module: str
    config: dict


def aligned(calls, theirs, anchors, modules):
    """Return Matches in order: calls that share weights, else are of one kind, as many as fit in one order.

    Args:
        calls: ours.
        theirs: (module, arrays) in order.
        anchors: {id of a layer: their module}.
        modules: {their module: (kind, attributes)}.
    """
    ours = [call for call in calls if call.leaf and type(call.layer).__name__ not in SKIPPED and call.outputs]
    taken = set(anchors.values())

    def score(call, module):
        anchor = anchors.get(id(call.layer))
        if anchor is not None or module in taken or call.layer.weights:
            return 8 if anchor == module else 0
        return 1 if _kind(call.layer) == modules.get(module, ("",))[0].lower() else 0

    best = np.zeros((len(ours) + 1, len(theirs) + 1), int)
    for i in range(len(ours) - 1, -1, -1):
        for j in range(len(theirs) - 1, -1, -1):
            points = score(ours[i], theirs[j][0])
            best[i, j] = max(best[i + 1, j], best[i, j + 1], best[i + 1, j + 1] + points if points else 0)
    found, i, j = [], 0, 0
    while i < len(ours) and j < len(theirs):
        points = score(ours[i], theirs[j][0])
        if points and best[i, j] == best[i + 1, j + 1] + points:
            found.append(Match(ours[i], j, theirs[j][0], ours[i].layer.get_config()))
            i, j = i + 1, j + 1
        elif best[i, j] == best[i + 1, j]:
            i += 1
        else:
            j += 1
    return found


def _kind(layer):
    """Return the class in small letters; an Activation's is its function."""
    name = type(layer).__name__
    return _activation(layer).lower() if name == "Activation" else name.lower().replace("_", "")


def _activation(layer):
    made = activations.serialize(getattr(layer, "activation", None)) if getattr(layer, "activation", None) is not None else "linear"
    return str(made).replace("_", "")


def comparable(match, theirs, mine, backend, modules):
    """Return what our output should equal: theirs, behind our activation where ours has one within; None where there is nothing."""
    made = theirs[match.place][1]
    if not made:
        return None
    layer, wanted = match.call.layer, shaped(made[0], mine)
    if wanted.shape != mine.shape:
        last = wanted[:, -1] if wanted.ndim == mine.ndim + 1 else wanted  # all steps there, the last one here
        return last if last.shape == mine.shape else wanted
    weighs = hasattr(layer, "kernel_size") or type(layer).__name__.endswith("Dense")
    if not weighs or _activation(layer) == "linear" or "activation" in modules.get(match.module, ("", {}))[1]:
        return wanted
    behind = theirs[match.place + 1] if match.place + 1 < len(theirs) else (None, [])
    if behind[1] and modules.get(behind[0], ("",))[0].lower() in ACTIVATIONS and shaped(behind[1][0], mine).shape == mine.shape:
        return shaped(behind[1][0], mine)
    return np.asarray(execute.call(layer.activation, (wanted,), backend))


def shaped(theirs, mine):
    """Return their array with channels last where only that gives our shape."""
    if theirs.shape != mine.shape and theirs.ndim >= 3 and np.moveaxis(theirs, 1, -1).shape == mine.shape:
        return np.moveaxis(theirs, 1, -1)
    return theirs


def behind_flatten(calls, shapes):
    """Return {id of a kernel: function} for Dense layers behind a Flatten of images, whose rows stand in another order there.

    Args:
        shapes: of the observed arrays.
    """
    flat, found = {}, {}
    for call in calls:
        first = call.inputs[0] if call.inputs else None
        if type(call.layer).__name__ == "Flatten" and len(shapes[first]) > 2:
            flat[call.outputs[0]] = shapes[first][1:]
        if first in flat and hasattr(call.layer, "kernel"):
            found[id(call.layer.kernel)] = _turn(flat[first])
    return found


def _turn(shape):
    *places, channels = shape
    order = np.moveaxis(np.arange(int(np.prod(shape))).reshape(channels, *places), 0, -1).ravel()
    return lambda kernel: kernel[order]


def unequal(match, modules, phase=None):
    """Return the attributes that differ, in words; of those that matter to a phase only, if one is given."""
    found = []
    for name, (value, words) in modules.get(match.module, ("", {}))[1].items():
        matters = name not in NOT_COMPARED and (phase is None or (name in STATE_ONLY) == (phase == "state"))
        if matters and name in match.config and _plain(value) and not _same(match.config[name], value):
            found.append(f"{name} is {match.config[name]!r} here, there {words}")
    return found


def _plain(value):
    return value is None or isinstance(value, (bool, int, float, str)) or isinstance(value, (tuple, list)) and all(map(_plain, value))


def _same(a, b):
    if isinstance(a, (tuple, list)) or isinstance(b, (tuple, list)):
        rank = max(len(x) for x in (a, b) if isinstance(x, (tuple, list)))
        a, b = (tuple(x) if isinstance(x, (tuple, list)) else (x,) * rank for x in (a, b))
        return a == b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) <= 1e-9 * max(abs(a), abs(b))
    return a == b


def differences(matches, modules):
    """Return a line for every matched layer whose attributes differ."""
    lines = [f"  {match.call.title}: {text}" for match in matches for text in unequal(match, modules)]
    return ["Attributes that differ:", *lines] if lines else []


def reason(match, modules, phase):
    """Return why what a matched call makes may part: attributes that differ, else the convention that such layers are known for."""
    words = "; ".join(unequal(match, modules, phase))
    return f"{words[0].upper()}{words[1:]}." if words else layer_hint(phase, match.call.layer)
