"""Which weight of an outside model is which of ours: given, or guessed by shape and order; and how a copy went wrong."""

import itertools
from typing import NamedTuple

import numpy as np

from polykeras.errors import DataError


class Pair(NamedTuple):
    """A weight here and the weight there.

    Attributes:
        variable: ours.
        weight: theirs: name, module, trainable, how, raw, convert.
        value: theirs in our layout.
        how: what was done to it, in words.
        convert: function of the raw arrays, of gradients too.
    """

    variable: object
    weight: object
    value: object
    how: str
    convert: object

    def __str__(self):
        return f"{self.variable.path} {list(self.variable.shape)} <- {self.weight.name}{f' ({self.how})' if self.how else ''}"


def pairs(groups, weights, raw, given=None, reordered=None):
    """Return the Pairs, and the paths of our weights and names of theirs that are left over.

    Args:
        groups: lists of our Variables, layer after layer in the order of their calls.
        weights: theirs in the order of their calls.
        raw: {name: array} as they hold them.
        given: {path here: name there, or (name, function of the array)}; a path may lack the model's name.
        reordered: {id of a variable: function} for kernels behind a Flatten of channels-first images.

    Raises:
        DataError: a name or a path that there is not.
    """
    found = _given(groups, weights, raw, given) if given else _guessed(groups, weights, reordered or {})
    taken, used = {id(pair.variable) for pair in found}, {pair.weight.name for pair in found}
    left = [variable.path for own in groups for variable in own if id(variable) not in taken]
    return found, left, [weight.name for weight in weights if weight.name not in used]


def _given(groups, weights, raw, given):
    ours = {variable.path: variable for own in groups for variable in own}
    theirs = {weight.name: weight for weight in weights} | {weight.raw[0]: weight for weight in weights if len(weight.raw) == 1}
    found = []
    for path, name in given.items():
        name, function = name if isinstance(name, tuple) else (name, None)
        variable = next((v for p, v in ours.items() if p == path or p.endswith(f"/{path}")), None)
        if variable is None:
            raise DataError(f"weights: expected paths of weights such as {', '.join(list(ours)[:3])}, got {path!r}.")
        if name not in theirs:
            raise DataError(f"weights: expected names such as {', '.join(list(theirs)[:3])}, got {name!r}.")
        weight = theirs[name]
        convert = weight.convert if function is None else lambda arrays, function=function: function(arrays[0])
        value = np.asarray(convert([raw[key] for key in weight.raw]))
        found.append(Pair(variable, weight, value, weight.how if function is None else "as given", convert))
    return found


def _guessed(groups, weights, reordered):
    modules = [(name, list(rows)) for name, rows in itertools.groupby(weights, key=lambda weight: weight.module)]
    found, free = [], list(modules)
    for own in groups:
        match = next((module for module in free if own and _fits(own, module[1])), None)
        if match is None:
            continue
        free.remove(match)
        for variable, weight in zip(own, match[1]):
            turn = reordered.get(id(variable))
            convert = weight.convert if turn is None else lambda arrays, weight=weight, turn=turn: turn(weight.convert(arrays))
            value = weight.value if turn is None else turn(weight.value)
            how = weight.how if turn is None else f"{weight.how}; rows in the order of channels last"
            found.append(Pair(variable, weight, value, how, convert))
    return found


def _fits(own, rows):
    return len(own) == len(rows) and all(tuple(v.shape) == w.value.shape for v, w in zip(own, rows))


# -- what went wrong with a copy --------------------------------------------------------------------


def verdict(pair, mine, plain=None):
    """Return "" if our weight is theirs, what was done wrong in words if that can be seen, else None.

    Args:
        mine: our value.
        plain: theirs without the order of rows for channels last, where that makes a difference.
    """
    if _equal(mine, pair.value):
        return ""
    if plain is not None and _equal(mine, plain):
        return "its rows are still in the order of channels first: Flatten here sees (height, width, channels). Permute the rows"
    if mine.ndim == 2 and _equal(mine, pair.value.T):
        return f"it is transposed against theirs ({pair.how or 'same layout on both sides'})"
    if mine.ndim >= 3 and mine.shape[-1] == mine.shape[-2] and _equal(mine, np.swapaxes(pair.value, -1, -2)):
        return f"channels in and out are swapped ({pair.how})"
    if mine.ndim >= 4 and mine.shape[0] == mine.shape[1] and _equal(mine, np.swapaxes(pair.value, 0, 1)):
        return "height and width of the kernel are swapped"
    if _equal(mine, np.flip(pair.value, tuple(range(max(mine.ndim - 2, 0))))) and mine.ndim > 2:
        return "the kernel is flipped: this is a correlation, not a convolution"
    for count, letters in ((4, "ifco"), (3, "zrh"), (2, "ab")):
        if mine.shape and mine.shape[-1] % count == 0:
            blocks = np.split(pair.value, count, -1)
            for order in itertools.permutations(range(count)):
                if order != tuple(range(count)) and _equal(mine, np.concatenate([blocks[place] for place in order], -1)):
                    return f"its gates stand in the order {', '.join(letters[place] for place in order)}, expected {', '.join(letters)}"
    return None


def _equal(a, b):
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-6, atol=0))
