"""Products of matrices and tensors, and norms."""

import math
import string

from polykeras import config, dtypes
from polykeras.errors import ShapeError
from polykeras.ops.dispatch import as_float, axes_of, constant, op, p, promoted
from polykeras.ops.elementwise import safe_sqrt
from polykeras.ops.shapes import transpose
from polykeras.sizes import product


def _multiplied(x1, x2):
    """Return a matrix product; integers are multiplied in float64, exact below 2**53."""
    dtype = p.dtype(x1)
    if dtypes.is_float(dtype):
        return p.matmul(x1, x2)
    made = p.matmul(p.cast(x1, "float64"), p.cast(x2, "float64"))
    return p.cast(made, "int32" if dtype in ("bool", "int8", "uint8", "int16", "uint16") else dtype)


@op("x1 x2", weak=True)
def matmul(x1, x2):
    """Return the matrix product of the last two axes; vectors are rows on the left, columns on the right.

    >>> matmul([[1.0, 2.0]], [[3.0], [4.0]])
    array([[11.]], dtype=float32)
    """
    x1, x2 = promoted(x1, x2)
    first, second = p.shape(x1), p.shape(x2)
    if not first or not second:
        raise ShapeError(f"matmul: expected arrays of at least one axis, got shapes {first} and {second}.")
    left = p.reshape(x1, (1, *first)) if len(first) == 1 else x1
    right = p.reshape(x2, (*second, 1)) if len(second) == 1 else x2
    made = _multiplied(left, right)
    shape = list(p.shape(made))
    if len(second) == 1:
        shape.pop(-1)
    if len(first) == 1:
        shape.pop(-1 if len(second) == 1 else -2)
    return made if len(shape) == len(p.shape(made)) else p.reshape(made, tuple(shape))


@op("x1 x2", weak=True)
def dot(x1, x2):
    """Return the product over the last axis of x1 and the last but one of x2 (its only one, of a vector)."""
    x1, x2 = promoted(x1, x2)
    if not p.shape(x1) or not p.shape(x2):
        return p.multiply(x1, x2)
    return tensordot(x1, x2, ((-1,), (max(len(p.shape(x2)) - 2, 0),)))


@op("x1 x2", weak=True)
def tensordot(x1, x2, axes=2):
    """Return the product summed over axes: the last of x1 and the first of x2, or the two lists given."""
    x1, x2 = promoted(x1, x2)
    first, second = p.shape(x1), p.shape(x2)
    if isinstance(axes, int):
        mine, theirs = list(range(len(first) - axes, len(first))), list(range(axes))
    else:
        mine, theirs = ([a % len(s) for a in ([ax] if isinstance(ax, int) else ax)] for ax, s in zip(axes, (first, second)))
    kept = [axis for axis in range(len(first)) if axis not in mine]
    others = [axis for axis in range(len(second)) if axis not in theirs]
    inner = product(first[axis] for axis in mine)
    left = p.reshape(transpose(x1, (*kept, *mine)), (product(first[a] for a in kept), inner))
    right = p.reshape(transpose(x2, (*theirs, *others)), (inner, product(second[a] for a in others)))
    return p.reshape(_multiplied(left, right), (*(first[a] for a in kept), *(second[a] for a in others)))


@op("x1 x2", weak=True)
def outer(x1, x2):
    """Return every product of an element of x1 and one of x2. (m,), (n,) -> (m, n)"""
    x1, x2 = promoted(x1, x2)
    return p.multiply(p.reshape(x1, (product(p.shape(x1)), 1)), p.reshape(x2, (1, product(p.shape(x2)))))


def einsum(subscripts, *operands, **kwargs):
    """Return the sum of products that the subscripts describe, as numpy.einsum does.

    >>> einsum("ij,jk->ik", [[1.0, 2.0]], [[3.0], [4.0]])
    array([[11.]], dtype=float32)
    """
    if kwargs:
        raise TypeError(f"einsum: got unexpected arguments {', '.join(kwargs)}.")
    return _einsum(subscripts.replace(" ", ""), list(operands))


@op("operands*")
def _einsum(subscripts, operands):
    operands = promoted(*operands)
    inputs, output = _parsed(subscripts, operands)
    while len(operands) > 1:
        first, second = operands[:2]
        needed = set(output).union(*inputs[2:])
        made, labels = _pair(first, inputs[0], second, inputs[1], needed)
        operands, inputs = [made, *operands[2:]], [labels, *inputs[2:]]
    x, labels = _without_repeats(operands[0], inputs[0])
    return _ordered(_summed(x, labels, set(output)), output)


def _parsed(subscripts, operands):
    """Return a string of labels per operand, and of the result; '...' becomes labels of its own."""
    left, arrow, output = subscripts.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(operands):
        raise ShapeError(f"einsum: '{subscripts}' describes {len(inputs)} arrays, got {len(operands)}.")
    spare = [c for c in string.ascii_letters if c not in subscripts]
    ranks = [len(p.shape(x)) - len(labels.replace("...", "")) for x, labels in zip(operands, inputs)]
    longest = max([rank for rank, labels in zip(ranks, inputs) if "..." in labels], default=0)
    dots = "".join(spare[:longest])
    expanded = [labels.replace("...", dots[longest - rank :]) if "..." in labels else labels for rank, labels in zip(ranks, inputs)]
    for x, labels in zip(operands, expanded):
        if len(labels) != len(p.shape(x)):
            raise ShapeError(f"einsum: '{subscripts}' gives {len(labels)} axes to an array of shape {p.shape(x)}.")
    if not arrow:
        letters = "".join(inputs).replace("...", "")
        output = "..." * bool(longest) + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return expanded, output.replace("...", dots)


def _without_repeats(x, labels):
    """Take the diagonal of axes that share a label."""
    from polykeras.ops.shapes import diagonal

    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            first = labels.index(label)
            second = labels.index(label, first + 1)
            x = diagonal(x, 0, first, second)
            labels = labels[:first] + labels[first + 1 : second] + labels[second + 1 :] + label
    return x, labels


def _summed(x, labels, needed):
    gone = tuple(axis for axis, label in enumerate(labels) if label not in needed)
    return (p.sum(x, gone, False) if gone else x), "".join(label for label in labels if label in needed)


def _ordered(pair, output):
    x, labels = pair
    return transpose(x, tuple(labels.index(label) for label in output))


def _pair(x, x_labels, y, y_labels, needed):
    """Contract two arrays by one batched matrix product: (batch, rows, inner) @ (batch, inner, columns)."""
    x, x_labels = _summed(*_without_repeats(x, x_labels), needed | set(y_labels))
    y, y_labels = _summed(*_without_repeats(y, y_labels), needed | set(x_labels))
    batch = [c for c in x_labels if c in y_labels and c in needed]
    inner = [c for c in x_labels if c in y_labels and c not in needed]
    rows = [c for c in x_labels if c not in y_labels]
    columns = [c for c in y_labels if c not in x_labels]
    sizes = {c: size for c, size in [*zip(x_labels, p.shape(x)), *zip(y_labels, p.shape(y))] if size != 1}
    extent = lambda labels: [sizes.get(c, 1) for c in labels]
    x = _spread(_ordered((x, x_labels), batch + rows + inner), extent(batch + rows + inner))
    y = _spread(_ordered((y, y_labels), batch + inner + columns), extent(batch + inner + columns))
    left = p.reshape(x, (*extent(batch), product(extent(rows)), product(extent(inner))))
    right = p.reshape(y, (*extent(batch), product(extent(inner)), product(extent(columns))))
    made = p.reshape(_multiplied(left, right), tuple(extent(batch + rows + columns)))
    return made, "".join(batch + rows + columns)


def _spread(x, sizes):
    return x if tuple(p.shape(x)) == tuple(sizes) else p.broadcast_to(x, tuple(sizes))


@op("x")
def norm(x, ord=None, axis=None, keepdims=False):
    """Return the norm of vectors along axes; its gradient at 0 is 0.

    Args:
        ord: None or 2 (Euclidean), 1, inf, -inf, 0 (how many are not 0), any number, or "fro".
        axis: one axis, or two for the Frobenius norm; None takes all elements.
    """
    x = as_float(x)
    axes = axes_of(axis, len(p.shape(x)))
    if ord in (None, "fro") or ord == 2 and len(axes) == 1:
        return safe_sqrt(p.sum(p.multiply(x, x), axes, keepdims))
    size = p.abs(x)
    if len(axes) > 1:
        raise ShapeError(f"norm: expected ord None or 'fro' for axes {axes}, got {ord!r}.")
    if ord in (math.inf, -math.inf):
        return p.max(size, axes, keepdims) if ord > 0 else p.negative(p.max(p.negative(size), axes, keepdims))
    if ord == 0:
        return p.sum(p.cast(p.cast(x, "bool"), p.dtype(x)), axes, keepdims)
    if ord == 1:
        return p.sum(size, axes, keepdims)
    return p.power(p.sum(p.power(size, constant(ord, x)), axes, keepdims), constant(1 / ord, x))


@op("x")
def normalize(x, axis=-1, order=2, epsilon=None):
    """Return x divided by its norm along an axis, or by epsilon (1e-7 unless given) where the norm is smaller."""
    x = as_float(x)
    length = norm(x, order, axis, True)
    return p.divide(x, p.maximum(length, constant(config.epsilon() if epsilon is None else epsilon, x)))


