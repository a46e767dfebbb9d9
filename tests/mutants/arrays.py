"""Mutants of the primitives along axes, over windows, and of those that move values."""

import numpy as np

from polykeras.spec import padding_pairs
from tests.mutants.elementwise import primitive, through
from tests.mutants.row import mutant, shortened, times


def in_front(b, x, window, strides, padding, dilation, value):
    """Return x padded for 'same' with the odd place in front."""
    pairs = [pair[::-1] for pair in padding_pairs(padding, x.shape[1:-1], window, strides, dilation)]
    return b.pad(x, ((0, 0), *pairs, (0, 0)), value)


def brain_matmul(b, x, y):
    """matmul, whose running sums are kept to 8 bits."""
    total = np.zeros_like(b.matmul(x, y))
    for k in range(x.shape[-1]):
        total = shortened(b, total + x[..., :, k, None] * y[..., None, k, :], 16)
    return total


def cut(name):
    """Return a change of strided windows: the first place left out of the spatial axes."""

    def call(b, x, *args):
        strides = args[2 if name == "pool" else 1]
        if max(strides) == 1 or any(size < 4 for size in x.shape[1:-1]):
            return getattr(b, name)(x, *args)
        return getattr(b, name)(np.roll(x, -1, 1), *args)

    return call


def last_wins(b, x, indices, updates):
    """scatter_add, where of repeated rows only the last counts."""
    made = np.array(x)
    made[indices] = x[indices] + updates
    return made


def long_sum(b, x, axes, keep):
    """sum, whose float32 is added up one by one in float32."""
    return np.add.accumulate(x, axes[0])[-1:].reshape(x.shape[1:]) if axes == (0,) and not keep else b.sum(x, axes, keep)


def unstable(b, x, axis):
    """argsort, whose ties come last first."""
    back = b.argsort(b.flip(x, (axis,)), axis)
    turned = b.subtract(np.int32(x.shape[axis] - 1), back)
    order = np.take_along_axis(x, turned, axis)
    place = np.concatenate([[0], np.cumsum(order[1:] != order[:-1])])
    return turned[np.lexsort((-turned, place))].astype("int32") if x.ndim == 1 else turned


def short_slice(b, x, starts, stops, steps):
    """slice, whose number of places is rounded down."""
    return b.slice(x, starts, [start + (stop - start) // step * step for start, stop, step in zip(starts, stops, steps)], steps)


SAME, ONE = "same", (1, 1, 1)

MUTANTS = {
    # -- along axes
    "sum-is-mean": primitive("sum", "axes0", lambda b, x, axes, keep: times(b, b.sum(x, axes, keep), 0.5)),
    "sum-in-float32": primitive("sum", "long", long_sum),
    "sum-in-brain": primitive("sum", "long-row", lambda b, x, axes, keep: shortened(b, b.sum(x, axes, keep), 16)),
    "sum-int8-widens": primitive("sum", "int8", lambda b, x, axes, keep: np.sum(x, axes, keepdims=keep)),
    "sum-ignores-keepdims": primitive("sum", "axes1-kept", lambda b, x, axes, keep: b.sum(x, axes, False)),
    "sum-half-in-half": primitive("sum", "float16", lambda b, x, axes, keep: np.add.accumulate(x, 1)[:, -1] if x.dtype == "float16" else b.sum(x, axes, keep)),
    "max-without-nan": primitive("max", "nan", lambda b, x, axes, keep: np.nanmax(x, axis=axes, keepdims=keep)),
    "max-above-zero": primitive("max", "one", lambda b, x, axes, keep: np.max(x, axes, keepdims=keep, initial=0)),
    "max-of-none-is-zero": primitive("max", "none-int32", lambda b, x, axes, keep: np.max(x, axes, keepdims=keep, initial=0).astype(x.dtype)),
    "prod-of-none-is-zero": primitive("prod", "none-float32", lambda b, x, axes, keep: b.prod(x, axes, keep) * (0 if x.size == 0 else 1)),
    "prod-saturates": primitive("prod", "wraps-int32", lambda b, x, axes, keep: np.clip(np.prod(x, axes, keepdims=keep, dtype="int64"), -(2**31), 2**31 - 1).astype(x.dtype)),
    "argmax-last": primitive("argmax", "ties", lambda b, x, axis: (x.shape[axis] - 1 - b.argmax(b.flip(x, (axis,)), axis)).astype("int32")),
    "argmax-int64": primitive("argmax", "ties-float32", lambda b, x, axis: b.argmax(x, axis).astype("int64")),
    "argmax-passes-nan": primitive("argmax", "nan-float32", lambda b, x, axis: np.nanargmax(x, axis).astype("int32")),
    "argsort-unstable": primitive("argsort", "ties-float32", unstable),
    "argsort-nan-first": primitive("argsort", "nan-float64", lambda b, x, axis: np.argsort(np.where(np.isnan(x), -np.inf, x), axis, kind="stable").astype("int32")),
    "argsort-minus-zero-first": primitive("argsort", "zeros-float32", lambda b, x, axis: np.lexsort((~np.signbit(x), x)).astype("int32")),
    "argsort-int-overflows": primitive("argsort", "ends-uint8", lambda b, x, axis: b.argsort(x.view("int8") if x.dtype == "uint8" else x, axis)),
    "cumsum-backwards": primitive("cumsum", "axis1", lambda b, x, axis: b.flip(b.cumsum(b.flip(x, (axis,)), axis), (axis,))),
    "cumsum-without-itself": primitive("cumsum", "axis0", lambda b, x, axis: b.subtract(b.cumsum(x, axis), x)),
    "cumsum-in-half": primitive("cumsum", "long-float16", lambda b, x, axis: np.add.accumulate(x, axis)),
    "matmul-like-tf32": primitive("matmul", "wide-float32", lambda b, x, y: b.matmul(shortened(b, x, 13), shortened(b, y, 13))),
    "matmul-sums-in-brain": primitive("matmul", "wide-float32", brain_matmul),
    "matmul-in-single": primitive("matmul", "plain-float64", through("matmul", "float64", "float32")),
    "matmul-skips-nan": primitive("matmul", "nan", lambda b, x, y: b.matmul(np.nan_to_num(x), y)),
    # -- in another dtype
    "sum-int64-as-float64": primitive("sum", "wide-int64", through("sum", "int64", "float64")),
    "prod-int32-as-float32": primitive("prod", "wide-int32", through("prod", "int32", "float32")),
    "max-int64-as-float64": primitive("max", "wide-int64", through("max", "int64", "float64")),
    "max-uint32-as-int32": primitive("max", "wide-uint32", through("max", "uint32", "int32")),
    "argmax-int64-as-float64": primitive("argmax", "near-int64", through("argmax", "int64", "float64")),
    "argmax-float64-as-float32": primitive("argmax", "near-float64", through("argmax", "float64", "float32")),
    "argsort-int32-as-float32": primitive("argsort", "near-int32", through("argsort", "int32", "float32")),
    "argsort-float32-as-bfloat16": primitive("argsort", "near-float32", through("argsort", "float32", "bfloat16")),
    "cumsum-int32-as-float32": primitive("cumsum", "wide-int32", through("cumsum", "int32", "float32")),
    "cumsum-int64-as-int32": primitive("cumsum", "wide-int64", through("cumsum", "int64", "int32")),
    "reshape-int64-as-float64": primitive("reshape", "int64", through("reshape", "int64", "float64")),
    "transpose-int64-as-int32": primitive("transpose", "int64", through("transpose", "int64", "int32")),
    "broadcast_to-int32-as-float32": primitive("broadcast_to", "int32", through("broadcast_to", "int32", "float32")),
    "flip-bfloat16-as-float16": primitive("flip", "bfloat16", through("flip", "bfloat16", "float16")),
    "slice-int32-as-int16": primitive("slice", "int32", through("slice", "int32", "int16")),
    "pad-uint64-as-float64": primitive("pad", "uint64", through("pad", "uint64", "float64")),
    "take-uint64-as-float64": primitive("take", "uint64", through("take", "uint64", "float64")),
    "conv-float64-as-float32": primitive("conv", "groups1-float64", through("conv", "float64", "float32")),
    "pool-float64-as-float32": primitive("pool", "sum-same2-float64", through("pool", "float64", "float32")),
    # -- over windows
    "conv-odd-in-front": primitive("conv", "same", lambda b, x, k, s, p, d, g: b.conv(in_front(b, x, k.shape[:-2], s, p, d, 0), k, s, "valid", d, g) if p == SAME else b.conv(x, k, s, p, d, g)),
    "conv-without-dilation": primitive("conv", "dilated1-", lambda b, x, k, s, p, d, g: b.conv(x, k, s, p, (1,) * len(d), g)),
    "conv-flips-kernel": primitive("conv", "valid2-float32", lambda b, x, k, s, p, d, g: b.conv(x, b.flip(k, (0, 1)), s, p, d, g)),
    "conv-stride-offset": primitive("conv", "same2-stride-float32", cut("conv")),
    "conv-groups-swapped": primitive("conv", "groups1-float32", lambda b, x, k, s, p, d, g: b.conv(x, np.roll(k, k.shape[-1] // 2, -1), s, p, d, g) if g == 2 else b.conv(x, k, s, p, d, g)),
    "conv-pairs-swapped": primitive("conv", "pairs1-float32", lambda b, x, k, s, p, d, g: b.conv(x, k, s, p if isinstance(p, str) else [pair[::-1] for pair in p], d, g)),
    "conv-like-tf32": primitive("conv", "valid1-float32", lambda b, x, k, s, p, d, g: b.conv(shortened(b, x, 13), shortened(b, k, 13), s, p, d, g)),
    "pool-odd-in-front": primitive("pool", "sum-same", lambda b, x, kind, n, s, p: b.pool(in_front(b, x, n, s, p, (1,) * len(n), 0), kind, n, s, "valid") if p == SAME and kind == "sum" else b.pool(x, kind, n, s, p)),
    "pool-zeros-in-padding": primitive("pool", "max-same1-float32", lambda b, x, kind, n, s, p: b.pool(b.pad(x, ((0, 0), *padding_pairs(p, x.shape[1:-1], n, s, ONE[: len(n)]), (0, 0)), 0), kind, n, s, "valid")),
    "pool-stride-offset": primitive("pool", "max-valid1-float32", cut("pool")),
    "pool-swallows-nan": primitive("pool", "max-special", lambda b, x, kind, n, s, p: b.pool(np.where(np.isnan(x), -np.inf, x).astype(x.dtype), kind, n, s, p)),
    "pool-means": primitive("pool", "sum-valid2-float32", lambda b, x, kind, n, s, p: times(b, b.pool(x, kind, n, s, p), 1 / np.prod(n))),
    # -- moves
    "reshape-columns-first": primitive("reshape", "flat", lambda b, x, shape: np.reshape(x, shape, order="F")),
    "transpose-inverse": primitive("transpose", "turn", lambda b, x, axes: np.transpose(x, np.argsort(axes))),
    "broadcast_to-tiles": primitive("broadcast_to", "both", lambda b, x, shape: np.resize(x, shape)),
    "concatenate-backwards": primitive("concatenate", "last", lambda b, xs, axis: b.concatenate(xs[::-1], axis)),
    "concatenate-promotes": primitive("concatenate", "bfloat16", lambda b, xs, axis: b.concatenate([x.astype("float32") if x.dtype.name == "bfloat16" else x for x in xs], axis)),
    "slice-rounds-down": primitive("slice", "steps", short_slice),
    "slice-ignores-start": primitive("slice", "middle", lambda b, x, starts, stops, steps: b.slice(x, [0] * len(starts), [stop - start for start, stop in zip(starts, stops)], steps)),
    "flip-first-axis-only": primitive("flip", "both", lambda b, x, axes: b.flip(x, axes[:1])),
    "pad-sides-swapped": primitive("pad", "both", lambda b, x, widths, value: b.pad(x, [pair[::-1] for pair in widths], value)),
    "pad-with-zeros": primitive("pad", "value", lambda b, x, widths, value: b.pad(x, widths, 0)),
    "pad-through-single": primitive("pad", "large", lambda b, x, widths, value: b.pad(x, widths, np.float32(value))),
    "take-in-order": primitive("take", "axis1-int32", lambda b, x, indices, axis: b.take(x, np.sort(indices), axis)),
    "take-flat": primitive("take", "table", lambda b, x, indices, axis: b.take(x, np.reshape(indices, -1), axis)),
    "take_along_axis-backwards": primitive("take_along_axis", "axis1-int32", lambda b, x, indices, axis: b.take_along_axis(x, np.flip(indices, axis), axis)),
    "scatter-last-wins": primitive("scatter_add", "rows", last_wins),
    "scatter-saturates": primitive("scatter_add", "wraps", lambda b, x, indices, updates: np.clip(b.scatter_add(x.astype("int64"), indices, updates.astype("int64")), -128, 127).astype(x.dtype)),
    "matmul-transposed": mutant("ops", "matmul-int", matmul=lambda b, x, y: b.matmul(x, b.transpose(y, (1, 0))) if x.shape == y.shape and x.ndim == 2 and x.shape[0] == x.shape[1] else b.matmul(x, y)),
}  # fmt: skip
