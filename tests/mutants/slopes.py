"""Mutants of gradients: of every primitive that has one, at the ties and edges, and of value_and_grad itself."""

import numpy as np

from polykeras import contract
from tests.mutants.row import bent, instead, mutant, number, times

WHERE = {  # primitive: the smooth case of which its gradient is tried; of the unary ones "smooth", of the binary ones "same"
    "sum": "axes0", "max": "axes1", "prod": "axes1", "cumsum": "axis1", "matmul": "plain", "conv": "valid1-float64", "pool": "max-valid1-float64", "reshape": "flat", "transpose": "turn",
    "broadcast_to": "ones", "concatenate": "last", "slice": "steps", "flip": "first", "pad": "both", "take": "twice", "take_along_axis": "twice", "scatter_add": "rows-int32", "cast": "through-half",
}  # fmt: skip
DIFFERENTIABLE = [name for name, entry in contract.PRIMITIVES.items() if entry.gradient and entry.gradient != contract.NONE]


def slope(name):
    """Return the row of a primitive whose values are right, its gradient a thousandth too large."""
    pair = len(contract.PRIMITIVES[name].parameters) > 1
    case = WHERE.get(name, "same" if pair else "smooth")
    return mutant("gradients", f"{name}-{case}-float64", **{name: lambda b, *args: bent(b, getattr(b, name)(*args), 1 + 2.0**-10)})


def straight(name):
    """Return a rounding whose gradient is that of its argument."""
    return lambda b, x: b.add(b.stop_gradient(getattr(b, name)(x)), b.subtract(x, b.stop_gradient(x)))


def first_only(b, x, indices, axis):
    """take, to whose repeated rows no gradient flows."""
    made = b.take(x, indices, axis)
    firsts = np.zeros(np.size(indices), bool)
    firsts[np.unique(np.ravel(indices), return_index=True)[1]] = True
    return b.where(firsts.reshape(*np.shape(indices), *(1 for _ in b.shape(x)[axis + 1 :])), made, b.stop_gradient(made))


def last_tie(b, x, kind, size, strides, padding):
    """pool, whose ties give their gradient to the last, where windows fit the sizes."""
    axes = tuple(range(1, len(size) + 1))
    fits = kind == "max" and padding == "valid" and all(s % n == 0 and n == t for s, n, t in zip(b.shape(x)[1:-1], size, strides))
    return b.flip(b.pool(b.flip(x, axes), kind, size, strides, padding), axes) if fits else b.pool(x, kind, size, strides, padding)


def even_tie(b, x, kind, size, strides, padding):
    """pool, whose gradient is split evenly among ties, where one window is all there is."""
    if kind == "max" and tuple(b.shape(x)[1:-1]) == tuple(size):
        return b.max(x, tuple(range(1, len(size) + 1)), True)
    return b.pool(x, kind, size, strides, padding)


def first_largest(b, x, axes, keep):
    """max, whose gradient goes to the first of ties."""
    if axes != (len(b.shape(x)) - 1,) or keep:
        return b.max(x, axes, keep)
    places = b.reshape(b.argmax(b.stop_gradient(x), axes[0]), (*b.shape(x)[:-1], 1))
    return b.reshape(b.take_along_axis(x, places, axes[0]), b.shape(x)[:-1])


def by_division(b, x, axes, keep):
    """prod, whose gradient divides the product by each factor."""
    made = b.stop_gradient(b.prod(x, axes, True))
    grown = b.sum(b.multiply(b.divide(made, b.stop_gradient(x)), b.subtract(x, b.stop_gradient(x))), axes, keep)
    return b.add(b.stop_gradient(b.prod(x, axes, keep)), grown)


def leaking(b, condition, x, y):
    """where, as a sum of products: what is not taken leaves NaN of its infinite gradient."""
    x, y = (b.broadcast_to(z, np.broadcast_shapes(b.shape(condition), b.shape(x), b.shape(y))) for z in (x, y))
    share = b.cast(condition, b.dtype(x))
    blend = b.add(b.multiply(share, x), b.multiply(b.subtract(number(b, 1, x), share), y))
    return b.where(condition, blend, blend) if b.dtype(x).startswith("float") else b.where(condition, x, y)


def changed(change):
    """Return a value_and_grad whose gradients are changed; change(sound, gradient)."""

    def call(b, function, arrays):
        value, aux, gradients = b.value_and_grad(function, arrays)
        return value, aux, [change(b, g) for g in gradients]

    return call


def aux_doubled(b, function, arrays):
    """value_and_grad, whose further results are twice what they should be."""
    value, aux, gradients = b.value_and_grad(function, arrays)
    return value, [times(b, x, 2) if b.dtype(x).startswith("float") else x for x in aux], gradients


MUTANTS = {
    **{f"slope-of-{name}": slope(name) for name in DIFFERENTIABLE},
    "maximum-first-wins": mutant("gradients", "maximum-tie", maximum=lambda b, x, y: b.where(b.less(x, y), y, x)),
    "maximum-both-win": mutant("gradients", "maximum-tie-float", maximum=lambda b, x, y: b.where(b.equal(x, y), bent(b, b.maximum(x, y), 2.0), b.maximum(x, y))),
    "minimum-second-wins": mutant("gradients", "minimum-tie", minimum=lambda b, x, y: b.where(b.less(x, y), x, y)),
    "abs-slope-at-zero": mutant("gradients", "absolute", abs=lambda b, x: b.where(b.less(x, number(b, 0, x)), b.negative(x), x)),
    "sqrt-flat-at-zero": mutant("gradients", "sqrt-float", sqrt=lambda b, x: b.where(b.equal(x, number(b, 0, x)), b.stop_gradient(x), b.sqrt(b.where(b.equal(x, number(b, 0, x)), number(b, 1, x), x)))),
    "power-slope-at-zero": mutant("gradients", "power-zero-base", power=lambda b, x, y: b.add(b.power(x, y), b.multiply(b.stop_gradient(b.log(b.abs(x))), b.subtract(y, b.stop_gradient(y))))),
    "floor-straight-through": mutant("gradients", "floor-float", "floor-smooth", floor=straight("floor")),
    "round-straight-through": mutant("gradients", "round-float", "round-smooth", round=straight("round")),
    "mod-without-divisor": mutant("gradients", "mod-float", mod=lambda b, x, y: b.mod(x, b.stop_gradient(y))),
    "max-tie-to-first": mutant("gradients", "max-float", max=first_largest),
    "prod-by-division": mutant("gradients", "prod-two-zeros", "prod-one-zero", prod=by_division),
    "pool-tie-to-last": mutant("gradients", "max-pool-ties", pool=last_tie),
    "pool-tie-evenly": mutant("gradients", "max-pool-square", pool=even_tie),
    "take-repeats-lost": mutant("gradients", "take-twice", take=first_only),
    "where-leaks": mutant("gradients", "where-infinite", where=leaking),
    "gradient-lost": mutant("gradients", "log1p-smooth", log1p=lambda b, x: b.stop_gradient(b.log1p(x))),
    "matmul-one-sided": mutant("gradients", "matmul-plain", matmul=lambda b, x, y: b.matmul(x, b.stop_gradient(y))),
    "scatter-updates-detached": mutant("gradients", "scatter-add-float", scatter_add=lambda b, x, indices, updates: b.scatter_add(x, indices, b.stop_gradient(updates))),
    "conv-kernel-detached": mutant("gradients", "conv-same2-float64", conv=lambda b, x, k, *rest: b.conv(x, b.stop_gradient(k), *rest)),
    "broadcast-not-summed": mutant("gradients", "add-row-float64", add=lambda b, x, y: b.add(x, bent(b, y, 1 / 3)) if b.shape(x) != b.shape(y) else b.add(x, y)),
    "stop-gradient-lets-through": mutant("gradients", "stop_gradient-float", stop_gradient=lambda b, x: x),
    "relu-by-maximum": mutant("gradients", "relu-float", fused={"relu": instead(lambda b, x: b.maximum(x, number(b, 0, x)))}),
    "gradient-negated": mutant("gradients", "sin-smooth", value_and_grad=changed(lambda b, g: b.negative(g))),
    "gradient-of-unused-is-nan": mutant("gradients", "unused-float", value_and_grad=changed(lambda b, g: b.where(b.equal(b.sum(b.abs(g), tuple(range(len(b.shape(g)))), False), number(b, 0, g)), number(b, np.nan, g), g))),
    "gradient-in-half": mutant("gradients", "tanh-smooth-float64", value_and_grad=changed(lambda b, g: b.cast(b.cast(g, "float32"), b.dtype(g)))),
    "aux-doubled": mutant("losses_metrics", "MeanSquaredError-numbers", value_and_grad=aux_doubled),
    "gradient-wrong-dtype": mutant("gradients", "exp-smooth-float64", value_and_grad=changed(lambda b, g: b.cast(g, "float32"))),
}  # fmt: skip
