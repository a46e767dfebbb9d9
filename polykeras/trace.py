"""A step as data: the primitive calls that it makes, recorded once, run on any backend.

Recording runs the step on abstract arrays (spec.py), so it costs no arithmetic and checks every shape
and dtype. What is recorded is turned into a straight-line Python function over one backend's
primitives: no dispatch, no layers, no scopes remain in it. Compilers trace that function; eager
backends call it.
"""

import collections
import functools
import math

import numpy as np

from polykeras import contract, spec
from polykeras.nodes import Body, Node, count, used, work
from polykeras.ownership import Ownership
from polykeras.pruning import pruned
from polykeras.spec import Spec
from polykeras.writer import Writer


class Recorder:
    """A backend that writes down what is called, for one target backend.

    It meets the contract's primitives and functions of functions; the ops layer cannot tell it from
    any other backend.
    """

    name = "recorder"

    def __init__(self, target):
        self.target = target
        self.capabilities = target.capabilities - {"eager"}
        self.fused = target.fused
        self.blocks = [([], {})]
        self.reads = {}
        for name in contract.PRIMITIVES:
            setattr(self, name, self._primitive_call(name))

    is_array, shape, dtype = staticmethod(spec.is_array), staticmethod(spec.shape), staticmethod(spec.dtype)

    def to_numpy(self, x):
        """Refuse: there is no value yet."""
        spec.to_numpy(x)

    def devices(self):
        """Return the target's devices."""
        return self.target.devices()

    def from_numpy(self, value, device):
        """Record a constant."""
        value = np.asarray(value)
        if value.ndim == 0:
            return self.full((), value.item(), spec.dtypes.standardize(value.dtype))
        return self._emit("from_numpy", (value,), spec.from_numpy(value, device))

    def read(self, name, shape, dtype):
        """Return the state entry of this name, as the step finds it."""
        return self.reads.setdefault(name, Spec(shape, dtype))

    def value_and_grad(self, function, arrays):
        """Record a gradient."""
        body, value, aux = self._body(lambda xs: function(xs), arrays, "value_and_grad")
        spec.scalar_loss(value)
        outs = [spec.like(x) for x in (value, *aux, *arrays)]
        self._write("value_and_grad", (body, list(arrays)), outs)
        return outs[0], outs[1 : 1 + len(aux)], outs[1 + len(aux) :]

    def cond(self, predicate, true_function, false_function, operands):
        """Record a choice."""
        first, results = self._body(lambda xs: (true_function(xs),), operands, "cond")
        second, others = self._body(lambda xs: (false_function(xs),), operands, "cond")
        spec.same_specs("cond", results, others)
        return self._write("cond", (predicate, first, second, list(operands)), [spec.like(x) for x in results])

    def while_loop(self, condition, body, carry):
        """Record a loop."""
        test, _ = self._body(lambda xs: (condition(xs),), carry, "while_loop")
        step, results = self._body(lambda xs: (body(xs),), carry, "while_loop")
        spec.same_specs("while_loop", carry, results)
        return self._write("while_loop", (test, step, list(carry)), [spec.like(x) for x in carry])

    def scan(self, body, carry, xs, length):
        """Record a loop over the leading axis."""
        rows = [Spec(x.sizes[1:], x.dtype) for x in xs]
        count = len(carry)
        step, after, ys = self._body(lambda both: body(both[:count], both[count:]), [*carry, *rows], "scan", count)
        spec.same_specs("scan", carry, after)
        outs = [spec.like(x) for x in carry] + [Spec((length, *y.sizes), y.dtype) for y in ys]
        self._write("scan", (step, list(carry), list(xs), length), outs)
        return outs[:count], outs[count:]

    def finish(self, inputs, updates, outputs):
        """Return the Trace of everything recorded."""
        return Trace(inputs, self.reads, updates, outputs, self.blocks[0][0])

    def _primitive_call(self, name):
        rule = getattr(spec, name)
        parameters = contract.PRIMITIVES[name].parameters

        def call(*args, **kwargs):
            if kwargs:
                args += tuple(kwargs[parameter] for parameter in parameters[len(args) :])
            return self._emit(name, args, rule(*args))

        return call

    def record_fused(self, name, composition, args):
        """Record one call of a fused op, with its composition beside it."""
        key = _key(f"fused.{name}", args)
        if (seen := self._seen(key)) is not None:
            return seen
        around, self.blocks = self.blocks, [([], {})]  # it needs nothing but its arguments
        try:
            made = composition(*args)
        finally:
            ((nodes, _),), self.blocks = self.blocks, around
        single = isinstance(made, Spec)
        results = [made] if single else list(made)
        outs = [spec.like(x) for x in results]
        self._write(f"fused.{name}", args, outs, single, Body([], nodes, [made if single else results]))
        return self._keep(key, outs[0] if single else type(made)(outs), args)

    def _emit(self, operation, args, out):
        """Record a call, or return the array of an equal call recorded before."""
        key = _key(operation, args)
        if (seen := self._seen(key)) is not None:
            return seen
        self._write(operation, args, [out], True)
        return self._keep(key, out, args)

    def _seen(self, key):
        """Return what an equal call made that was recorded before and is in reach; None where there was none."""
        return next((seen[key][0] for _, seen in self.blocks if key in seen), None)

    def _keep(self, key, made, args):
        self.blocks[-1][1][key] = (made, args)  # args are kept so that their ids stay theirs
        return made

    def _write(self, operation, args, outs, single=False, composition=None):
        self.blocks[-1][0].append(Node(operation, args, outs, single, composition))
        return outs

    def _body(self, function, arrays, operation, split=None):
        parameters = [spec.like(x) for x in arrays]
        self.blocks.append(([], {}))
        try:
            results = function(parameters)
        finally:
            nodes, _ = self.blocks.pop()
        layout = [parameters] if split is None else [parameters[:split], parameters[split:]]
        return (Body(layout, nodes, list(results)), *results)


def _key(operation, args):
    return operation, tuple(_hashable(arg) for arg in args)


def _hashable(arg):
    if isinstance(arg, (Spec, np.ndarray)):
        return id(arg)
    if isinstance(arg, (tuple, list)):
        return tuple(_hashable(part) for part in arg)
    if isinstance(arg, float):
        return repr(arg)  # -0.0 is not 0.0, and 1.0 is not True
    return type(arg).__name__, arg


class Trace:
    """A recorded step.

    Attributes:
        inputs: Specs of a batch's arrays, in order.
        reads: {name: Spec} of the state that it uses.
        updates: {name: Spec} of the state that it changes.
        outputs: Specs of its results, in order.
    """

    def __init__(self, inputs, reads, updates, outputs, nodes):
        self.inputs, self.reads, self.updates, self.outputs = inputs, reads, updates, outputs
        self.nodes = pruned(nodes, [*updates.values(), *outputs])
        kept = {id(x) for x in used([node.args for node in self.nodes], [*updates.values(), *outputs])}
        self.reads = {name: x for name, x in reads.items() if id(x) in kept}

    @property
    def operations(self):
        """How often each operation is called, those of inner functions included."""
        counts = collections.Counter()
        count(self.nodes, counts)
        return counts

    @functools.cached_property
    def work(self):
        """About how much it does, in numbers made: a measure of how long a run of it is."""
        return work(self.nodes)

    def bind(self, backend, hoist=False):
        """Return function(state, inputs) -> (updates, outputs) over one backend's primitives.

        Args:
            backend: whose primitives and fused ops are called.
            hoist: make constants once, now, rather than in each call; for backends that run eagerly.
        """
        writer = Writer(self, hoist, Ownership(self, backend.fused).in_place(), backend.fused)
        names = {"b": backend, "fused": backend.fused, "constants": writer.constants, "inf": math.inf, "nan": math.nan}
        exec(compile(writer.source, f"<step on {backend.name}>", "exec"), names)
        return names["make"]()

    def borrowed(self, backend):
        """Return (names of updates, places of outputs) whose memory may be something else's too; see ownership.py."""
        return Ownership(self, backend.fused).borrowed()

    def keeps_inputs(self, backend):
        """Say whether an input may become state or a result as it is; see ownership.py."""
        return Ownership(self, backend.fused).keeps_inputs()

    def __str__(self):
        return Writer(self, False).source
