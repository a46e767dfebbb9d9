"""Symbolic tensors and the graph of calls that made them: what functional models are built from."""

import itertools

from polykeras import dtypes, masks, naming, spec, tree
from polykeras.errors import DTypeError, TracingError
from polykeras.ops import dispatch, operators
from polykeras.scope import Scope
from polykeras.sizes import Size, visible
from polykeras.spec import Spec

BATCH = Size.named("batch")  # one for all inputs: batches that meet have one size
_unknown = itertools.count()


def sizes_of(shape, batch=False):
    """Return a shape with a Size in place of each None; the first is the batch where told."""
    return tuple(
        (BATCH if batch and axis == 0 else Size.named(f"size{next(_unknown)}")) if size is None else int(size)
        for axis, size in enumerate(shape)
    )


class KerasTensor(dispatch.Symbolic):
    """A tensor that has a shape and a dtype, but no value yet.

    Attributes:
        shape: tuple of ints, None where unknown.
        dtype: name of the dtype.
        node: the Node that made it; None where it was not made by a call.
    """

    def __init__(self, shape, dtype="float32", sparse=False, ragged=False, record_history=True, name=None, node=None, **kwargs):
        if sparse or ragged:
            raise DTypeError("KerasTensor: sparse and ragged tensors are not supported; got one. Pad them, or use dense arrays.")
        self.sizes = sizes_of(shape, batch=True) if None in shape else tuple(shape)
        self.dtype = dtypes.standardize(dtype)
        self.name = name or naming.automatic("keras_tensor")
        self.node = node
        self.mask_spec = None

    @property
    def shape(self):
        """The shape, None where unknown."""
        return visible(self.sizes)

    @property
    def ndim(self):
        """Number of axes."""
        return len(self.sizes)

    @property
    def spec(self):
        """Shape and dtype alone."""
        return Spec(self.sizes, self.dtype)

    def apply_op(self, op, args, kwargs):
        """Record op(*args, **kwargs) as a node of the graph."""
        return symbolic_call(OpCall(op), args, kwargs)

    def __repr__(self):
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def __len__(self):
        return self.sizes[0].__index__()

    def _no_value(self, *_):
        raise TracingError(
            f"A symbolic input of shape {self.shape} has no value, so Python and NumPy cannot use it. "
            "Use polykeras.ops on it, or a Lambda layer."
        )

    __bool__ = __int__ = __float__ = __index__ = __array__ = _no_value


operators.install(KerasTensor)


class OpCall:
    """An op as an operation of the graph."""

    def __init__(self, op):
        self.op = op
        self.name = naming.automatic(op.__name__.strip("_"))
        self.inbound_nodes = []

    def __call__(self, *args, **kwargs):
        return self.op(*args, **kwargs)


class Node:
    """One call in the graph: an operation, its arguments (KerasTensors among them), its results."""

    def __init__(self, operation, args, kwargs, outputs):
        self.operation, self.args, self.kwargs, self.outputs = operation, args, kwargs, outputs
        self.inputs = symbols((args, kwargs))
        operation.inbound_nodes.append(self)

    def call(self, values):
        """Call the operation with real arrays in place of the symbolic ones."""
        args, kwargs = substituted((self.args, self.kwargs), lambda x: values[id(x)])
        return self.operation(*args, **kwargs)


def symbols(nested):
    """Return the KerasTensors in nested arguments, in order."""
    return [x for x in tree.leaves(nested) if isinstance(x, KerasTensor)]


def substituted(nested, function):
    """Return nested arguments with every KerasTensor replaced."""
    return tree.map_structure(lambda x: function(x) if isinstance(x, KerasTensor) else x, nested)


def symbolic_call(operation, args, kwargs, run=None):
    """Return the symbolic results of a call, found by running it on shapes alone.

    Args:
        operation: what the node calls; it keeps its nodes in `inbound_nodes`.
        run: what to run for the shapes; the operation itself where None.
    """
    with Scope(spec, captures=True):  # what it assigns is no value, and is let go
        made = (run or operation)(*substituted(args, _specs), **substituted(kwargs, _specs))
    outputs = tree.map_structure(_symbol, made)
    node = Node(operation, args, kwargs, outputs)
    for output in symbols(outputs):
        output.node = node
    return outputs


def _symbol(made):
    if not isinstance(made, Spec):
        return made
    symbol = KerasTensor(made.sizes, made.dtype)
    symbol.mask_spec = masks.get_mask(made)
    return symbol


def _specs(symbol):
    """Return a Spec for a symbol, carrying its mask."""
    made = symbol.spec
    masks.set_mask(made, symbol.mask_spec)
    return made


def ordered_nodes(inputs, outputs):
    """Return the nodes that lead from inputs to outputs, each behind those that it needs.

    Raises:
        ValueError: an output hangs on something that is not among the inputs.
    """
    known, done, order = {id(x) for x in inputs}, set(), []
    stack = [(x, False) for x in reversed(outputs)]
    while stack:
        symbol, ready = stack.pop()
        node = symbol.node
        if id(symbol) in known or node is not None and id(node) in done:
            continue
        if node is None:
            raise ValueError(f"Model: the outputs need {symbol!r}, which is not among the inputs. Pass it in inputs=.")
        if ready:
            done.add(id(node))
            order.append(node)
        else:
            stack.append((symbol, True))
            stack.extend((x, False) for x in reversed(node.inputs))
    return order
