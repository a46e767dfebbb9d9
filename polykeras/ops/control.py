"""Ops that take functions: choices, loops, gradients of parts left out."""

from polykeras import scope, tree
from polykeras.errors import TracingError
from polykeras.ops.dispatch import convert, op, p


def _arrays(values):
    """Return the leaves of a tree as arrays, and its structure."""
    leaves, structure = tree.flatten(values)
    return [convert(scope.running(), leaf) for leaf in leaves], structure


class _Pure:
    """Calls a user's function on flat lists; what it assigns to Variables must not leak out of the loop."""

    def __init__(self, function, *structures):
        self.function, self.structures, self.result = function, structures, None

    def __call__(self, *groups):
        args = [tree.unflatten(structure, group) for structure, group in zip(self.structures, groups)]
        with scope.Scope(scope.running(), scope.current(), captures=True) as inside:
            made = self.function(*args)
        if inside.updates:
            names = ", ".join(variable.path for variable in inside.updates)
            raise TracingError(f"Variables were assigned inside cond, while_loop or scan: {names}. Return the values and assign them after it.")
        leaves, self.result = _arrays(made)
        return leaves


@op("pred", weak=False)
def cond(pred, true_fn, false_fn):
    """Return true_fn() where pred holds, else false_fn(); both give the same shapes and dtypes.

    >>> cond(True, lambda: 1, lambda: 2)
    array(1, dtype=int32)
    """
    empty = tree.structure([])
    first, second = _Pure(lambda _: true_fn(), empty), _Pure(lambda _: false_fn(), empty)
    truth = pred if p.dtype(pred) == "bool" else p.cast(pred, "bool")
    made = p.cond(truth, first, second, [])
    return tree.unflatten(first.result or second.result, made)


@op()
def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """Repeat body(*loop_vars) while cond(*loop_vars) holds; the values keep their shapes and dtypes."""
    start, structure = _arrays(tuple(loop_vars))
    whole = lambda made: tuple(made) if isinstance(made, (list, tuple)) else (made,)
    step = _Pure(lambda values: whole(body(*values)), structure)
    test = _Pure(lambda values: cond(*values), structure)
    if maximum_iterations is None:
        return tree.unflatten(structure, p.while_loop(lambda xs: _truth(test(xs)), step, start))
    limit = p.full((), maximum_iterations, "int32")
    one = p.full((), 1, "int32")
    counted = p.while_loop(
        lambda xs: p.bitwise_and(p.less(xs[0], limit), _truth(test(xs[1:]))),
        lambda xs: [p.add(xs[0], one), *step(xs[1:])],
        [p.full((), 0, "int32"), *start],
    )
    return tree.unflatten(structure, counted[1:])


def _truth(leaves):
    (value,) = leaves
    return p.cast(p.reshape(value, ()), "bool")


def fori_loop(lower, upper, body_fun, init_val):
    """Return the value after val = body_fun(i, val) for i from lower up to upper - 1."""
    return while_loop(lambda i, val: i < upper, lambda i, val: (i + 1, body_fun(i, val)), (lower, init_val))[1]


@op()
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """Carry a value along the leading axis: carry, y = f(carry, x); return (carry, stacked ys).

    Args:
        f: takes (carry, x), returns (carry, y); carry keeps its shapes and dtypes.
        init: the first carry, a tree of arrays.
        xs: a tree of arrays with equal leading axes, or None with a length.
        reverse: whether to go from the last to the first; ys keep the order of xs.
        unroll: taken for Keras's sake; how loops run is the backend's business.
    """
    start, carry_structure = _arrays(init)
    rows, row_structure = _arrays(xs)
    count = p.shape(rows[0])[0] if rows else length
    if reverse:
        rows = [p.flip(x, (0,)) for x in rows]
    results = []

    def whole(carry, row):
        after, y = f(carry, row)
        leaves, structure = _arrays(y)
        results[:] = [structure, len(leaves)]
        return [_arrays(after)[0], leaves]

    step = _Pure(whole, carry_structure, row_structure)

    def body(carry, row):
        flat = step(carry, row)
        return flat[: len(carry)], flat[len(carry) :]

    carry, ys = p.scan(body, start, rows, count)
    if reverse:
        ys = [p.flip(y, (0,)) for y in ys]
    return tree.unflatten(carry_structure, carry), tree.unflatten(results[0], ys)


@op()
def map(f, xs):
    """Return f(x) for each x of the leading axis, stacked."""
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


@op()
def vectorized_map(function, elements):
    """Return function(x) for each x of the leading axis, stacked."""
    return map(function, elements)


@op("index")
def switch(index, branches, *operands):
    """Return branches[index](*operands); the index is held within range."""
    return _switched(index, list(branches), operands, 0)


def _switched(index, branches, operands, number):
    if len(branches) == 1:
        return branches[0](*operands)
    here = p.less(index, p.full((), number + 1, p.dtype(index)))
    return cond(here, lambda: branches[0](*operands), lambda: _switched(index, branches[1:], operands, number + 1))
