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
from polykeras.errors import TracingError
from polykeras.ownership import Ownership
from polykeras.sizes import Floor, Size, is_static
from polykeras.spec import Spec

HIGHER = ("value_and_grad", "cond", "while_loop", "scan")


class Node:
    """One call: the operation's name, its arguments, and the arrays it makes."""

    __slots__ = ("operation", "args", "outs", "single")

    def __init__(self, operation, args, outs, single):
        self.operation, self.args, self.outs, self.single = operation, args, outs, single


class Body:
    """A function that a call takes: parameters, calls and results (nested lists of arrays)."""

    def __init__(self, parameters, nodes, results):
        self.parameters, self.nodes, self.results = parameters, nodes, results


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
        """Record one call of a fused op; its composition, thrown away, tells what it makes."""
        key = _key(f"fused.{name}", args)
        if (seen := self._seen(key)) is not None:
            return seen
        self.blocks.append(([], {}))
        try:
            made = composition(*args)
        finally:
            self.blocks.pop()
        single = isinstance(made, Spec)
        outs = [spec.like(x) for x in ([made] if single else made)]
        self._write(f"fused.{name}", args, outs, single)
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

    def _write(self, operation, args, outs, single=False):
        self.blocks[-1][0].append(Node(operation, args, outs, single))
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
        self.nodes = _live(nodes, [*updates.values(), *outputs])
        kept = set()
        _collect(self.nodes, kept)
        kept.update(id(x) for x in (*updates.values(), *outputs))
        self.reads = {name: x for name, x in reads.items() if id(x) in kept}

    @property
    def operations(self):
        """How often each operation is called, those of inner functions included."""
        counts = collections.Counter()
        _count(self.nodes, counts)
        return counts

    @functools.cached_property
    def numbers(self):
        """How many numbers it computes, a gradient not counted apart: a measure of how long a run of it is."""
        return _numbers(self.nodes)

    def bind(self, backend, hoist=False):
        """Return function(state, inputs) -> (updates, outputs) over one backend's primitives.

        Args:
            backend: whose primitives and fused ops are called.
            hoist: make constants once, now, rather than in each call; for backends that run eagerly.
        """
        writer = Writer(self, hoist, Ownership(self, used, backend.fused).in_place(), {name for name, entry in backend.fused.items() if entry.together})
        names = {"b": backend, "fused": backend.fused, "constants": writer.constants, "inf": math.inf, "nan": math.nan}
        exec(compile(writer.source, f"<step on {backend.name}>", "exec"), names)
        return names["make"]()

    def borrowed(self, backend):
        """Return (names of updates, places of outputs) whose memory may be something else's too; see ownership.py."""
        return Ownership(self, used, backend.fused).borrowed()

    def __str__(self):
        return Writer(self, False).source


def used(arg, found):
    """Collect the arrays that an argument mentions, free ones of inner functions included."""
    if isinstance(arg, Spec):
        found.append(arg)
    elif isinstance(arg, (tuple, list)):
        for part in arg:
            used(part, found)
    elif isinstance(arg, Body):
        used(arg.results, found)
        for node in arg.nodes:
            used(node.args, found)
    return found


def _live(nodes, wanted):
    """Return the nodes that the wanted arrays need, inner functions trimmed likewise."""
    needed = {id(x) for x in used(wanted, [])}
    kept = []
    for node in reversed(nodes):
        if any(id(x) in needed for x in node.outs):
            if node.operation == "scan":
                _trim_scan(node, needed)
            for arg in node.args:
                if isinstance(arg, Body):
                    arg.nodes = _live(arg.nodes, arg.results)
            needed.update(id(x) for x in used(node.args, []))
            kept.append(node)
    return kept[::-1]


def _trim_scan(node, needed):
    """Leave out of a scan what it collects or carries and nobody needs, and the rows that are for that alone."""
    body, start, xs, length = node.args
    (before, rows), (after, ys) = body.parameters, body.results
    ends, collected = node.outs[: len(start)], node.outs[len(start) :]
    shown = [place for place, out in enumerate(collected) if id(out) in needed]
    carried, more = None, {place for place, out in enumerate(ends) if id(out) in needed}
    while carried != more:
        carried = more
        reached = _reached(body.nodes, [*(after[place] for place in carried), *(ys[place] for place in shown)])
        more = carried | {place for place, x in enumerate(before) if id(x) in reached}
    carried, read = sorted(carried), [place for place, x in enumerate(rows) if id(x) in reached]
    of = lambda arrays, places: [arrays[place] for place in places]
    trimmed = Body([of(before, carried), of(rows, read)], body.nodes, [of(after, carried), of(ys, shown)])
    node.args = (trimmed, of(start, carried), of(xs, read), length)
    node.outs = of(ends, carried) + of(collected, shown)


def _reached(nodes, wanted):
    """Return the ids of all arrays that the wanted ones are made of."""
    needed = {id(x) for x in used(wanted, [])}
    for node in reversed(nodes):
        if any(id(x) in needed for x in node.outs):
            needed.update(id(x) for x in used(node.args, []))
    return needed


def _collect(nodes, found):
    for node in nodes:
        found.update(id(x) for x in used(node.args, []))


def _count(nodes, counts):
    for node in nodes:
        counts[node.operation] += 1
        for arg in node.args:
            if isinstance(arg, Body):
                _count(arg.nodes, counts)


def _numbers(nodes):
    made = sum(math.prod(out.sizes) for node in nodes for out in node.outs)
    times = lambda node: node.args[-1] if node.operation == "scan" else 1
    return made + sum(times(node) * _numbers(arg.nodes) for node in nodes for arg in node.args if isinstance(arg, Body))


class Writer:
    """Writes a Trace as the source of a Python function."""

    def __init__(self, trace, hoist, in_place=frozenset(), together=frozenset()):
        self.names, self.constants, self.hoisted, self.same = {}, [], set(), {}
        self.hoist, self.in_place, self.together = hoist, in_place, together
        self.prelude, self.fused = [], {}
        self.unknowns = {}
        lines = self._head(trace)
        lines += self._lines(trace.nodes, [*trace.updates.values(), *trace.outputs], 2)
        updates = ", ".join(f"{name!r}: {self._text(x)}" for name, x in trace.updates.items())
        lines.append(f"        return {{{updates}}}, {self._text(list(trace.outputs))}")
        self.source = "\n".join(["def make():", *self._aliases(trace), *self.prelude, "    def step(state, inputs):", *lines, "    return step"])

    def _aliases(self, trace):
        plain = {name for name in trace.operations if not name.startswith("fused.")} | {"shape"}
        fused = sorted(name.partition(".")[2] for name in trace.operations if name.startswith("fused."))
        over = sorted({node.operation[6:] for node in trace.nodes if id(node) in self.in_place})
        many = [name for name in over if name in self.together]
        return [
            *(f"    p_{name} = b.{name}" for name in sorted(plain)),
            *(f"    f_{name} = fused[{name!r}].function" for name in fused),
            *(f"    i_{name} = fused[{name!r}].in_place" for name in over),
            *(f"    t_{name} = fused[{name!r}].together" for name in many),
        ]

    def _head(self, trace):
        lines = []
        for index, x in enumerate(trace.inputs):
            lines.append(f"        {self._name(x)} = inputs[{index}]")
            for axis, size in enumerate(x.sizes):
                if not is_static(size) and str(size) not in self.unknowns:
                    self.unknowns[str(size)] = f"n{len(self.unknowns)}"
                    lines.append(f"        {self.unknowns[str(size)]} = p_shape({self._name(x)})[{axis}]")
        for name, x in trace.reads.items():
            lines.append(f"        {self._name(x)} = state[{name!r}]")
        return lines

    def _lines(self, nodes, results, depth):
        """Return the lines of some calls, each array dropped after its last use."""
        margin, lines = "    " * depth, []
        for node in nodes:
            if _changes_nothing(node):
                self.same[id(node.outs[0])] = self._root(node.args[0])
        nodes = [node for node in nodes if id(node.outs[0]) not in self.same]
        last = {id(self._root(x)): None for x in used(results, [])}
        drops = collections.defaultdict(list)
        for node in reversed(nodes):
            for x in map(self._root, used(node.args, []) + node.outs):
                if id(x) not in last:
                    last[id(x)] = node
                    drops[id(node)].append(x)
        local = {id(x) for node in nodes for x in node.outs}
        for group in self._groups(nodes):
            if self._is_constant(group[0]):
                self.hoisted.update(id(x) for x in group[0].outs)
                self.prelude.append(self._call(group[0], 1, self.prelude))
                continue
            lines.append(self._call(group[0], depth, lines) if len(group) == 1 else self._calls(group, margin))
            dropped = [self._name(x) for node in group for x in drops[id(node)] if id(x) in local and id(x) not in self.hoisted]
            if dropped:
                lines.append(f"{margin}del {', '.join(dropped)}")
        return lines

    def _groups(self, nodes):
        """Yield lists of one call, or of several calls in a row of a fused op that works in place on many arrays together."""
        group, made = [], set()
        for node in nodes:
            joins = id(node) in self.in_place and node.operation[6:] in self.together
            if group and not (joins and node.operation == group[0].operation and made.isdisjoint(map(id, used(node.args, [])))):
                yield group
                group, made = [], set()
            group.append(node)
            made.update(id(x) for x in node.outs)
            if not joins:
                yield group
                group, made = [], set()
        if group:
            yield group

    def _calls(self, group, margin):
        """Return the line of several calls of a fused op together."""
        targets = ", ".join(self._targets(node) for node in group)
        return f"{margin}{targets} = t_{group[0].operation[6:]}([{', '.join(self._text(tuple(node.args)) for node in group)}])"

    def _root(self, x):
        """Return the array that an array is, where the call that made it changed nothing."""
        return self.same.get(id(x), x)

    def _is_constant(self, node):
        if not self.hoist or node.operation in HIGHER or node.operation.startswith("fused."):
            return False
        return all(id(self._root(x)) in self.hoisted for x in used(node.args, [])) and not _has_size(node.args)

    def _call(self, node, depth, lines):
        args = [self._argument(arg, depth, lines) for arg in node.args]
        fused = node.operation.startswith("fused.")
        function = f"{'i' if id(node) in self.in_place else 'f'}_{node.operation[6:]}" if fused else f"p_{node.operation}"
        if node.operation == "from_numpy":
            args.append("None")
        return f"{'    ' * depth}{self._targets(node)} = {function}({', '.join(args)})"

    def _targets(self, node):
        names = [self._name(x) for x in node.outs]
        if node.single:
            return names[0]
        groups = {
            "value_and_grad": lambda: self._gradient_targets(node, names),
            "scan": lambda: self._scan_targets(node, names),
        }
        return groups.get(node.operation, lambda: f"[{', '.join(names)}]")()

    def _gradient_targets(self, node, names):
        aux = len(node.args[0].results[1])
        return f"{names[0]}, [{', '.join(names[1 : 1 + aux])}], [{', '.join(names[1 + aux :])}]"

    def _scan_targets(self, node, names):
        count = len(node.args[1])
        return f"[{', '.join(names[:count])}], [{', '.join(names[count:])}]"

    def _argument(self, arg, depth, lines):
        if isinstance(arg, Body):
            return self._function(arg, depth, lines)
        return self._text(arg)

    def _function(self, body, depth, lines):
        margin, name = "    " * depth, f"g{len(self.names)}"
        self.names[id(body)] = name
        groups = [f"a{index}" for index in range(len(body.parameters))]
        lines.append(f"{margin}def {name}({', '.join(groups)}):")
        for group, parameters in zip(groups, body.parameters):
            if parameters:
                lines.append(f"{margin}    [{', '.join(self._name(x) for x in parameters)}] = {group}")
        lines.extend(self._lines(body.nodes, body.results, depth + 1))
        lines.append(f"{margin}    return {', '.join(self._text(part) for part in body.results)}")
        return name

    def _name(self, x):
        return self.names.setdefault(id(self._root(x)), f"v{len(self.names)}")

    def _text(self, arg):
        if isinstance(arg, Spec):
            if id(self._root(arg)) not in self.names:
                raise TracingError(f"An array of shape {arg.shape} was used outside the function that made it. Return it from that function instead.")
            return self._name(arg)
        if isinstance(arg, np.ndarray):
            self.constants.append(arg)
            return f"constants[{len(self.constants) - 1}]"
        if isinstance(arg, tuple):
            return f"({''.join(self._text(part) + ', ' for part in arg)})"
        if isinstance(arg, list):
            return f"[{', '.join(self._text(part) for part in arg)}]"
        if isinstance(arg, Size):
            return self._size_text(arg)
        return repr(arg)

    def _size_text(self, size):
        if is_static(size):
            return str(size)
        terms = []
        for atoms, factor in size.terms.items():
            parts = [f"(({self._size_text(a.numerator)}) // {a.denominator})" if isinstance(a, Floor) else self._unknown(a) for a in atoms]
            terms.append(" * ".join([*parts, str(factor)] if factor != 1 or not parts else parts))
        return f"({' + '.join(terms)})"

    def _unknown(self, atom):
        if atom not in self.unknowns:
            raise TracingError(f"The size {atom} is not the size of any input, so the step cannot know it.")
        return self.unknowns[atom]


def _changes_nothing(node):
    """Whether a call gives back its first argument: a cast to its own dtype, a reduction over no axes, its own shape again."""
    if node.operation in ("sum", "max", "prod"):
        return node.args[1] == ()
    if node.operation == "cast":
        return node.args[0].dtype == node.args[1]
    return node.operation in ("reshape", "broadcast_to") and node.args[0].sizes == node.outs[0].sizes


def _has_size(arg):
    if isinstance(arg, (tuple, list)):
        return any(map(_has_size, arg))
    return isinstance(arg, Size)
