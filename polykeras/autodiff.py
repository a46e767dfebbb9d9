"""Reverse-mode gradients for a backend that has none: one table of rules over the primitives.

The table is the executable form of the contract's column of gradients. The NumPy reference uses it;
a plugin whose framework cannot differentiate may use it too. Rules are written in primitives, so they
can be differentiated themselves.
"""

import itertools
import math
import types

from polykeras import contract, spec

BROADCASTING = tuple(name for name, entry in contract.PRIMITIVES.items() if entry.parameters in (("x", "y"), ("y", "x")) and name != "matmul")


class Traced:
    """A value that a tape watches."""

    __slots__ = ("value", "tape", "index", "__weakref__")

    def __init__(self, value, tape, index):
        self.value, self.tape, self.index = value, tape, index

    @property
    def shape(self):
        """The shape, as the array within has it."""
        return _innermost(self).shape

    @property
    def dtype(self):
        """The dtype, as the array within has it."""
        return _innermost(self).dtype

    @property
    def ndim(self):
        """Number of axes."""
        return len(self.shape)


class Tape:
    """The operations on watched values, in order."""

    def __init__(self, level):
        self.level, self.nodes = level, []

    def watch(self, value, name=None, args=(), plain=()):
        """Return the value, watched, with the call that made it."""
        self.nodes.append((name, args, plain, value))
        return Traced(value, self, len(self.nodes) - 1)


def differentiable(primitives, wide=None):
    """Return a namespace of primitives that also take watched values, and `value_and_grad`.

    Args:
        primitives: dict of the primitives, `shape`, `dtype` and `is_array`, on plain arrays.
        wide: dtype in which long sums of the rules are added up; None for the arrays' own.
    """
    p = types.SimpleNamespace(wide=wide)
    p.is_array = lambda x: isinstance(x, Traced) or primitives["is_array"](x)
    p.shape = lambda x: primitives["shape"](_innermost(x))
    p.dtype = lambda x: primitives["dtype"](_innermost(x))
    for name, entry in contract.PRIMITIVES.items():
        setattr(p, name, _wrapped(name, primitives[name], entry.parameters))
    p.stop_gradient = _innermost
    depth = itertools.count(1)

    def value_and_grad(function, arrays):
        tape = Tape(next(depth))
        inputs = [tape.watch(x) for x in arrays]
        value, aux = function(inputs)
        aux = [_release(x, tape) for x in aux]
        if not (isinstance(value, Traced) and value.tape is tape):
            return value, aux, [_zeros(p, x) for x in arrays]
        gradients = _backward(p, tape, value, len(inputs))
        zeros = (_zeros(p, x) if g is None else g for g, x in zip(gradients, arrays))
        return value.value, aux, list(zeros)

    p.value_and_grad = value_and_grad
    return p


def _wrapped(name, raw, parameters):
    def call(*args, **kwargs):
        if kwargs:
            args += tuple(kwargs[parameter] for parameter in parameters[len(args) :])
        tape = _outermost(args)
        if tape is None:
            return raw(*args)
        plain = tuple(_strip(arg, tape) for arg in args)
        out = call(*plain)
        return tape.watch(out, name, args, plain) if name in RULES else out

    call.__name__ = name
    call.__signature__ = contract.signature(contract.PRIMITIVES[name])
    return call


def _outermost(args):
    found = None
    for arg in args:
        for x in arg if type(arg) is list else (arg,):
            if type(x) is Traced and (found is None or x.tape.level > found.level):
                found = x.tape
    return found


def _strip(arg, tape):
    if type(arg) is list:
        return [_release(x, tape) for x in arg]
    return _release(arg, tape)


def _release(x, tape):
    return x.value if type(x) is Traced and x.tape is tape else x


def _innermost(x):
    while type(x) is Traced:
        x = x.value
    return x


def _zeros(p, x):
    return p.full(p.shape(x), 0, p.dtype(x))


def _backward(p, tape, result, count):
    gradients = [None] * len(tape.nodes)
    gradients[result.index] = p.full((), 1, p.dtype(result.value))
    for index in range(result.index, count - 1, -1):
        g = gradients[index]
        name, args, plain, out = tape.nodes[index]
        if g is None or name is None:
            continue
        gradients[index] = None
        for x, part in _parts(p, name, args, plain, g, out, tape):
            earlier = gradients[x.index]
            gradients[x.index] = part if earlier is None else p.add(earlier, part)
    return gradients[:count]


def _parts(p, name, args, plain, g, out, tape):
    """Yield (watched argument, its gradient) for one call."""
    if name == "concatenate":
        yield from _concatenate_parts(p, g, args, tape)
        return
    for arg, rule in zip(args, RULES[name]):
        if type(arg) is Traced and arg.tape is tape and rule is not None:
            part = rule(p, g, out, *plain)
            yield arg, _summed_to(p, part, p.shape(arg)) if name in BROADCASTING or name == "where" else part


def _concatenate_parts(p, g, args, tape):
    xs, axis = args
    start = 0
    for x in xs:
        size = p.shape(x)[axis]
        if type(x) is Traced and x.tape is tape:
            yield x, _cut(p, g, axis, start, start + size)
        start += size


# -- helpers in primitives ---------------------------------------------------------------------------


def _summed_to(p, g, shape):
    """Undo a broadcast: (..., n) -> shape."""
    extra = len(p.shape(g)) - len(shape)
    axes = tuple(range(extra)) + tuple(
        extra + axis for axis, size in enumerate(shape) if size == 1 and p.shape(g)[extra + axis] != 1
    )
    return p.reshape(p.sum(g, axes, False), shape) if axes else g


def _constant(p, value, x):
    return p.full((), value, p.dtype(x))


def _cut(p, x, axis, start, stop):
    shape = p.shape(x)
    starts = tuple(start if index == axis else 0 for index in range(len(shape)))
    stops = tuple(stop if index == axis else size for index, size in enumerate(shape))
    return p.slice(x, starts, stops, (1,) * len(shape))


def _spread(p, g, x, axes, keepdims):
    """Broadcast a reduction's gradient back over the reduced axes."""
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(p.shape(x)))
    return p.broadcast_to(g if keepdims else p.reshape(g, kept), p.shape(x))


def _unslice(p, g, shape, starts, steps):
    """Put the values of a strided slice back in place, zeros elsewhere."""
    for axis, step in enumerate(steps):
        if step > 1:
            g = _dilated(p, g, axis, step)
    widths = tuple((start, size - start - got) for start, size, got in zip(starts, shape, p.shape(g)))
    return p.pad(g, widths, 0)


def _dilated(p, g, axis, step):
    """Insert step - 1 zeros between neighbours along an axis."""
    shape = p.shape(g)
    if shape[axis] <= 1:
        return g
    g = p.reshape(g, (*shape[: axis + 1], 1, *shape[axis + 1 :]))
    g = p.pad(g, tuple((0, step - 1 if index == axis + 1 else 0) for index in range(len(shape) + 1)), 0)
    g = p.reshape(g, (*shape[:axis], shape[axis] * step, *shape[axis + 1 :]))
    return _cut(p, g, axis, 0, (shape[axis] - 1) * step + 1)


def _exclusive_product(p, x, axis):
    """Product of all earlier elements along an axis, by doubling."""
    size = p.shape(x)[axis]
    shifted = _shift(p, x, axis, 1)
    width = 1
    while width < size:
        shifted = p.multiply(shifted, _shift(p, shifted, axis, width))
        width *= 2
    return shifted


def _shift(p, x, axis, count):
    shape = p.shape(x)
    count = min(count, shape[axis])
    padded = p.pad(x, tuple((count if index == axis else 0, 0) for index in range(len(shape))), 1)
    return _cut(p, padded, axis, 0, shape[axis])


# -- rules -------------------------------------------------------------------------------------------


def _power_base(p, g, out, x, y):
    zero = _constant(p, 0, y)
    slope = p.multiply(y, p.power(x, p.subtract(y, _constant(p, 1, y))))
    return p.where(p.equal(y, zero), zero, p.multiply(g, slope))


def _power_exponent(p, g, out, x, y):
    zero = _constant(p, 0, y)
    flat = p.bitwise_and(p.equal(x, zero), p.bitwise_xor(p.less(y, zero), p.full((), True, "bool")))
    return p.where(flat, zero, p.multiply(g, p.multiply(p.log(x), out)))


def _tie(first, second):
    """Gradient rule of maximum or minimum for one side: 1 where it wins, half at a tie."""

    def rule(p, g, out, x, y):
        mine, other = (x, y) if first == 0 else (y, x)
        low, high = (other, mine) if second == "larger" else (mine, other)
        half = p.where(p.equal(mine, other), _constant(p, 0.5, g), _constant(p, 0, g))
        return p.multiply(g, p.where(p.less(low, high), _constant(p, 1, g), half))

    return rule


def _max(p, g, out, x, axes, keepdims):
    hits = p.cast(p.equal(x, _spread(p, out, x, axes, keepdims)), p.dtype(x))
    return p.multiply(_spread(p, g, x, axes, keepdims), p.divide(hits, p.sum(hits, axes, True)))


def _prod(p, g, out, x, axes, keepdims):
    kept = [axis for axis in range(len(p.shape(x))) if axis not in axes]
    order = (*kept, *axes)
    moved = p.transpose(x, order)
    last = len(kept)
    flat = p.reshape(moved, (*p.shape(moved)[:last], math.prod(p.shape(moved)[last:])))
    before = _exclusive_product(p, flat, last)
    after = p.flip(_exclusive_product(p, p.flip(flat, (last,)), last), (last,))
    others = p.reshape(p.multiply(before, after), p.shape(moved))
    others = p.transpose(others, tuple(order.index(axis) for axis in range(len(order))))
    return p.multiply(_spread(p, g, x, axes, keepdims), others)


def _swapped(p, x):
    rank = len(p.shape(x))
    return p.transpose(x, (*range(rank - 2), rank - 1, rank - 2))


def _matmul_left(p, g, out, x, y):
    return _summed_to(p, p.matmul(g, _swapped(p, y)), p.shape(x))


def _matmul_right(p, g, out, x, y):
    if len(p.shape(y)) == 2 and len(p.shape(x)) > 2:  # one long product, not many added up
        rows = p.reshape(x, (-1, p.shape(x)[-1]))
        return p.matmul(_swapped(p, rows), p.reshape(g, (-1, p.shape(g)[-1])))
    return _summed_to(p, p.matmul(_swapped(p, x), g), p.shape(y))


def _views(p, x, window, strides, dilation, out):
    """Yield (offset, starts, steps, view): the places of x under each cell of the window."""
    spatial = p.shape(out)[1:-1]
    for offset in itertools.product(*map(range, window)):
        starts = (0, *(o * d for o, d in zip(offset, dilation)), 0)
        extents = (start + (n - 1) * s + 1 for start, n, s in zip(starts[1:-1], spatial, strides))
        stops = (p.shape(x)[0], *extents, p.shape(x)[-1])
        steps = (1, *strides, 1)
        yield offset, starts, steps, p.slice(x, starts, stops, steps)


def _padded(p, x, padding, window, strides, dilation, value=0):
    pairs = spec.padding_pairs(padding, p.shape(x)[1:-1], window, strides, dilation)
    pairs = ((0, 0), *pairs, (0, 0))
    return p.pad(x, pairs, value), pairs


def _unpadded(p, g, shape, pairs):
    starts = tuple(before for before, _ in pairs)
    return p.slice(g, starts, tuple(start + size for start, size in zip(starts, shape)), (1,) * len(shape))


def _grouped(p, x, groups):
    """(..., channels) -> (groups, everything else, channels / groups)."""
    channels = p.shape(x)[-1]
    return p.transpose(p.reshape(x, (-1, groups, channels // groups)), (1, 0, 2))


def _widened(p, *arrays):
    return arrays if p.wide is None else tuple(p.cast(x, p.wide) for x in arrays)


def _conv_input(p, g, out, x, kernel, strides, padding, dilation, groups):
    window = p.shape(kernel)[:-2]
    padded, pairs = _padded(p, x, padding, window, strides, dilation)
    wide_g, wide_kernel = _widened(p, g, kernel)
    per_group = p.shape(kernel)[-2]
    cells = p.reshape(wide_kernel, (*window, per_group, groups, -1))
    grouped = _grouped(p, wide_g, groups)
    total = None
    for offset, starts, steps, view in _views(p, padded, window, strides, dilation, out):
        cell = p.slice(cells, (*offset, 0, 0, 0), (*(o + 1 for o in offset), *p.shape(cells)[-3:]), (1,) * len(p.shape(cells)))
        cell = p.transpose(p.reshape(cell, p.shape(cells)[-3:]), (1, 2, 0))
        part = p.transpose(p.matmul(grouped, cell), (1, 0, 2))
        part = _unslice(p, p.reshape(part, p.shape(view)), p.shape(padded), starts, steps)
        total = part if total is None else p.add(total, part)
    return p.cast(_unpadded(p, total, p.shape(x), pairs), p.dtype(x))


def _conv_kernel(p, g, out, x, kernel, strides, padding, dilation, groups):
    window = p.shape(kernel)[:-2]
    padded, _ = _padded(p, x, padding, window, strides, dilation)
    grouped = _grouped(p, g, groups)
    cells = []
    for _, _, _, view in _views(p, padded, window, strides, dilation, out):
        part = p.matmul(_swapped(p, _grouped(p, view, groups)), grouped)  # (groups, channels in, channels out) of one cell
        cells.append(p.reshape(p.transpose(part, (1, 0, 2)), (1, *p.shape(kernel)[-2:])))
    return p.reshape(p.concatenate(cells, 0), p.shape(kernel))


def _pool(p, g, out, x, kind, size, strides, padding):
    ones = (1,) * len(size)
    padded, pairs = _padded(p, x, padding, size, strides, ones, -math.inf if kind == "max" else 0)
    free, total = p.full(p.shape(out), True, "bool"), None
    for _, starts, steps, view in _views(p, padded, size, strides, ones, out):
        part = g
        if kind == "max":
            first = p.bitwise_and(free, p.equal(view, out))
            free = p.bitwise_xor(free, first)
            part = p.where(first, g, _constant(p, 0, g))
        part = _unslice(p, part, p.shape(padded), starts, steps)
        total = part if total is None else p.add(total, part)
    return _unpadded(p, total, p.shape(x), pairs)


def _broadcast_to(p, g, out, x, shape):
    return _summed_to(p, g, p.shape(x))


def _transpose(p, g, out, x, axes):
    return p.transpose(g, tuple(axes.index(axis) for axis in range(len(axes))))


def _take(p, g, out, x, indices, axis):
    rank, picked = len(p.shape(x)), len(p.shape(indices))
    order = (*range(axis, axis + picked), *range(axis), *range(axis + picked, rank - 1 + picked))
    moved = p.transpose(g, order)
    others = p.shape(x)[:axis] + p.shape(x)[axis + 1 :]
    base = p.full((p.shape(x)[axis], *others), 0, p.dtype(x))
    summed = p.scatter_add(base, p.reshape(indices, (-1,)), p.reshape(moved, (-1, *others)))
    return p.transpose(summed, (*range(1, axis + 1), 0, *range(axis + 1, rank)))


def _take_along_axis(p, g, out, x, indices, axis):
    shape, dtype = p.shape(x), p.dtype(indices)
    strides = [math.prod(shape[index + 1 :]) for index in range(len(shape))]
    flat = p.multiply(indices, p.full((), strides[axis], dtype))
    for index, size in enumerate(p.shape(indices)):
        if index != axis:
            places = p.multiply(p.arange(size, dtype), p.full((), strides[index], dtype))
            flat = p.add(flat, p.reshape(places, tuple(size if i == index else 1 for i in range(len(shape)))))
    base = p.full((math.prod(shape),), 0, p.dtype(x))
    return p.reshape(p.scatter_add(base, p.reshape(flat, (-1,)), p.reshape(g, (-1,))), shape)


def _cast(p, g, out, x, dtype):
    return p.cast(g, p.dtype(x)) if spec.dtypes.is_float(dtype) and spec.dtypes.is_float(p.dtype(x)) else _zeros(p, x)


def _sign(p, x):
    zero, one = _constant(p, 0, x), _constant(p, 1, x)
    return p.where(p.less(zero, x), one, p.where(p.less(x, zero), p.negative(one), zero))


def _over_radius(p, g, top, y, x):
    return p.divide(p.multiply(g, top), p.add(p.multiply(x, x), p.multiply(y, y)))


# A rule per array argument: (primitives, gradient of the result, result, *arguments) -> gradient.
RULES = {
    "negative": (lambda p, g, out, x: p.negative(g),),
    "abs": (lambda p, g, out, x: p.multiply(g, _sign(p, x)),),
    "exp": (lambda p, g, out, x: p.multiply(g, out),),
    "expm1": (lambda p, g, out, x: p.multiply(g, p.exp(x)),),
    "log": (lambda p, g, out, x: p.divide(g, x),),
    "log1p": (lambda p, g, out, x: p.divide(g, p.add(x, _constant(p, 1, x))),),
    "sqrt": (lambda p, g, out, x: p.divide(g, p.add(out, out)),),
    "sin": (lambda p, g, out, x: p.multiply(g, p.cos(x)),),
    "cos": (lambda p, g, out, x: p.negative(p.multiply(g, p.sin(x))),),
    "tanh": (lambda p, g, out, x: p.multiply(g, p.subtract(_constant(p, 1, x), p.multiply(out, out))),),
    "sigmoid": (lambda p, g, out, x: p.multiply(g, p.multiply(out, p.subtract(_constant(p, 1, x), out))),),
    "erf": (
        lambda p, g, out, x: p.multiply(
            g, p.multiply(_constant(p, 2 / math.sqrt(math.pi), x), p.exp(p.negative(p.multiply(x, x))))
        ),
    ),
    "add": (lambda p, g, out, x, y: g,) * 2,
    "subtract": (lambda p, g, out, x, y: g, lambda p, g, out, x, y: p.negative(g)),
    "multiply": (lambda p, g, out, x, y: p.multiply(g, y), lambda p, g, out, x, y: p.multiply(g, x)),
    "divide": (
        lambda p, g, out, x, y: p.divide(g, y),
        lambda p, g, out, x, y: p.negative(p.divide(p.multiply(g, out), y)),
    ),
    "power": (_power_base, _power_exponent),
    "maximum": (_tie(0, "larger"), _tie(1, "larger")),
    "minimum": (_tie(0, "smaller"), _tie(1, "smaller")),
    "mod": (
        lambda p, g, out, x, y: g,
        lambda p, g, out, x, y: p.negative(p.multiply(g, p.floor_divide(x, y))),
    ),
    "arctan2": (
        lambda p, g, out, y, x: _over_radius(p, g, x, y, x),
        lambda p, g, out, y, x: p.negative(_over_radius(p, g, y, y, x)),
    ),
    "where": (
        None,
        lambda p, g, out, condition, x, y: p.where(condition, g, _constant(p, 0, g)),
        lambda p, g, out, condition, x, y: p.where(condition, _constant(p, 0, g), g),
    ),
    "sum": (lambda p, g, out, x, axes, keepdims: _spread(p, g, x, axes, keepdims),),
    "max": (_max,),
    "prod": (_prod,),
    "cumsum": (lambda p, g, out, x, axis: p.flip(p.cumsum(p.flip(g, (axis,)), axis), (axis,)),),
    "matmul": (_matmul_left, _matmul_right),
    "conv": (_conv_input, _conv_kernel),
    "pool": (_pool,),
    "reshape": (lambda p, g, out, x, shape: p.reshape(g, p.shape(x)),),
    "transpose": (_transpose,),
    "broadcast_to": (_broadcast_to,),
    "concatenate": (None,),
    "slice": (lambda p, g, out, x, starts, stops, steps: _unslice(p, g, p.shape(x), starts, steps),),
    "flip": (lambda p, g, out, x, axes: p.flip(g, axes),),
    "pad": (lambda p, g, out, x, widths, value: _unpadded(p, g, p.shape(x), widths),),
    "take": (_take,),
    "take_along_axis": (_take_along_axis,),
    "scatter_add": (lambda p, g, out, x, indices, updates: g, None, lambda p, g, out, x, indices, updates: p.take(g, indices, 0)),
    "cast": (_cast,),
}
