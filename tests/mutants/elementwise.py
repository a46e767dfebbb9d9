"""Mutants of the primitives on each element: a value wrong, an edge, or a dtype."""

import numpy as np

from polykeras_numpy import primitives as right
from tests.mutants.row import mutant, number, plus, shortened, times


def saturated(function):
    """Return integer arithmetic that stops at the ends of its dtype."""

    def call(b, *args):
        if args[0].dtype.kind not in "iu":
            return function(*args)
        ends = np.iinfo(args[0].dtype)
        return np.clip(function(*(x.astype(object) for x in args)), int(ends.min), int(ends.max)).astype(args[0].dtype)

    return call


def half_up(b, x):
    """round, halves away from zero."""
    away = b.floor(plus(b, b.abs(x), 0.5))
    return b.where(b.less(x, number(b, 0, x)), b.negative(away), away)


def wrapping(b, x, dtype):
    """cast, whose floats beyond an integer's range wrap round."""
    return x.astype(np.int64).astype(dtype) if dtype == "int32" and x.dtype.kind == "f" else b.cast(x, dtype)


def through(name, kind, other):
    """Return a primitive that computes one dtype in another."""

    def call(b, *args):
        turned = [x.astype(other) if isinstance(x, np.ndarray) and x.dtype == kind else x for x in args]
        made = getattr(b, name)(*turned)
        return made.astype(kind) if made.dtype == other and any(x is not y for x, y in zip(turned, args)) else made

    return call


def logical(function):
    """Return an operation on bits that looks only at whether a number is 0."""
    return lambda b, x, y: function(x != 0, y != 0).astype(x.dtype)



def primitive(name, case, function):
    """Return the row of a primitive and the one case that must tell."""
    return mutant("primitives", f"{name}-{case}", **{name: function})


MUTANTS = {
    "negative-saturates": primitive("negative", "edges-int32", saturated(np.negative)),
    "negative-from-zero": primitive("negative", "signed-zero", lambda b, x: np.subtract(np.zeros_like(x), x)),
    "abs-saturates": primitive("abs", "edges-int8", saturated(np.abs)),
    "abs-keeps-minus-zero": primitive("abs", "signed-zero", lambda b, x: np.where(x < 0, -x, x)),
    "exp-cut-off": primitive("exp", "hard-float32", lambda b, x: b.exp(b.minimum(x, number(b, 60, x)))),
    "expm1-cancels": primitive("expm1", "hard-float32", lambda b, x: plus(b, np.exp(x), -1)),
    "log-with-epsilon": primitive("log", "edges-float32", lambda b, x: b.log(plus(b, x, 1e-7))),
    "log1p-cancels": primitive("log1p", "hard-float32", lambda b, x: np.log(plus(b, x, 1))),
    "sqrt-below-zero": primitive("sqrt", "edges-float32", lambda b, x: b.sqrt(b.abs(x))),
    "sin-coarse-turns": primitive("sin", "hard-float64", lambda b, x: b.sin(x - np.round(x / 6.2831855) * 6.2831855)),
    "cos-shifted-sine": primitive("cos", "hard-float32", lambda b, x: b.sin(plus(b, x, np.pi / 2))),
    "tanh-overflows": primitive("tanh", "edges-float32", lambda b, x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1)),
    "sigmoid-overflows": primitive("sigmoid", "edges-float32", lambda b, x: np.exp(x) / (1 + np.exp(x))),
    "erf-by-tanh": primitive("erf", "many-float32", lambda b, x: b.tanh(x * np.float32(1.1283792) * (1 + np.float32(0.08943) * x * x))),
    "floor-truncates": primitive("floor", "edges-float32", lambda b, x: np.trunc(x)),
    "round-half-up": primitive("round", "edges-float32", half_up),
    "round-half-away-by-float32": primitive("round", "hard-float32", lambda b, x: np.floor(x + np.float32(0.5))),
    "add-saturates": primitive("add", "edges-int8", saturated(np.add)),
    "add-in-single": primitive("add", "many-float64", through("add", "float64", "float32")),
    "subtract-saturates": primitive("subtract", "edges-uint8", saturated(np.subtract)),
    "multiply-zero-wins": primitive("multiply", "edges-float32", lambda b, x, y: np.where((x == 0) | (y == 0), x.dtype.type(0), x * y)),
    "multiply-loses-minus-zero": primitive("multiply", "signed-zero", lambda b, x, y: x * y + x.dtype.type(0)),
    "divide-by-zero-is-zero": primitive("divide", "edges-float32", lambda b, x, y: np.where(y == 0, x.dtype.type(0), x / np.where(y == 0, 1, y)).astype(x.dtype)),
    "divide-in-half": primitive("divide", "many-float32", lambda b, x, y: shortened(b, b.divide(x, y), 12)),
    "power-through-logarithm": primitive("power", "edges-float32", lambda b, x, y: b.exp(b.multiply(y, b.log(x)))),
    "maximum-swallows-nan": primitive("maximum", "edges-float32", lambda b, x, y: np.fmax(x, y)),
    "minimum-swallows-nan": primitive("minimum", "edges-float32", lambda b, x, y: np.fmin(x, y)),
    "floor_divide-truncates": primitive("floor_divide", "edges-int32", lambda b, x, y: np.trunc(x / y).astype(x.dtype)),
    "floor_divide-of-rounded": primitive("floor_divide", "tenths-float32", lambda b, x, y: np.floor(x / y)),
    "mod-sign-of-dividend": primitive("mod", "signs-float32", lambda b, x, y: np.fmod(x, y)),
    "arctan2-half-plane": primitive("arctan2", "edges-float32", lambda b, y, x: np.arctan(y / x)),
    "equal-nan": primitive("equal", "edges-float32", lambda b, x, y: (x == y) | (np.isnan(x) & np.isnan(y))),
    "equal-int64-as-float64": primitive("equal", "beyond-double", through("equal", "int64", "float64")),
    "equal-float64-as-float32": primitive("equal", "near-float64", through("equal", "float64", "float32")),
    "less-int64-as-float64": primitive("less", "beyond-double", through("less", "int64", "float64")),
    "less-float32-as-bfloat16": primitive("less", "near-float32", through("less", "float32", "bfloat16")),
    "maximum-float16-as-bfloat16": primitive("maximum", "near-float16", through("maximum", "float16", "bfloat16")),
    "floor-float64-as-float32": primitive("floor", "hard-float64", through("floor", "float64", "float32")),
    "round-float64-as-float32": primitive("round", "hard-float64", through("round", "float64", "float32")),
    "where-int64-as-float64": primitive("where", "broadcast-int64", through("where", "int64", "float64")),
    "where-int32-as-float32": primitive("where", "broadcast-int32", through("where", "int32", "float32")),
    "stop_gradient-int64-as-int32": primitive("stop_gradient", "int64", through("stop_gradient", "int64", "int32")),
    "less-or-equal": primitive("less", "edges-int32", lambda b, x, y: x <= y),
    "less-unsigned-as-signed": primitive("less", "edges-uint32", lambda b, x, y: x.view("int32") < y.view("int32")),
    "bitwise_and-logical": primitive("bitwise_and", "edges-int32", logical(np.logical_and)),
    "bitwise_or-logical": primitive("bitwise_or", "edges-uint8", logical(np.logical_or)),
    "bitwise_xor-logical": primitive("bitwise_xor", "edges-int64", logical(np.logical_xor)),
    "left_shift-saturates": primitive("left_shift", "edges-int8", saturated(lambda x, y: x * 2**y)),
    "right_shift-logical": primitive("right_shift", "edges-int32", lambda b, x, y: (x.view("uint32") >> y.view("uint32")).view("int32")),
    "where-blends": primitive("where", "unselected-nan", lambda b, c, x, y: c * x + ~c * y),
    "full-through-single": primitive("full", "beyond-double", lambda b, shape, value, dtype: b.cast(b.full(shape, value, "float32"), dtype)),
    "full-loses-minus-zero": primitive("full", "signed-zero", lambda b, shape, value, dtype: b.full(shape, value + 0, dtype)),
    "arange-from-one": primitive("arange", "int32", lambda b, size, dtype: right.arange(size + 1, dtype)[1:]),
    "arange-always-int32": primitive("arange", "int64", lambda b, size, dtype: right.arange(size, "int32")),
    "cast-wraps": primitive("cast", "saturates", wrapping),
    "cast-rounds": primitive("cast", "float32-int32", lambda b, x, dtype: b.cast(b.round(x), dtype) if dtype == "int32" else b.cast(x, dtype)),
    "cast-nan-is-least": primitive("cast", "float64-int64", lambda b, x, dtype: np.where(np.isnan(x), np.iinfo("int64").min, b.cast(x, dtype)) if dtype == "int64" else b.cast(x, dtype)),
    "cast-integers-saturate": primitive("cast", "int32-uint8", lambda b, x, dtype: np.clip(x, 0, 255).astype(dtype) if dtype == "uint8" and x.dtype == "int32" else b.cast(x, dtype)),
    "cast-half-to-brain": primitive("cast", "float64-float16", lambda b, x, dtype: b.cast(b.cast(x, "bfloat16"), dtype) if dtype == "float16" else b.cast(x, dtype)),
    "stop_gradient-doubles": primitive("stop_gradient", "float32", lambda b, x: times(b, x, 2)),
}  # fmt: skip
