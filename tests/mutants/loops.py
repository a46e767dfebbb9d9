"""Mutants of choices and loops, and of the numeric mode."""

import numpy as np

from tests.mutants.row import mutant, number, shortened


def once_more(b, condition, body, carry):
    """while_loop, with a round too many."""
    return body(b.while_loop(condition, body, carry))


def once_less(b, condition, body, carry):
    """while_loop, with a round too few."""
    while condition(carry):
        after = body(carry)
        if not condition(after):
            return carry
        carry = after
    return carry


def at_least_once(b, condition, body, carry):
    """while_loop, which asks after the round."""
    return b.while_loop(condition, body, body(carry))


def blended(b, predicate, first, second, xs):
    """cond, of both functions' results, one of them times 0."""
    share = {kind: b.cast(predicate, kind) for kind in ("float32", "float64")}
    taken, left = first(xs), second(xs)

    def mixed(x, y):
        part = share.get(b.dtype(x))
        return b.where(predicate, x, y) if part is None else b.add(b.multiply(part, x), b.multiply(b.subtract(number(b, 1, part), part), y))

    return [mixed(x, y) for x, y in zip(taken, left)]


def chosen(b, predicate, first, second, xs):
    """cond, which runs both functions and chooses from their results."""
    return [b.where(predicate, x, y) for x, y in zip(first(xs), second(xs))]


def turned(b, body, carry, xs, length):
    """scan, whose rows come out from the last to the first."""
    carry, ys = b.scan(body, carry, xs, length)
    return carry, [b.flip(y, (0,)) for y in ys]


def backwards(b, body, carry, xs, length):
    """scan, from the last row to the first."""
    return b.scan(body, carry, [b.flip(x, (0,)) for x in xs], length)


def carry_before(b, body, carry, xs, length):
    """scan, which returns the carry that its last row found."""
    if length == 1:
        return carry, b.scan(body, carry, xs, length)[1]
    made, _ = b.scan(body, carry, [b.slice(x, (0,) * len(b.shape(x)), (length - 1, *b.shape(x)[1:]), (1,) * len(b.shape(x))) for x in xs], length - 1)
    return made, b.scan(body, carry, xs, length)[1]


def detached_carry(b, body, carry, xs, length):
    """scan, through whose carry no gradient flows."""
    return b.scan(lambda held, rows: body([b.stop_gradient(x) for x in held], rows), carry, xs, length)


MUTANTS = {
    # -- choices and loops
    "cond-swapped": mutant("control", "cond-true", cond=lambda b, predicate, first, second, xs: b.cond(predicate, second, first, xs)),
    "cond-blends-both": mutant("control", "cond-guarded", cond=blended),
    "cond-differentiates-both": mutant("control", "cond-guarded-false-gradient", cond=chosen),
    "while-once-more": mutant("control", "while-data", while_loop=once_more),
    "while-once-less": mutant("control", "while-data", while_loop=once_less),
    "while-at-least-once": mutant("control", "while-never", while_loop=at_least_once),
    "scan-backwards": mutant("control", "scan-two", scan=backwards),
    "scan-rows-turned": mutant("control", "scan-two", scan=turned),
    "scan-carry-before": mutant("control", "scan-one-row", "scan-two", scan=carry_before),
    "scan-carry-detached": mutant("control", "scan-two-gradient", scan=detached_carry),
    # -- the numeric mode
    "mode-tf32-declared": mutant("mode", "test_declared", numeric_mode=lambda b: {"tf32": True}),
    "mode-tf32-undeclared": mutant("mode", "test_products_are_whole", matmul=lambda b, x, y: b.matmul(shortened(b, x, 13), shortened(b, y, 13))),
    "mode-tf32-convolutions": mutant("mode", "conv-value", conv=lambda b, x, k, *rest: b.conv(shortened(b, x, 13), k, *rest)),
    "mode-tf32-backward": mutant("mode", "matmul-gradient", value_and_grad=lambda b, f, xs: (lambda v, aux, gs: (v, aux, [shortened(b, g, 13) for g in gs]))(*b.value_and_grad(f, xs))),
    "mode-flushes": mutant("mode", "test_subnormals", multiply=lambda b, x, y: b.where(b.less(b.abs(b.multiply(x, y)), number(b, np.finfo(b.dtype(x)).tiny, x)), number(b, 0, x), b.multiply(x, y))),
    "mode-brain": mutant("mode", "test_products_are_whole", matmul=lambda b, x, y: shortened(b, b.matmul(x, y), 16)),
}  # fmt: skip
