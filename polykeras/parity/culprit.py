"""The operation that is to blame, and recorded operations in words."""

from typing import NamedTuple

import numpy as np

from polykeras.spec import Spec
from polykeras.nodes import Body


class Culprit(NamedTuple):
    """The operation whose outputs, or gradients, part on equal inputs.

    Attributes:
        operation: a primitive, or fused.NAME.
        text: the call with shapes, in words.
        gap: the Gap.
        gradient: whether it is the operation's gradient that parts.
        arguments: static arguments, for the table of conventions.
        values: the inputs, NumPy arrays.
        blame: name of the side that is further from the reference backend; "" where they are alike.
        note: anything else.
    """

    operation: str
    text: str
    gap: object
    gradient: bool
    arguments: tuple
    values: list
    blame: str = ""
    note: str = ""


def lines(trace):
    """Return the operations of a Trace as text, constants and static arguments included."""
    known = {id(node.outs[0]): repr(node.args[1]) for node in trace.nodes if node.operation == "full" and node.args[0] == ()}
    return [text(node, known) for node in trace.nodes if id(node.outs[0]) not in known]


def text(node, known=()):
    """Return an operation as text: multiply(float32[8, 4], 0.5).

    Args:
        known: {id of an array: text} of constants.
    """
    return f"{node.operation.removeprefix('fused.')}({', '.join(_argument(arg, known) for arg in node.args)})"


def _argument(arg, known):
    if isinstance(arg, Spec):
        return known[id(arg)] if id(arg) in known else f"{arg.dtype}{list(arg.sizes)}"
    if isinstance(arg, Body):
        return "{" + "; ".join(text(node, known) for node in arg.nodes) + "}"
    if isinstance(arg, np.ndarray):
        return f"constant {np.array2string(arg, threshold=8)}"
    if isinstance(arg, (list, tuple)):
        return f"[{', '.join(_argument(part, known) for part in arg)}]"
    return repr(arg)


def short(words, most=160):
    """Return words, cut off where they are many."""
    return words if len(words) <= most else f"{words[: most - 4]} ..."


def static(args):
    """Return the arguments that are no arrays and hold none."""
    return tuple(arg for arg in args if not isinstance(arg, (Spec, Body, list, np.ndarray)))
