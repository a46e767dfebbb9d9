"""Ops on each element: arithmetic, comparison, logic, bits, and functions of one variable."""

import math

from polykeras import dtypes, scope
from polykeras.ops.dispatch import as_float, constant, convert, op, p, promoted

# -- straight from primitives ------------------------------------------------------------------------

_FLOAT_FUNCTIONS = {
    "exp": "e**x",
    "expm1": "e**x - 1, exact near 0",
    "log": "natural logarithm",
    "log1p": "log(1 + x), exact near 0",
    "sqrt": "square root",
    "sin": "sine of x in radians",
    "cos": "cosine of x in radians",
    "tanh": "hyperbolic tangent",
    "sigmoid": "1 / (1 + exp(-x))",
    "erf": "error function",
}
_BINARY = {
    "add": "x1 + x2",
    "subtract": "x1 - x2",
    "multiply": "x1 * x2",
    "maximum": "the larger of x1 and x2; NaN wins, the gradient is shared at a tie",
    "minimum": "the smaller of x1 and x2; NaN wins, the gradient is shared at a tie",
    "floor_divide": "floor(x1 / x2)",
    "mod": "x1 - x2 * floor(x1 / x2)",
    "bitwise_and": "bits set in both",
    "bitwise_or": "bits set in either",
    "bitwise_xor": "bits set in one only",
    "left_shift": "x1 * 2**x2 in bits",
    "right_shift": "floor(x1 / 2**x2) in bits",
}

# what stays bool, and the primitive that does it
_OF_BOOLS = {"maximum": "bitwise_or", "minimum": "bitwise_and", **{name: name for name in ("bitwise_and", "bitwise_or", "bitwise_xor")}}


def _float_function(name, meaning):
    def function(x):
        return getattr(p, name)(as_float(x))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return {meaning}, element by element. (...) -> (...)"
    return op("x")(function)


def _binary(name, meaning):
    def function(x1, x2):
        x1, x2 = promoted(x1, x2)
        primitive = name
        if p.dtype(x1) == "bool":
            primitive = _OF_BOOLS.get(name, name)
            if primitive not in _OF_BOOLS.values():
                x1, x2 = p.cast(x1, "int32"), p.cast(x2, "int32")
        return getattr(p, primitive)(x1, x2)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return {meaning}, element by element, dtypes promoted and shapes broadcast."
    return op("x1 x2", weak=True)(function)


globals().update({name: _float_function(name, meaning) for name, meaning in _FLOAT_FUNCTIONS.items()})
globals().update({name: _binary(name, meaning) for name, meaning in _BINARY.items()})
bitwise_left_shift, bitwise_right_shift = left_shift, right_shift  # noqa: F821  made by the table above


@op("x")
def negative(x):
    """Return -x. (...) -> (...)"""
    return p.negative(x)


@op("x")
def absolute(x):
    """Return |x|, whose gradient at 0 is 0. (...) -> (...)"""
    return x if p.dtype(x) == "bool" else p.abs(x)


def abs(x):
    """Return |x|: another name of absolute."""
    return absolute(x)


@op("x1 x2", weak=True)
def divide(x1, x2):
    """Return x1 / x2 as floats, shapes broadcast.

    >>> divide([1, 2], 4)
    array([0.25, 0.5 ], dtype=float32)
    """
    return p.divide(*promoted(x1, x2, floats=True))


true_divide = divide


@op("x1 x2", weak=True)
def divide_no_nan(x1, x2):
    """Return x1 / x2, and 0 where x2 is 0, with no gradient there."""
    x1, x2 = promoted(x1, x2, floats=True)
    empty = p.equal(x2, constant(0, x2))
    return p.where(empty, constant(0, x1), p.divide(x1, p.where(empty, constant(1, x2), x2)))


@op("x1 x2", weak=True)
def power(x1, x2):
    """Return x1 ** x2; 0 ** 0 is 1.

    Integers stay integers: they are raised in float64, exact below 2**53.
    """
    x1, x2 = promoted(x1, x2)
    dtype = p.dtype(x1)
    if dtypes.is_float(dtype):
        return p.power(x1, x2)
    return p.cast(p.power(p.cast(x1, "float64"), p.cast(x2, "float64")), "int32" if dtype == "bool" else dtype)


@op("x1 x2", weak=True)
def arctan2(x1, x2):
    """Return the angle of the point (x2, x1) in radians, from -pi to pi."""
    return p.arctan2(*promoted(x1, x2, floats=True))


# -- rounding and parts ------------------------------------------------------------------------------


def _kept_if_integer(x):
    return not dtypes.is_float(p.dtype(x))


@op("x")
def floor(x):
    """Return the largest integer not above x. (...) -> (...)"""
    return x if _kept_if_integer(x) else p.floor(x)


@op("x")
def ceil(x):
    """Return the smallest integer not below x. (...) -> (...)"""
    return x if _kept_if_integer(x) else p.negative(p.floor(p.negative(x)))


@op("x")
def round(x, decimals=0):
    """Return x rounded to a number of decimals, halves to even. (...) -> (...)"""
    if _kept_if_integer(x):
        return x
    if decimals == 0:
        return p.round(x)
    scale = constant(10.0**decimals, x)
    return p.divide(p.round(p.multiply(x, scale)), scale)


@op("x")
def trunc(x):
    """Return x without its fraction. (...) -> (...)"""
    return x if _kept_if_integer(x) else p.where(p.less(x, constant(0, x)), ceil(x), p.floor(x))


@op("x")
def sign(x):
    """Return -1, 0 or 1; NaN stays NaN, the gradient is 0. (...) -> (...)"""
    if p.dtype(x) == "bool":
        return x
    zero, one = constant(0, x), constant(1, x)
    rest = p.where(p.less(zero, x), one, p.stop_gradient(x))  # what is left is 0 or NaN
    if p.dtype(x) in dtypes.UNSIGNED:
        return rest
    return p.where(p.less(x, zero), p.negative(one), rest)


@op("x")
def square(x):
    """Return x * x. (...) -> (...)"""
    return multiply(x, x)  # noqa: F821


@op("x")
def reciprocal(x):
    """Return 1 / x. (...) -> (...)"""
    return divide(1, x)


@op("x")
def rsqrt(x):
    """Return 1 / sqrt(x). (...) -> (...)"""
    return divide(1, p.sqrt(as_float(x)))


@op("x")
def safe_sqrt(x):
    """Return sqrt(x) with gradient 0 at 0, as norms and deviations need. (...) -> (...)"""
    x = as_float(x)
    empty = p.equal(x, constant(0, x))
    return p.where(empty, constant(0, x), p.sqrt(p.where(empty, constant(1, x), x)))


@op("x")
def cbrt(x):
    """Return the cube root, of negative numbers too. (...) -> (...)"""
    x = as_float(x)
    size = p.power(p.abs(x), constant(1 / 3, x))
    return p.multiply(sign(x), size)


# -- exponentials and angles -------------------------------------------------------------------------


def _scaled_log(x, base):
    return p.divide(p.log(as_float(x)), constant(math.log(base), as_float(x)))


@op("x")
def log2(x):
    """Return the logarithm to base 2. (...) -> (...)"""
    return _scaled_log(x, 2)


@op("x")
def log10(x):
    """Return the logarithm to base 10. (...) -> (...)"""
    return _scaled_log(x, 10)


@op("x")
def exp2(x):
    """Return 2**x. (...) -> (...)"""
    x = as_float(x)
    return p.power(constant(2, x), x)


@op("x1 x2", weak=True)
def logaddexp(x1, x2):
    """Return log(exp(x1) + exp(x2)) without overflow."""
    x1, x2 = promoted(x1, x2, floats=True)
    same = p.equal(x1, x2)  # the difference of two infinities would be NaN
    gap = p.where(same, constant(0, x1), p.subtract(x1, x2))
    return p.add(p.maximum(x1, x2), p.log1p(p.exp(p.negative(p.abs(gap)))))


@op("x")
def tan(x):
    """Return the tangent of x in radians. (...) -> (...)"""
    x = as_float(x)
    return p.divide(p.sin(x), p.cos(x))


@op("x")
def sinh(x):
    """Return (exp(x) - exp(-x)) / 2. (...) -> (...)"""
    x = as_float(x)
    turn = _direction(x)
    grown = p.expm1(p.multiply(x, turn))
    whole = p.where(p.less(grown, constant(math.inf, x)), p.add(grown, p.divide(grown, p.add(grown, constant(1, x)))), grown)
    return p.multiply(p.multiply(constant(0.5, x), turn), whole)


def _direction(x):
    """Return -1 below 0, else 1: x times it is |x|, with a gradient at 0 too."""
    return p.where(p.less(x, constant(0, x)), constant(-1, x), constant(1, x))


@op("x")
def cosh(x):
    """Return (exp(x) + exp(-x)) / 2. (...) -> (...)"""
    x = as_float(x)
    return p.multiply(constant(0.5, x), p.add(p.exp(x), p.exp(p.negative(x))))


@op("x")
def arctan(x):
    """Return the angle whose tangent is x, in radians. (...) -> (...)"""
    x = as_float(x)
    return p.arctan2(x, constant(1, x))


@op("x")
def arcsin(x):
    """Return the angle whose sine is x, in radians; NaN beyond 1. (...) -> (...)"""
    x = as_float(x)
    one = constant(1, x)
    return p.arctan2(x, p.sqrt(p.multiply(p.subtract(one, x), p.add(one, x))))


@op("x")
def arccos(x):
    """Return the angle whose cosine is x, in radians; NaN beyond 1. (...) -> (...)"""
    x = as_float(x)
    one = constant(1, x)
    return p.arctan2(p.sqrt(p.multiply(p.subtract(one, x), p.add(one, x))), x)


@op("x")
def arcsinh(x):
    """Return the inverse of sinh. (...) -> (...)"""
    x = as_float(x)
    turn, one = _direction(x), constant(1, x)
    size = p.multiply(x, turn)
    squared = p.multiply(size, size)
    grown = p.add(size, p.divide(squared, p.add(one, p.sqrt(p.add(squared, one)))))
    return p.multiply(turn, p.log1p(grown))


@op("x")
def arccosh(x):
    """Return the inverse of cosh; NaN below 1. (...) -> (...)"""
    x = as_float(x)
    one = constant(1, x)
    return p.log(p.add(x, p.multiply(p.sqrt(p.subtract(x, one)), p.sqrt(p.add(x, one)))))


@op("x")
def arctanh(x):
    """Return the inverse of tanh. (...) -> (...)"""
    x = as_float(x)
    half = constant(0.5, x)
    return p.multiply(half, p.subtract(p.log1p(x), p.log1p(p.negative(x))))


# Giles 2010, "Approximating the erfinv function": two polynomials in w = -log(1 - x**2)
_ERFINV_CENTER = (2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727, 1.50140941)
_ERFINV_TAIL = (-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406, 2.83297682)


def _polynomial(coefficients, x):
    made = constant(coefficients[0], x)
    for coefficient in coefficients[1:]:
        made = p.add(p.multiply(made, x), constant(coefficient, x))
    return made


@op("x")
def erfinv(x):
    """Return the inverse of erf: Giles's approximation, then two steps of Newton. (...) -> (...)"""
    x = as_float(x)
    one = constant(1, x)
    w = p.negative(p.add(p.log1p(x), p.log1p(p.negative(x))))
    tail = p.less(constant(5, x), w)
    center = _polynomial(_ERFINV_CENTER, p.subtract(w, constant(2.5, x)))
    outside = _polynomial(_ERFINV_TAIL, p.subtract(p.sqrt(p.where(tail, w, constant(5, x))), constant(3, x)))
    y = p.multiply(p.where(tail, outside, center), x)
    inner = p.less(p.abs(x), one)
    for _ in range(2):
        slope = p.multiply(constant(2 / math.sqrt(math.pi), x), p.exp(p.negative(p.multiply(y, y))))
        step = p.divide(p.subtract(p.erf(y), x), slope)
        y = p.where(p.bitwise_and(inner, isfinite(step)), p.subtract(y, step), y)
    edge = p.divide(x, p.subtract(one, p.abs(x)))  # inf at 1, NaN never: beyond 1 the logarithms gave it
    return p.where(p.equal(p.abs(x), one), edge, y)


# -- comparison and logic ----------------------------------------------------------------------------


@op("x1 x2", weak=True)
def equal(x1, x2):
    """Return x1 == x2 as bool; NaN equals nothing."""
    return p.equal(*promoted(x1, x2))


@op("x1 x2", weak=True)
def not_equal(x1, x2):
    """Return x1 != x2 as bool."""
    return logical_not(equal(x1, x2))


@op("x1 x2", weak=True)
def less(x1, x2):
    """Return x1 < x2 as bool."""
    return p.less(*promoted(x1, x2))


@op("x1 x2", weak=True)
def greater(x1, x2):
    """Return x1 > x2 as bool."""
    return less(x2, x1)


@op("x1 x2", weak=True)
def less_equal(x1, x2):
    """Return x1 <= x2 as bool; False with NaN."""
    x1, x2 = promoted(x1, x2)
    return p.bitwise_or(p.less(x1, x2), p.equal(x1, x2))


@op("x1 x2", weak=True)
def greater_equal(x1, x2):
    """Return x1 >= x2 as bool; False with NaN."""
    return less_equal(x2, x1)


def _truth(x):
    return x if p.dtype(x) == "bool" else p.cast(x, "bool")


@op("x1 x2")
def logical_and(x1, x2):
    """Return whether both are true (not 0)."""
    return p.bitwise_and(_truth(x1), _truth(x2))


@op("x1 x2")
def logical_or(x1, x2):
    """Return whether either is true (not 0)."""
    return p.bitwise_or(_truth(x1), _truth(x2))


@op("x1 x2")
def logical_xor(x1, x2):
    """Return whether just one is true (not 0)."""
    return p.bitwise_xor(_truth(x1), _truth(x2))


@op("x")
def logical_not(x):
    """Return whether x is false (0). (...) -> (...)"""
    return p.bitwise_xor(_truth(x), p.full((), True, "bool"))


@op("x")
def bitwise_not(x):
    """Return x with every bit turned. (...) -> (...)"""
    ones = {"bool": True, **{name: 2 ** dtypes.bits(name) - 1 for name in dtypes.UNSIGNED}}.get(p.dtype(x), -1)
    return p.bitwise_xor(x, constant(ones, x))


bitwise_invert = bitwise_not


@op("x")
def isnan(x):
    """Return where x is NaN. (...) -> (...) bool"""
    return logical_not(p.equal(x, x))


@op("x")
def isinf(x):
    """Return where x is inf or -inf. (...) -> (...) bool"""
    x = as_float(x)
    return p.equal(p.abs(x), constant(math.inf, x))


@op("x")
def isfinite(x):
    """Return where x is neither infinite nor NaN. (...) -> (...) bool"""
    x = as_float(x)
    return p.less(p.abs(x), constant(math.inf, x))


@op("x1 x2", weak=True)
def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Return where |x1 - x2| <= atol + rtol * |x2|."""
    x1, x2 = promoted(x1, x2, floats=True)
    near = less_equal(absolute(p.subtract(x1, x2)), add(atol, multiply(rtol, absolute(x2))))  # noqa: F821
    same = p.bitwise_or(p.equal(x1, x2), p.bitwise_and(isfinite(x2), near))
    return p.bitwise_or(same, p.bitwise_and(isnan(x1), isnan(x2))) if equal_nan else same


# -- choice ------------------------------------------------------------------------------------------


@op("condition x1 x2", weak=True)
def where(condition, x1, x2):
    """Return x1 where the condition holds, else x2; shapes broadcast.

    >>> where([True, False], 1.0, 2.0)
    array([1., 2.], dtype=float32)
    """
    (condition,) = promoted(condition)
    return p.where(_truth(condition), *promoted(x1, x2))


@op("x x_min x_max", weak=True)
def clip(x, x_min, x_max):
    """Return x held within [x_min, x_max]; gradient 1 on the closed interval, 0 outside.

    Where x_min > x_max the result is x_max, as in NumPy.
    """
    x, x_min, x_max = promoted(x, x_min, x_max)
    if p.dtype(x) == "bool":
        x, x_min, x_max = (p.cast(y, "int32") for y in (x, x_min, x_max))
    raised = p.where(p.less(x, x_min), x_min, x)
    return p.where(p.less(x_max, raised), x_max, raised)


@op("x")
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """Return x with NaN and infinities replaced: by 0 and the largest finite numbers, unless given."""
    if not dtypes.is_float(p.dtype(x)):
        return x
    largest = float(dtypes.largest(p.dtype(x)))
    high, low = largest if posinf is None else posinf, -largest if neginf is None else neginf
    x = p.where(isnan(x), constant(nan, x), x)
    x = p.where(p.equal(x, constant(math.inf, x)), constant(high, x), x)
    return p.where(p.equal(x, constant(-math.inf, x)), constant(low, x), x)


@op("x", weak=True)
def cast(x, dtype):
    """Return x as another dtype; floats become integers by truncation, saturated, NaN as 0.

    A Python number becomes a float at once, not by way of the default float.

    >>> cast([1.7, -2.7], "int32")
    array([ 1, -2], dtype=int32)
    """
    dtype = dtypes.standardize(dtype)
    at_once = type(x) in (int, float) and dtypes.is_float(dtype)
    x = convert(scope.running(), x, dtype if at_once else None)
    return x if p.dtype(x) == dtype else p.cast(x, dtype)

