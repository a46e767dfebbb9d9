"""The abstract backend: an array is its shape and dtype. Shape inference is running code on this.

It meets the contract like any backend, and it is strict: it refuses shapes and dtypes that do not
fit, so whatever it lets pass behaves alike everywhere. Sizes may be symbolic (see sizes.py).
"""

import builtins
import contextlib
import functools

import numpy as np

from polykeras import contract, dtypes
from polykeras.errors import DTypeError, ShapeError, TracingError
from polykeras import sizes as size_rules
from polykeras.sizes import is_static, product, visible

name = "spec"
api_version = contract.API_VERSION
capabilities = frozenset(contract.CAPABILITIES)
fused = {}


class Spec:
    """An array of which only shape and dtype are known.

    >>> Spec((2, 3), "float32")
    Spec(shape=(2, 3), dtype=float32)
    """

    __slots__ = ("sizes", "dtype", "__weakref__")

    def __init__(self, shape, dtype):
        self.sizes = tuple(shape)
        self.dtype = dtype

    @property
    def shape(self):
        """The shape as users see it: None for a size not known yet."""
        return visible(self.sizes)

    @property
    def ndim(self):
        """Number of axes."""
        return len(self.sizes)

    def __repr__(self):
        return f"Spec(shape={self.shape}, dtype={self.dtype})"

    def __len__(self):
        if not self.sizes:
            raise TypeError("A scalar has no length.")
        return self.sizes[0].__index__()

    def _no_value(self, *_):
        raise TracingError(
            f"The value of an array of shape {self.shape} is not known while the model is built or traced, so Python "
            "cannot use it as a number or in `if` and `while`. Use ops.where, ops.cond or ops.while_loop."
        )

    __bool__ = __int__ = __float__ = __index__ = __array__ = _no_value


def array_like(x):
    """Return the Spec of anything with a shape and a dtype."""
    return Spec(x.shape, dtypes.standardize(x.dtype))


# -- shapes ------------------------------------------------------------------------------------------


def broadcast(operation, *shapes):
    """Return the shape that these shapes make together, NumPy's rule.

    Raises:
        ShapeError: two sizes differ and neither is 1.
    """
    rank = builtins.max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(_broadcast_sizes(operation, shapes, column) for column in zip(*padded))


def _broadcast_sizes(operation, shapes, column):
    proper = [size for size in column if not (is_static(size) and size == 1)]
    known = {size for size in proper if is_static(size)}
    if len(known) > 1:
        shown = " and ".join(str(visible(shape)) for shape in shapes)
        raise ShapeError(f"{operation}: shapes {shown} do not fit: sizes {' and '.join(map(str, sorted(known)))} differ and neither is 1.")
    # an unknown size next to a known one must be that size, or 1 at run time
    return known.pop() if known else proper[0] if proper else 1


def window_output(size, window, stride, padding, dilation=1):
    """Return how many windows fit along an axis; padding is 'valid', 'same' or a pair."""
    if padding == "same":
        return (size + (stride - 1)) // stride
    before, after = (0, 0) if padding == "valid" else padding
    spare = size + (before + after - (window - 1) * dilation - 1)
    return spare // stride + 1


def padding_pairs(padding, sizes, window, strides, dilation=None):
    """Return ((before, after), ...) in numbers: 'same' puts the odd one at the end, as TensorFlow does."""
    if not isinstance(padding, str):
        return tuple((int(before), int(after)) for before, after in padding)
    if padding == "valid":
        return ((0, 0),) * len(window)
    pairs = []
    for size, extent, stride, spread in zip(sizes, window, strides, dilation or (1,) * len(window)):
        total = builtins.max((-(-size // stride) - 1) * stride + (extent - 1) * spread + 1 - size, 0)
        pairs.append((total // 2, total - total // 2))
    return tuple(pairs)


def resolve_shape(total, shape):
    """Return a shape with its one -1 replaced, given the number of elements.

    Raises:
        ShapeError: the elements do not fit.
    """
    shape = tuple(shape)
    open_axes = [axis for axis, size in enumerate(shape) if is_static(size) and size == -1]
    rest = product(size for axis, size in enumerate(shape) if axis not in open_axes)
    if len(open_axes) > 1:
        raise ShapeError(f"reshape: shape {visible(shape)} has {len(open_axes)} sizes of -1, at most one can be worked out.")
    if open_axes:
        missing = 0 if total == 0 and rest != 0 else size_rules.divide(total, rest)
        if missing is None:
            raise ShapeError(f"reshape: {total} elements do not fill shape {visible(shape)}.")
        return tuple(missing if axis in open_axes else size for axis, size in enumerate(shape))
    if is_static(total) and is_static(rest) and total != rest:
        raise ShapeError(f"reshape: {total} elements do not fill shape {visible(shape)}, which has {rest}.")
    return shape


# -- checks ------------------------------------------------------------------------------------------


def _same_dtype(operation, *arrays):
    found = {array.dtype for array in arrays}
    if len(found) > 1:
        raise DTypeError(f"{operation}: dtypes differ: got {' and '.join(sorted(found))}. Cast one to the other's dtype first.")
    return found.pop()


def _of_kind(operation, array, kinds):
    if array.dtype not in kinds:
        wanted = "a float" if kinds is dtypes.FLOATS else "bool or an integer" if "bool" in kinds else "an integer"
        raise DTypeError(f"{operation}: expected {wanted} dtype, got {array.dtype}. Cast it first.")


def _axes(operation, array, axes):
    for axis in axes:
        if not 0 <= axis < array.ndim:
            raise ShapeError(f"{operation}: axis {axis} is out of range for shape {array.shape}.")
    return tuple(axes)


# -- elementwise -------------------------------------------------------------------------------------

_FLOAT_ONLY = ("exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid", "erf", "floor", "round")
_BITS = ("bitwise_and", "bitwise_or", "bitwise_xor")
_NUMBERS = dtypes.INTS + dtypes.FLOATS


def _unary(operation):
    kinds = dtypes.FLOATS if operation in _FLOAT_ONLY else _NUMBERS

    def rule(x):
        _of_kind(operation, x, kinds)
        return Spec(x.sizes, x.dtype)

    return rule


def _binary(operation):
    first, second = contract.PRIMITIVES[operation].parameters
    if operation in ("divide", "power", "arctan2"):
        kinds = dtypes.FLOATS
    elif operation in _BITS:
        kinds = dtypes.BOOLS + dtypes.INTS
    elif operation in ("left_shift", "right_shift"):
        kinds = dtypes.INTS
    else:
        kinds = dtypes.ALL if operation in ("equal", "less") else _NUMBERS

    def rule(x, y):
        dtype = _same_dtype(operation, x, y)
        _of_kind(operation, x, kinds)
        result = "bool" if operation in ("equal", "less") else dtype
        return Spec(broadcast(operation, x.sizes, y.sizes), result)

    return rule if first == "x" else lambda y, x: rule(y, x)


_UNARY_NAMES = [name for name, entry in contract.PRIMITIVES.items() if entry.parameters == ("x",) and name != "stop_gradient"]
_BINARY_NAMES = [name for name, entry in contract.PRIMITIVES.items() if entry.parameters in (("x", "y"), ("y", "x")) and name != "matmul"]
globals().update({operation: _unary(operation) for operation in _UNARY_NAMES})
globals().update({operation: _binary(operation) for operation in _BINARY_NAMES})


def where(condition, x, y):
    """Shape rule of the primitive."""
    if condition.dtype != "bool":
        raise DTypeError(f"where: expected a bool condition, got {condition.dtype}. Compare it with something, or cast it.")
    dtype = _same_dtype("where", x, y)
    return Spec(broadcast("where", condition.sizes, x.sizes, y.sizes), dtype)


def cast(x, dtype):
    """Shape rule of the primitive."""
    return Spec(x.sizes, dtypes.standardize(dtype))


def stop_gradient(x):
    """Shape rule of the primitive."""
    return Spec(x.sizes, x.dtype)


# -- along axes --------------------------------------------------------------------------------------


def _reduce(operation):
    def rule(x, axes, keepdims):
        _of_kind(operation, x, _NUMBERS)
        axes = _axes(operation, x, axes)
        if keepdims:
            return Spec((1 if axis in axes else size for axis, size in enumerate(x.sizes)), x.dtype)
        return Spec((size for axis, size in enumerate(x.sizes) if axis not in axes), x.dtype)

    return rule


globals().update({operation: _reduce(operation) for operation in ("sum", "max", "prod")})


def argmax(x, axis):
    """Shape rule of the primitive."""
    _axes("argmax", x, (axis,))
    if is_static(x.sizes[axis]) and x.sizes[axis] == 0:
        raise ShapeError(f"argmax: axis {axis} of shape {x.shape} is empty.")
    return Spec(x.sizes[:axis] + x.sizes[axis + 1 :], "int32")


def argsort(x, axis):
    """Shape rule of the primitive."""
    _axes("argsort", x, (axis,))
    return Spec(x.sizes, "int32")


def cumsum(x, axis):
    """Shape rule of the primitive."""
    _of_kind("cumsum", x, _NUMBERS)
    _axes("cumsum", x, (axis,))
    return Spec(x.sizes, x.dtype)


# -- contraction and windows -------------------------------------------------------------------------


def matmul(x, y):
    """Shape rule of the primitive."""
    dtype = _same_dtype("matmul", x, y)
    _of_kind("matmul", x, dtypes.FLOATS)
    if x.ndim < 2 or y.ndim < 2:
        raise ShapeError(f"matmul: expected at least 2 axes, got shapes {x.shape} and {y.shape}.")
    inner, other = x.sizes[-1], y.sizes[-2]
    if is_static(inner) and is_static(other) and inner != other:
        raise ShapeError(f"matmul: shapes {x.shape} and {y.shape} do not fit: the inner sizes {inner} and {other} differ.")
    return Spec((*broadcast("matmul", x.sizes[:-2], y.sizes[:-2]), x.sizes[-2], y.sizes[-1]), dtype)


def _windows(operation, x, window, strides, padding, dilation):
    rank = len(window)
    if not 1 <= rank <= 3 or x.ndim != rank + 2:
        raise ShapeError(f"{operation}: expected an input of (batch, {rank} spatial axes, channels), got shape {x.shape}.")
    pairs = [padding] * rank if isinstance(padding, str) else padding
    sizes = []
    for axis, (extent, stride, pair, spread) in enumerate(zip(window, strides, pairs, dilation)):
        size = window_output(x.sizes[axis + 1], extent, stride, pair, spread)
        if is_static(size) and size <= 0:
            raise ShapeError(
                f"{operation}: a window of {extent} (dilation {spread}) does not fit in size {x.sizes[axis + 1]} of input {x.shape} "
                f"with padding {pair!r}. Use a smaller window, or padding='same'."
            )
        sizes.append(size)
    return tuple(sizes)


def conv(x, kernel, strides, padding, dilation, groups):
    """Shape rule of the primitive."""
    dtype = _same_dtype("conv", x, kernel)
    _of_kind("conv", x, dtypes.FLOATS)
    spatial = _windows("conv", x, kernel.sizes[:-2], strides, padding, dilation)
    channels, expected = x.sizes[-1], kernel.sizes[-2] * groups
    if is_static(channels) and is_static(expected) and (channels != expected or kernel.sizes[-1] % groups):
        raise ShapeError(f"conv: kernel {kernel.shape} with groups={groups} takes {expected} channels, got input {x.shape}.")
    return Spec((x.sizes[0], *spatial, kernel.sizes[-1]), dtype)


def pool(x, kind, size, strides, padding):
    """Shape rule of the primitive."""
    if kind not in ("max", "sum"):
        raise ValueError(f"pool: expected kind 'max' or 'sum', got {kind!r}.")
    _of_kind("pool", x, dtypes.FLOATS)
    spatial = _windows("pool", x, size, strides, padding, (1,) * len(size))
    return Spec((x.sizes[0], *spatial, x.sizes[-1]), x.dtype)


# -- shape -------------------------------------------------------------------------------------------


def reshape(x, shape):
    """Shape rule of the primitive."""
    return Spec(resolve_shape(product(x.sizes), shape), x.dtype)


def transpose(x, axes):
    """Shape rule of the primitive."""
    if sorted(axes) != list(range(x.ndim)):
        raise ShapeError(f"transpose: expected an order of the {x.ndim} axes of shape {x.shape}, got {tuple(axes)}.")
    return Spec((x.sizes[axis] for axis in axes), x.dtype)


def broadcast_to(x, shape):
    """Shape rule of the primitive."""
    shape = tuple(shape)
    fits = len(x.sizes) <= len(shape)
    for size, target in zip(reversed(x.sizes), reversed(shape)):
        fits = fits and (not is_static(size) or size == 1 or not is_static(target) or size == target)
    if not fits:
        raise ShapeError(f"broadcast_to: shape {x.shape} does not broadcast to {visible(shape)}.")
    return Spec(shape, x.dtype)


def concatenate(xs, axis):
    """Shape rule of the primitive."""
    dtype = _same_dtype("concatenate", *xs)
    first = xs[0]
    _axes("concatenate", first, (axis,))
    shape = list(first.sizes)
    for other in xs[1:]:
        fits = other.ndim == first.ndim
        for index in range(first.ndim if fits else 0):
            mine, theirs = shape[index], other.sizes[index]
            if index != axis and is_static(theirs):
                fits = fits and (not is_static(mine) or mine == theirs)
                shape[index] = theirs
        if not fits:
            raise ShapeError(f"concatenate: shapes {', '.join(str(x.shape) for x in xs)} differ beside axis {axis}.")
    shape[axis] = functools.reduce(lambda total, x: total + x.sizes[axis], xs[1:], first.sizes[axis])
    return Spec(shape, dtype)


def slice(x, starts, stops, steps):
    """Shape rule of the primitive."""
    if not len(starts) == len(stops) == len(steps) == x.ndim:
        raise ShapeError(f"slice: expected {x.ndim} starts, stops and steps for shape {x.shape}.")
    sizes = []
    for size, start, stop, step in zip(x.sizes, starts, stops, steps):
        if all(map(is_static, (size, start, stop))) and not 0 <= start <= stop <= size:
            raise ShapeError(f"slice: {start}:{stop} is out of range for size {size} of shape {x.shape}.")
        sizes.append((stop - start + (step - 1)) // step)
    return Spec(sizes, x.dtype)


def flip(x, axes):
    """Shape rule of the primitive."""
    _axes("flip", x, axes)
    return Spec(x.sizes, x.dtype)


def pad(x, widths, value):
    """Shape rule of the primitive."""
    if len(widths) != x.ndim:
        raise ShapeError(f"pad: expected {x.ndim} pairs for shape {x.shape}, got {len(widths)}.")
    return Spec((size + before + after for size, (before, after) in zip(x.sizes, widths)), x.dtype)


# -- indices -----------------------------------------------------------------------------------------


def take(x, indices, axis):
    """Shape rule of the primitive."""
    _of_kind("take", indices, dtypes.INTS)
    _axes("take", x, (axis,))
    return Spec(x.sizes[:axis] + indices.sizes + x.sizes[axis + 1 :], x.dtype)


def take_along_axis(x, indices, axis):
    """Shape rule of the primitive."""
    _of_kind("take_along_axis", indices, dtypes.INTS)
    _axes("take_along_axis", x, (axis,))
    for index, (size, other) in enumerate(zip(x.sizes, indices.sizes)):
        if index != axis and is_static(size) and is_static(other) and size != other or x.ndim != indices.ndim:
            raise ShapeError(f"take_along_axis: shapes {x.shape} and {indices.shape} differ beside axis {axis}.")
    return Spec(indices.sizes, x.dtype)


def scatter_add(x, indices, updates):
    """Shape rule of the primitive."""
    dtype = _same_dtype("scatter_add", x, updates)
    _of_kind("scatter_add", indices, dtypes.INTS)
    expected = indices.sizes + x.sizes[1:]
    if indices.ndim != 1 or len(expected) != updates.ndim:
        raise ShapeError(f"scatter_add: expected updates of shape {visible(expected)} for indices {indices.shape}, got {updates.shape}.")
    return Spec(x.sizes, dtype)


# -- making ------------------------------------------------------------------------------------------


def full(shape, value, dtype):
    """Shape rule of the primitive."""
    return Spec(shape, dtypes.standardize(dtype))


def arange(size, dtype):
    """Shape rule of the primitive."""
    return Spec((size,), dtypes.standardize(dtype))


# -- services ----------------------------------------------------------------------------------------


def from_numpy(value, device):
    """Return the Spec of a NumPy array."""
    value = np.asarray(value)
    return Spec(value.shape, dtypes.standardize(value.dtype))


def to_numpy(x):
    """Refuse: there is no value."""
    x._no_value()


def read(name, shape, dtype):
    """Return what a Variable looks like: here it has no value."""
    return Spec(shape, dtype)


def is_array(x):
    """Say whether x is a Spec."""
    return isinstance(x, Spec)


def shape(x):
    """Return the sizes, symbolic where unknown."""
    return x.sizes


def dtype(x):
    """Return the dtype's name."""
    return x.dtype


def context():
    """Return a context that does nothing."""
    return contextlib.nullcontext()


def devices():
    """Return no devices: nothing is computed."""
    return []


def like(x):
    """Return a new Spec of the same shape and dtype."""
    return Spec(x.sizes, x.dtype)


def scalar_loss(value):
    """Refuse a value that value_and_grad cannot differentiate."""
    if value.sizes != () or not dtypes.is_float(value.dtype):
        raise ShapeError(f"value_and_grad: expected a function that returns a float scalar, got shape {value.shape} of {value.dtype}.")
    return value


def value_and_grad(function, arrays):
    """Shape rule: gradients are like the arrays."""
    value, aux = function([like(x) for x in arrays])
    return scalar_loss(value), aux, [like(x) for x in arrays]


def same_specs(operation, first, second):
    """Refuse branches or carries whose shapes or dtypes differ."""
    if [(x.sizes, x.dtype) for x in first] != [(x.sizes, x.dtype) for x in second]:
        raise ShapeError(f"{operation}: shapes and dtypes must stay the same: got {list(first)} and {list(second)}.")


def cond(predicate, true_function, false_function, operands):
    """Shape rule: both branches agree."""
    first, second = true_function(operands), false_function(operands)
    same_specs("cond", first, second)
    return [like(x) for x in first]


def while_loop(condition, body, carry):
    """Shape rule: the carry keeps its shapes."""
    condition(carry)
    same_specs("while_loop", carry, body(carry))
    return [like(x) for x in carry]


def scan(body, carry, xs, length):
    """Shape rule: the carry keeps its shapes, outputs gain a leading axis."""
    after, ys = body([like(x) for x in carry], [Spec(x.sizes[1:], x.dtype) for x in xs])
    same_specs("scan", carry, after)
    return [like(x) for x in carry], [Spec((length, *y.sizes), y.dtype) for y in ys]


def store(values, device):
    """Refuse: there are no values to hold."""
    raise TracingError("The abstract backend holds no values; choose another backend to run a model.")


def compile(step, store, steps, options):
    """Refuse: there is nothing to run."""
    raise TracingError("The abstract backend computes nothing; choose another backend to run a model.")
