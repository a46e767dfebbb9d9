"""Whose memory the arrays of a recorded step may be, so that a fused op may write over what nobody needs any more.

A store owns its memory: no two of its values share any, and nothing outside a step holds on to it. That is kept by
copying what a step would otherwise pass on as it is (`borrowed`), and used where a fused op can work in place (`free`).
"""

import collections

from polykeras.nodes import used

# Primitives that always make memory of their own. The others may return an argument as it is, or a view of it.
FRESH = frozenset(
    "negative abs exp expm1 log log1p sqrt sin cos tanh sigmoid erf add subtract multiply divide power maximum minimum "
    "mod arctan2 equal less where matmul conv argmax argsort cumsum take take_along_axis scatter_add".split()
)
LOOPS = ("cond", "while_loop", "scan")
CONSTANT, INPUT, STATE = "constant", "input", "state"


class Ownership:
    """The owners of each array of a trace: ("state", name), ("input",), ("constant",), or the call that made it.

    Args:
        trace: the step.
        fused: the backend's table of fused ops.
    """

    def __init__(self, trace, fused):
        self.trace, self.fused = trace, fused
        self.owners = {id(x): frozenset([(INPUT,)]) for x in trace.inputs}
        self.owners.update({id(x): frozenset([(STATE, name)]) for name, x in trace.reads.items()})
        self._walk(trace.nodes)
        self._last = {id(x): place for place, node in enumerate(trace.nodes) for x in used(node.args, [])}
        self._last.update({id(x): len(trace.nodes) for x in (*trace.updates.values(), *trace.outputs)})

    def _of(self, arg):
        return frozenset().union(*(self.owners[id(x)] for x in used(arg, []) if id(x) in self.owners))

    def _walk(self, nodes):
        for node in nodes:
            if node.operation == "value_and_grad":
                self._gradient(node)
            else:
                self.owners.update(zip(map(id, node.outs), self._made(node)))

    def _made(self, node):
        """Return the owners of each result of a call."""
        mine, theirs = frozenset([id(node)]), self._of(node.args)
        entry = self.entry(node)
        if entry is not None and entry.in_place is not None:
            return [self._of(node.args[place]) | {(id(node), place)} for place in entry.overwrites]
        if entry is not None or node.operation in LOOPS:
            return [mine | theirs] * len(node.outs)
        if theirs <= {(CONSTANT,)}:
            return [frozenset([(CONSTANT,)])] * len(node.outs)
        return [mine if node.operation in FRESH else theirs] * len(node.outs)

    def entry(self, node):
        """Return a call's entry in the table of fused ops; None for other calls."""
        return self.fused[node.operation[6:]] if node.operation.startswith("fused.") else None

    def _gradient(self, node):
        body, arrays = node.args
        self.owners.update({id(x): self.owners[id(array)] for x, array in zip(body.parameters[0], arrays)})
        self._walk(body.nodes)
        value, aux = body.results
        self.owners.update({id(x): frozenset([id(node)]) for x in node.outs})
        self.owners.update({id(x): self._of(result) for x, result in zip(node.outs, [value, *aux])})

    def in_place(self):
        """Return the ids of the calls of fused ops that may write over their arguments."""
        return {id(node) for place, node in enumerate(self.trace.nodes) if (entry := self.entry(node)) and entry.in_place and self._free(place, entry.overwrites)}

    def _free(self, place, arguments):
        """Say whether the call at a place of the trace may write over these of its arguments.

        It may where they belong to the state or to a call before, and nothing with the same owner is used by another
        argument, or later on.
        """
        args = self.trace.nodes[place].args
        alive = frozenset().union(*(self.owners[key] for key in self._alive_after(place)))
        for index in arguments:
            owners, others = self._of(args[index]), self._of([arg for other, arg in enumerate(args) if other != index])
            if owners & (alive | others | {(CONSTANT,), (INPUT,)}):
                return False
        return True

    def _alive_after(self, place):
        """Return the ids of the arrays from before a call that are used behind it."""
        made = {id(x) for node in self.trace.nodes[place:] for x in node.outs}
        return [key for key, last in self._last.items() if last > place and key not in made and key in self.owners]

    def borrowed(self):
        """Return (names of updates, places of outputs) that are to be copied, for they may share memory with something else."""
        updates, outputs = self.trace.updates, self.trace.outputs
        counts = collections.Counter(owner for x in (*updates.values(), *outputs) for owner in self.owners[id(x)])
        names = [name for name, x in updates.items() if any(counts[owner] > 1 or _foreign(owner) and owner != (STATE, name) for owner in self.owners[id(x)])]
        places = [place for place, x in enumerate(outputs) if any(_foreign(owner) for owner in self.owners[id(x)])]
        return names, places

    def keeps_inputs(self):
        """Say whether a batch's memory may be state or a result afterwards."""
        return any((INPUT,) in self.owners[id(x)] for x in (*self.trace.updates.values(), *self.trace.outputs))


def _foreign(owner):
    """Whether an owner is not a call of the step."""
    return isinstance(owner, tuple) and owner[0] in (CONSTANT, INPUT, STATE)
