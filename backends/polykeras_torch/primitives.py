"""The primitives in PyTorch. Convolution and pooling see channels-last arrays as permuted views, uncopied."""

import builtins
import math

import torch
import torch.nn.functional as F

from polykeras import dtypes, spec

DTYPES = {
    name: getattr(torch, name)
    for name in ("bool", "uint8", "int8", "int16", "int32", "int64", "bfloat16", "float16", "float32", "float64")
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}

negative, abs, exp, expm1, log, log1p = torch.neg, torch.abs, torch.exp, torch.expm1, torch.log, torch.log1p
sqrt, sin, cos, tanh, sigmoid, erf = torch.sqrt, torch.sin, torch.cos, torch.tanh, torch.sigmoid, torch.erf
floor, round = torch.floor, torch.round
add, subtract, multiply, divide, power = torch.add, torch.sub, torch.mul, torch.div, torch.pow
maximum, minimum = torch.maximum, torch.minimum
mod, arctan2, equal, less = torch.remainder, torch.atan2, torch.eq, torch.lt
bitwise_and, bitwise_or, bitwise_xor = torch.bitwise_and, torch.bitwise_or, torch.bitwise_xor
left_shift, right_shift = torch.bitwise_left_shift, torch.bitwise_right_shift
where = torch.where


def floor_divide(x, y):
    return torch.div(x, y, rounding_mode="floor")


def sum(x, axes, keepdims):
    # for torch an empty tuple means every axis
    return torch.sum(x, dim=axes, keepdim=keepdims, dtype=x.dtype) if axes else x


def max(x, axes, keepdims):
    if not axes:
        return x
    if x.numel():
        return torch.amax(x, dim=axes, keepdim=keepdims)
    least = -math.inf if x.is_floating_point() else torch.iinfo(x.dtype).min
    return sum(x, axes, keepdims) + least


def prod(x, axes, keepdims):
    for axis in sorted(axes, reverse=True):
        x = torch.prod(x, dim=axis, keepdim=keepdims, dtype=x.dtype)
    return x


def argmax(x, axis):
    x = x.to(torch.uint8) if x.dtype == torch.bool else x
    return torch.argmax(x, dim=axis).to(torch.int32)


def argsort(x, axis):
    return torch.argsort(x, dim=axis, stable=True).to(torch.int32)


def cumsum(x, axis):
    return torch.cumsum(x, dim=axis, dtype=x.dtype)


matmul = torch.matmul


def _channels_first(x):
    return x.movedim(-1, 1)


def _channels_last(x):
    return x.movedim(1, -1)


def _padded(x, pairs, value):
    """Pad the spatial axes of a channels-first array."""
    flat = [width for pair in reversed(pairs) for width in pair]
    return F.pad(x, flat, value=value) if any(flat) else x


_CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_MAX_POOL = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def conv(x, kernel, strides, padding, dilation, groups):
    window = kernel.shape[:-2]
    pairs = spec.padding_pairs(padding, x.shape[1:-1], window, strides, dilation)
    x = _channels_first(x)
    even = [before for before, after in pairs if before == after]
    if len(even) < len(pairs):
        x, even = _padded(x, pairs, 0), [0] * len(pairs)
    kernel = kernel.permute(-1, -2, *range(len(window)))
    return _channels_last(_CONV[len(window)](x, kernel, None, strides, even, dilation, groups))


def pool(x, kind, size, strides, padding):
    rank = len(size)
    pairs = spec.padding_pairs(padding, x.shape[1:-1], size, strides)
    x = _padded(_channels_first(x), pairs, -math.inf if kind == "max" else 0)
    if kind == "max":
        return _channels_last(_MAX_POOL[rank](x, size, strides))
    if rank == 1:
        made = F.avg_pool2d(x.unsqueeze(2), (1, *size), (1, *strides), divisor_override=1).squeeze(2)
    else:
        made = (F.avg_pool2d if rank == 2 else F.avg_pool3d)(x, size, strides, divisor_override=1)
    return _channels_last(made)


reshape, transpose, broadcast_to = torch.reshape, torch.permute, torch.broadcast_to


def concatenate(xs, axis):
    return torch.cat(xs, axis)


def slice(x, starts, stops, steps):
    for axis, (start, stop, step, size) in enumerate(zip(starts, stops, steps, x.shape)):
        if start or stop != size or step != 1:
            x = x.narrow(axis, start, stop - start) if step == 1 else x[(*_whole(axis), builtins.slice(start, stop, step))]
    return x


def _whole(axis):
    return (builtins.slice(None),) * axis


def flip(x, axes):
    return torch.flip(x, axes)


def pad(x, widths, value):
    pairs = [width for pair in reversed(widths) for width in pair]
    if isinstance(value, int) and not -(2**53) <= value <= 2**53:  # F.pad takes its value as a double; integers wrap, so they can be moved there and back
        return F.pad(x - value, pairs) + value
    return F.pad(x, pairs, value=value)


def take(x, indices, axis):
    picked = torch.index_select(x, axis, indices.reshape(-1))
    return picked.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))  # a tuple: it may be empty


def take_along_axis(x, indices, axis):
    return torch.gather(x, axis, indices.to(torch.int64))


def scatter_add(x, indices, updates):
    return torch.index_add(x, 0, indices, updates)


def full(shape, value, dtype):
    return torch.full(shape, value, dtype=DTYPES[dtype])


def arange(size, dtype):
    return torch.arange(size, dtype=DTYPES[dtype])


def cast(x, dtype):
    if dtype == "bool":
        return x != 0
    if x.is_floating_point() and dtypes.is_int(dtype):
        return _saturated(x, DTYPES[dtype])
    return x.to(DTYPES[dtype])


def _saturated(x, dtype):
    low, high = torch.iinfo(dtype).min, torch.iinfo(dtype).max
    x = torch.nan_to_num(x.detach().to(torch.float64), nan=0.0)
    inside = x.clamp(low, high).to(dtype)  # high itself may round up, out of range
    return torch.where(x >= float(high), torch.full((), high, dtype=dtype, device=x.device), inside)


def stop_gradient(x):
    return x.detach()
