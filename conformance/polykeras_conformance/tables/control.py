"""Cases of choices and loops, in primitives and in ops, with the gradients that pass through them."""

import numpy as np

from polykeras import ops
from polykeras.ops.dispatch import p
from polykeras_conformance import gradients
from polykeras_conformance.budgets import COMPOSED
from polykeras_conformance.cases import Case, numbers

X, Y = numbers("x", (4, 3), "float64"), numbers("y", (3,), "float64")


def number(value, like):
    """Return a scalar of an array's dtype."""
    return p.full((), value, p.dtype(like))


def positive(x):
    """Say whether the sum is above 0."""
    return p.less(number(0, x), p.sum(x, tuple(range(len(p.shape(x)))), False))


def chosen(x, y):
    """Use one branch or the other, of two arrays that come in as operands."""
    return p.cond(positive(x), lambda xs: [p.multiply(*xs), xs[1]], lambda xs: [p.add(*xs), p.negative(xs[1])], [x, y])


def enclosed(x, y):
    """Use arrays from around in the branches."""
    return p.cond(positive(x), lambda _: [p.exp(y), p.multiply(x, y)], lambda _: [p.sin(y), x], [])


def in_turn(x, y):
    """Choose within a choice."""
    inner = lambda xs: p.cond(positive(xs[1]), lambda zs: [p.exp(zs[0])], lambda zs: [p.tanh(zs[0])], xs)
    return p.cond(positive(x), inner, lambda xs: [p.negative(xs[0])], [x, y])


def poles(xs):
    """Return -inf everywhere, with an infinite slope."""
    return [p.log(p.subtract(xs[0], xs[0]))]


def guarded(x, y):
    """Choose what is finite, where the other branch is not."""
    return p.cond(positive(x), lambda xs: [p.multiply(*xs)], poles, [x, y])


def guarded_again(x, y):
    """Choose the second, where the first is not finite."""
    return p.cond(positive(x), poles, lambda xs: [p.multiply(*xs)], [x, y])


def doubled(x):
    """Double until the sum of squares is above 1000."""
    small = lambda xs: p.less(p.sum(p.multiply(xs[0], xs[0]), (0, 1), False), number(1000, x))
    return p.while_loop(small, lambda xs: [p.add(xs[0], xs[0]), p.add(xs[1], p.full((), 1, "int32"))], [x, p.full((), 0, "int32")])


def never(x):
    """Loop no time."""
    return p.while_loop(lambda xs: p.full((), False, "bool"), lambda xs: [p.exp(xs[0])], [x])


def exchanged(x, y):
    """Exchange two values three times, counting in int64."""
    three = lambda xs: p.less(xs[2], p.full((), 3, "int64"))
    return p.while_loop(three, lambda xs: [xs[1], p.multiply(xs[0], y), p.add(xs[2], p.full((), 1, "int64"))], [x, p.exp(x), p.full((), 0, "int64")])


def running(x, y):
    """Scan: a carry of two, outputs of two, an array from around."""

    def body(carry, rows):
        total, product = carry
        total, product = p.add(total, rows[0]), p.multiply(product, p.tanh(p.add(rows[0], y)))
        return [total, product], [p.multiply(total, product), p.sum(rows[0], (0,), False)]

    carry, ys = p.scan(body, [y, p.exp(y)], [x], p.shape(x)[0])
    return [*carry, *ys]


def two_rows(x, y):
    """Scan over two arrays of different shapes, one of them of integers."""
    places = p.arange(p.shape(x)[0], "int32")
    body = lambda carry, rows: ([p.add(carry[0], p.multiply(rows[0], p.cast(rows[1], p.dtype(x))))], [rows[1], carry[0]])
    carry, ys = p.scan(body, [y], [x, places], p.shape(x)[0])
    return [*carry, *ys]


def without_rows(y):
    """Scan so many times over nothing."""
    carry, ys = p.scan(lambda carry, _: ([p.sin(carry[0])], [carry[0]]), [y], [], 5)
    return [*carry, *ys]


def nested(x, y):
    """Scan within a scan, with a choice inside."""

    def row(carry, rows):
        step = lambda inner, _: ([p.cond(positive(inner[0]), lambda zs: [p.sin(zs[0])], lambda zs: [p.cos(zs[0])], [inner[0]])[0]], [])
        made, _ = p.scan(step, [p.add(carry[0], rows[0])], [], 2)
        return made, [p.multiply(made[0], y)]

    carry, ys = p.scan(row, [y], [x], p.shape(x)[0])
    return [*carry, *ys]


def inside(x, y):
    """Differentiate within a scan."""

    def body(carry, rows):
        _, _, slopes = p.value_and_grad(lambda zs: (p.sum(p.exp(p.multiply(zs[0], rows[0])), (0,), False), []), [carry[0]])
        return [p.subtract(carry[0], p.multiply(number(0.1, x), slopes[0]))], [slopes[0]]

    carry, ys = p.scan(body, [y], [x], p.shape(x)[0])
    return [*carry, *ys]


# label: (function, arrays, whether gradients pass: those of while_loop need not)
ROWS = {
    "cond-true": (chosen, [np.abs(X), Y], True),
    "cond-false": (chosen, [-np.abs(X), Y], True),
    "cond-enclosed-true": (enclosed, [np.abs(X), Y], True),
    "cond-enclosed-false": (enclosed, [-np.abs(X), Y], True),
    "cond-in-cond": (in_turn, [np.abs(X), X], True),
    "cond-guarded-true": (guarded, [np.abs(X), Y], True),
    "cond-guarded-false": (guarded_again, [-np.abs(X), Y], True),
    "while-data": (doubled, [X], False),
    "while-never": (never, [X], False),
    "while-exchange": (exchanged, [X, Y], False),
    "scan-two": (running, [X, Y], True),
    "scan-one-row": (running, [X[:1], Y], True),
    "scan-integers": (two_rows, [X, Y], True),
    "scan-no-rows": (without_rows, [Y], True),
    "scan-in-scan": (nested, [X, Y], True),
    "scan-gradient-inside": (inside, [X, Y], False),
    "ops-cond": (lambda x: ops.cond(ops.sum(x) > 0, lambda: {"a": x * 2.0}, lambda: {"a": x}), [X], True),
    "ops-while": (lambda x: ops.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * y), (0, x)), [X], False),
    "ops-while-limit": (lambda x: ops.while_loop(lambda y: True, lambda y: (y + 1.0,), (x,), maximum_iterations=4), [X], False),
    "ops-fori": (lambda x: ops.fori_loop(1, 4, lambda i, y: y * ops.cast(i, "float64"), x), [X], False),
    "ops-scan": (lambda x: ops.scan(lambda c, row: (c + row, {"p": c * row, "c": c}), x[0], x), [X], True),
    "ops-scan-reverse": (lambda x: ops.scan(lambda c, row: (c * row, c + row), x[0], x, reverse=True), [X], True),
    "ops-scan-length": (lambda x: ops.scan(lambda c, _: (ops.sin(c), c), x, length=3), [X], True),
    "ops-map": (lambda x: ops.map(lambda row: ops.exp(row) / ops.sum(row * row), x), [X], True),
    "ops-switch": (lambda x: [ops.switch(index, [lambda y: y, lambda y: y * 2.0, ops.exp], x) for index in (0, 1, 2, 7, -1)], [X], True),
    "ops-switch-data": (lambda x: ops.switch(ops.argmax(x[0]), [lambda y: y, lambda y: y * 2.0, ops.exp], x), [X], True),
}  # fmt: skip


def cases():
    """Yield each row as it is, and its gradient; eagerly a choice, a loop and a scan."""
    for label, (function, arrays, smooth) in ROWS.items():
        case = Case(label, label.partition("-")[0], function, arrays, COMPOSED)
        case.eager = label in ("cond-true", "cond-enclosed-false", "while-data", "scan-two", "ops-switch-data")
        yield case
        if smooth:
            slope = gradients.of_case(case, "float64")
            slope.id, slope.eager = f"{label}-gradient", label in ("cond-true", "scan-two")
            yield slope


CASES = list(cases())
