"""A recorded step as the source of a Python function over a backend's primitives."""

import collections
import types

import numpy as np

from polykeras.errors import TracingError
from polykeras.nodes import Body, used
from polykeras.sizes import Floor, Size, is_static
from polykeras.spec import Spec

HIGHER = ("value_and_grad", "cond", "while_loop", "scan")


class Writer:
    """Writes a Trace as the source of a Python function.

    Args:
        hoist: make constants once.
        in_place: ids of the calls of fused ops that may write over their arguments.
        fused: the backend's table of them.
    """

    def __init__(self, trace, hoist, in_place=frozenset(), fused=types.MappingProxyType({})):
        self.names, self.constants, self.hoisted, self.same = {}, [], set(), {}
        self.hoist, self.in_place, self.fused = hoist, in_place, fused
        self.prelude, self.called = [], {"p_shape": "b.shape"}
        self.unknowns = {}
        lines = self._head(trace)
        lines += self._lines(trace.nodes, [*trace.updates.values(), *trace.outputs], 2)
        updates = ", ".join(f"{name!r}: {self._text(x)}" for name, x in trace.updates.items())
        lines.append(f"        return {{{updates}}}, {self._text(list(trace.outputs))}")
        aliases = [f"    {name} = {function}" for name, function in sorted(self.called.items())]
        self.source = "\n".join(["def make():", *aliases, *self.prelude, "    def step(state, inputs):", *lines, "    return step"])

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
            lines.append(self._call(group[0], depth, lines) if len(group) == 1 else self._calls(group, depth, lines))
            dropped = [self._name(x) for node in group for x in drops[id(node)] if id(x) in local and id(x) not in self.hoisted]
            if dropped:
                lines.append(f"{margin}del {', '.join(dropped)}")
        return lines

    def _groups(self, nodes):
        """Yield lists of one call, or of several calls in a row of a fused op that works in place on many arrays together."""
        group, made = [], set()
        for node in nodes:
            entry = self._entry(node)
            joins = id(node) in self.in_place and entry.together is not None
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

    def _calls(self, group, depth, lines):
        """Return the line of several calls of a fused op together."""
        targets = ", ".join(self._targets(node) for node in group)
        calls = ", ".join(f"({', '.join(self._arguments(node, depth, lines))},)" for node in group)
        return f"{'    ' * depth}{targets} = {self._fused_name(group[0], 'together')}([{calls}])"

    def _entry(self, node):
        """Return the entry of a call in the table of fused ops, None for a primitive."""
        return self.fused.get(node.operation[6:]) if node.operation.startswith("fused.") else None

    def _fused_name(self, node, way):
        name = node.operation[6:]
        self.called[f"{way[0]}_{name}"] = f"fused[{name!r}].{way}"
        return f"{way[0]}_{name}"

    def _root(self, x):
        """Return the array that an array is, where the call that made it changed nothing."""
        return self.same.get(id(x), x)

    def _is_constant(self, node):
        if not self.hoist or node.operation in HIGHER or node.operation.startswith("fused."):
            return False
        return all(id(self._root(x)) in self.hoisted for x in used(node.args, [])) and not _has_size(node.args)

    def _call(self, node, depth, lines):
        args = self._arguments(node, depth, lines)
        if node.operation.startswith("fused."):
            function = self._fused_name(node, "in_place" if id(node) in self.in_place else "function")
        else:
            function = f"p_{node.operation}"
            self.called[function] = f"b.{node.operation}"
        return f"{'    ' * depth}{self._targets(node)} = {function}({', '.join(args)})"

    def _arguments(self, node, depth, lines):
        args = [self._argument(arg, depth, lines) for arg in node.args]
        if (entry := self._entry(node)) is not None and entry.composed:
            args.insert(0, self._function(node.composition, depth, lines))
        return [*args, "None"] if node.operation == "from_numpy" else args

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
