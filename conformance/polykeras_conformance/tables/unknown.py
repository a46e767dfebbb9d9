"""Functions of a batch whose size is not known when they are recorded: None in the shapes."""

from polykeras import ops
from polykeras.ops.dispatch import OPS, p
from polykeras_conformance.budgets import EXACT
from polykeras_conformance.gradients import gradient
from polykeras_conformance.unknown import Unknown


def sizes(x):
    """Return the batch's size as an array."""
    return p.full((), p.shape(x)[0], "float32")


def of(name, *args, **kwargs):
    """Return a call of an op."""
    return lambda *xs: OPS[name](*xs, *args, **kwargs)


def row(label, function, *shapes, **options):
    """Return a case whose numbers are moved, and none changed."""
    return Unknown(label, function, *shapes, budget=EXACT, group="moved", **options)


MOVED = [
    row("identity", lambda x: x, (None, 3)),
    row("flatten-and-back", lambda x: ops.reshape(ops.reshape(x, (-1, 12)), (-1, 3, 4)), (None, 3, 4)),
    row("rows-of-batch", lambda x: ops.reshape(x, (ops.shape(x)[0] * 3, 4)), (None, 3, 4)),
    row("all-flat", of("ravel"), (None, 3)),
    row("transpose", of("transpose"), (None, 3)),
    row("stacked", lambda x: ops.stack([x, x]), (None, 3)),
    row("doubled", lambda x: ops.concatenate([x, x], 0), (None, 3)),
    row("concatenated", lambda x, y: ops.concatenate([x, y], 1), (None, 3), (None, 2)),
    row("with-a-row", lambda x, y: ops.concatenate([y, x], 0), (None, 3), (1, 3)),
    row("tile", of("tile", (2, 3)), (None, 3)),
    row("repeat", of("repeat", 2, 0), (None, 3)),
    row("pad", lambda x: p.pad(x, ((1, 2), (0, 1)), 0), (None, 3)),
    row("flip", of("flip", 0), (None, 3)),
    row("roll", of("roll", 1, 1), (None, 3)),
    row("every-other", lambda x: x[::2], (None, 3)),
    row("first-row", lambda x: x[:1], (None, 3)),
    row("last-column", lambda x: x[:, -1], (None, 3)),
    row("split", of("split", 2, 1), (None, 4)),
    row("expand", of("expand_dims", (0, -1)), (None, 3)),
    row("spread", lambda x: p.broadcast_to(p.reshape(x, (1, p.shape(x)[0], 3)), (2, p.shape(x)[0], 3)), (None, 3)),
    row("take-rows", lambda x, i: ops.take(x, i, axis=0), (4, 3), (None, 2), dtypes=("float32", "int32")),
    row("take-along", lambda x, i: ops.take_along_axis(x, i, axis=1), (None, 3), (None, 2), dtypes=("float32", "int32")),
    row("one-hot", lambda i: ops.one_hot(i, 3), (None,), dtypes=("int32",)),
    row("argsort", lambda x: ops.argsort(x, 0), (None, 3)),
    row("argmax", lambda x: ops.argmax(x, axis=0), (None, 3)),
    row("top-k", of("top_k", 2), (None, 4)),
    row("zeros-like", lambda x: ops.zeros_like(x), (None, 3)),
    row("full-like-batch", lambda x: p.full((p.shape(x)[0], 2), 7, "int32"), (None, 3)),
    row("count", lambda x: p.arange(p.shape(x)[0], "int32"), (None, 3)),
    row("size-as-number", sizes, (None, 3)),
    row("size-of-two", lambda x: p.full((), p.shape(x)[0] * 4 + 1, "int32"), (None, 3)),
    row("cast", lambda x: p.cast(x, "int32"), (None, 3)),
    row("less", lambda x, y: p.less(x, y), (None, 3), (3,)),
    row("max-pool", of("max_pool", 2, 2, "same"), (None, 5, 4, 2)),
]
COMPUTED = [
    Unknown("bias", lambda x, y: x + y, (None, 3), (3,)),
    Unknown("mean-of-batch", of("mean", 0), (None, 3)),
    Unknown("mean-of-all", of("mean"), (None, 3)),
    Unknown("variance-of-batch", of("var", 0), (None, 3)),
    Unknown("running-sum", of("cumsum", 0), (None, 3)),
    Unknown("running-product", of("cumprod", 1), (None, 3)),
    Unknown("softmax", of("softmax"), (None, 3)),
    Unknown("matmul", of("matmul"), (None, 3), (3, 4)),
    Unknown("products", of("matmul"), (None, 2, 3), (None, 3, 4)),
    Unknown("gram", lambda x: ops.matmul(ops.transpose(x), x), (None, 3)),
    Unknown("batch-by-batch", lambda x: ops.matmul(x, ops.transpose(x)), (None, 3)),
    Unknown("einsum", lambda x, y: ops.einsum("bij,jk->bik", x, y), (None, 2, 3), (3, 4)),
    Unknown("conv", of("conv", 1, "same"), (None, 5, 4, 2), (3, 2, 2, 3)),
    Unknown("average-pool", of("average_pool", 2, 2, "same"), (None, 5, 4, 2)),
    Unknown("layer-normalization", of("layer_normalization"), (None, 3)),
    Unknown("segments", lambda x, i: OPS["segment_sum"](x, i, 4), (None, 3), (None,), dtypes=("float32", "int32")),
    Unknown("crossentropy", lambda x, i: ops.sparse_categorical_crossentropy(i, x, True), (None, 3), (None,), dtypes=("float32", "int32")),
    Unknown("attention", of("dot_product_attention"), (None, 3, 2, 4), (None, 5, 2, 4), (None, 5, 2, 4)),
    Unknown("lstm", of("lstm"), (None, 4, 3), (None, 2), (None, 2), (3, 8), (2, 8), (8,)),
    Unknown("scan-over-time", lambda x: ops.scan(lambda c, row: (c + row, c * row), x[:, 0], ops.transpose(x, (1, 0, 2))), (None, 4, 3)),
    Unknown("choice", lambda x: ops.cond(p.less(sizes(x), p.full((), 2.5, "float32")), lambda: x * 2.0, lambda: x), (None, 3)),
    Unknown("loop", lambda x: ops.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 1.5), (0, x)), (None, 3)),
    Unknown("gradient", gradient(lambda x, w: ops.tanh(ops.matmul(x, w)), (0, 1), lambda made: ops.mean(made * made)), (None, 3), (3, 2)),
    Unknown("gradient-of-spread", gradient(lambda x, b: x * b, (0, 1), lambda made: ops.mean(made * made)), (None, 3), (1, 3)),
    Unknown("gradient-of-max", gradient(of("max", 0), (0,), lambda made: ops.sum(made * made)), (None, 3)),
    Unknown("gradient-of-flatten", gradient(lambda x: ops.reshape(x, (-1, 6)), (0,), lambda made: ops.mean(made * made)), (None, 2, 3)),
    Unknown("gradient-of-slice", gradient(lambda x: x[::2], (0,), lambda made: ops.mean(made * made)), (None, 3)),
    Unknown("gradient-of-take", gradient(lambda w: ops.take(w, [2, 2, 0], axis=1), (0,), lambda made: ops.mean(made * made)), (None, 3)),
]

CASES = [*MOVED, *COMPUTED]
