"""Op by op: a recorded piece of a step is run on two backends with equal inputs, until an operation's outputs part."""

import types

import numpy as np

from polykeras import contract, dtypes, execute, spec, tree
from polykeras.ops import dispatch
from polykeras.parity.budget import measure
from polykeras.parity.culprit import Culprit, lines, short, static, text
from polykeras.scope import Scope
from polykeras.spec import Spec
from polykeras.nodes import Body, Node, used
from polykeras.trace import Recorder, Trace

MOST_ROUNDS = 64  # of a loop that is looked into


def plain(backend):
    """Return a target for recording that has no fused ops."""
    return types.SimpleNamespace(name=backend.name, capabilities=backend.capabilities, fused={}, devices=backend.devices)


class Bench:
    """Runs single operations on one backend."""

    def __init__(self, backend, options=contract.Options()):
        self.backend, self.options = backend, options
        self.store, self.programs = backend.store({}, None), {}

    def run(self, trace, values, key=None):
        """Return the outputs of a Trace without state, as NumPy arrays; one program serves all of a key."""
        program = self.programs.get(key) or self.backend.compile(trace, self.store, None, self.options)
        if key is not None:
            self.programs[key] = program
        return [np.asarray(self.backend.to_numpy(x)) for x in program.run(values)]

    def nodes(self, node):
        """Return (nodes, outs) that do what a node does: itself, or the composition of a fused op that this backend lacks."""
        name = node.operation.removeprefix("fused.")
        return ([node], node.outs) if name == node.operation or name in self.backend.fused else composition(node, self.backend)


def composition(node, backend):
    """Return (nodes, outs) of a fused op's composition."""
    recorder = Recorder(plain(backend))
    with Scope(recorder):
        made = dispatch.OPS[node.operation.removeprefix("fused.")].composition(*node.args)
    return recorder.blocks[0][0], [made] if isinstance(made, Spec) else list(made)


class Replay:
    """A search for the operation that parts.

    Args:
        first, second: the backends; the first one's values go on from operation to operation.
        third: the reference, that says which of the two is off.
        budget: what is allowed.
    """

    def __init__(self, first, second, third, budget, options):
        self.a, self.b, self.c = Bench(first, options), Bench(second, options), Bench(third, options)
        self.budget = budget

    def search(self, function, arrays, state, gradient=False):
        """Return the Culprit in function(*arrays), or None.

        Args:
            arrays: trees of NumPy arrays.
            state: {key: value} of Variables.
            gradient: look at the gradients of the operations, the last first.
        """
        specs = [tree.map_structure(lambda x: Spec(x.shape, x.dtype.name), array) for array in arrays]
        leaves = tree.leaves(arrays)
        found = self._other_operations(function, specs, leaves, state, gradient)
        if found is not None:
            return found
        for bench in (self.b, self.a):  # each with its own fused ops
            trace = execute.record(function, specs, bench.backend).trace
            found = self.look(trace.nodes, _given(trace, leaves, state), gradient)
            if found is not None:
                return found
        return None

    def look(self, nodes, env, gradient):
        """Return the first Culprit among some nodes; the first from the end where gradients are looked at."""
        if not gradient:
            return next((found for node in nodes if (found := self._forward(node, env)) is not None), None)
        for node in nodes:
            env.update(zip(map(id, node.outs), self._on(self.a, node, env)))
        return next((found for node in reversed(nodes) if (found := self._gradient(node, env)) is not None), None)

    def _inputs(self, node, env):
        found = {id(x): x for x in used(node.args, []) if id(x) in env}
        return list(found.values())

    def _on(self, bench, node, env):
        nodes, outs = bench.nodes(node)
        inputs = self._inputs(node, env)
        return bench.run(Trace(inputs, {}, {}, outs, nodes), [env[id(x)] for x in inputs], _key(node, inputs, "forward"))

    def _forward(self, node, env):
        expected = self._on(self.a, node, env)
        env.update(zip(map(id, node.outs), expected))
        return self._judged(node, env, expected, lambda bench: self._on(bench, node, env), False)

    def _gradient(self, node, env):
        inputs = self._inputs(node, env)
        floats = [x for x in inputs if dtypes.is_float(x.dtype)]
        if not floats or not any(dtypes.is_float(x.dtype) for x in node.outs) or node.operation == "stop_gradient":
            return None
        values = [env[id(x)] for x in inputs]
        run = lambda bench: self._pulled(bench, node, inputs, floats, values)
        return self._judged(node, env, run(self.a), run, True)

    def _pulled(self, bench, node, inputs, floats, values):
        """Return the gradients of a node's outputs, each weighed with numbers around 1, by its float inputs."""
        nodes, outs = bench.nodes(node)
        outs = [x for x in outs if dtypes.is_float(x.dtype)]
        weights = [spec.like(x) for x in outs]
        parts = [Spec((), x.dtype) for x in outs]
        body = list(nodes)
        for x, weight, part in zip(outs, weights, parts):
            product = spec.like(x)
            body += [Node("multiply", (x, weight), [product], True), Node("sum", (product, tuple(range(x.ndim)), False), [part], True)]
        total = parts[0]
        for part in parts[1:]:
            wide, total_then = Spec((), parts[0].dtype), total
            cast = Spec((), parts[0].dtype)
            body += [Node("cast", (part, parts[0].dtype), [cast], True), Node("add", (total_then, cast), [wide], True)]
            total = wide
        gradients = [spec.like(x) for x in floats]
        call = Node("value_and_grad", (Body([floats], body, [total, []]), list(floats)), [spec.like(total), *gradients], False)
        trace = Trace([*inputs, *weights], {}, {}, gradients, [call])
        return bench.run(trace, [*values, *(_weights(x) for x in weights)], _key(node, inputs, "gradient"))

    def _judged(self, node, env, expected, run, gradient):
        got = run(self.b)
        gaps = [measure(x, y, self.budget) for x, y in zip(expected, got)]
        over = [gap for gap in gaps if gap.over]
        if not over:
            return None
        found = self._within(node, env, gradient)
        if found is not None:
            return found
        worst = max(over, key=lambda gap: gap.share)
        return Culprit(
            node.operation, short(text(node)), worst, gradient, static(node.args), [env[id(x)] for x in self._inputs(node, env)],
            self._blame(run, expected, got),
        )  # fmt: skip

    def _blame(self, run, expected, got):
        try:
            truth = run(self.c)
        except Exception:  # it may lack a dtype; then nobody is blamed
            return ""
        off = [max(measure(x, y, self.budget).gap for x, y in zip(truth, made)) for made in (expected, got)]
        return "" if off[0] == off[1] else self.a.backend.name if off[0] > off[1] else self.b.backend.name

    # -- within operations that hold others ------------------------------------------------------------

    def _within(self, node, env, gradient):
        if node.operation.startswith("fused."):
            nodes, _ = composition(node, self.a.backend)
            return self.look(nodes, dict(env), gradient)
        if node.operation in ("scan", "cond", "while_loop", "value_and_grad"):
            for body, parameters in getattr(self, f"_{node.operation}_rounds")(node, env):
                inner = {**env, **dict(zip(map(id, [x for group in body.parameters for x in group]), parameters))}
                found = self.look(body.nodes, inner, gradient)
                if found is not None:
                    return found
        return None

    def _made(self, body, env, parameters):
        """Return the results of a body on the first side."""
        flat = [x for group in body.parameters for x in group]
        inner = {**env, **dict(zip(map(id, flat), parameters))}
        results = used(body.results, [])
        inputs = [x for x in {id(x): x for node in body.nodes for x in used(node.args, [])}.values() if id(x) in inner]
        inputs += [x for x in results if id(x) in inner and all(x is not other for other in inputs)]
        return self.a.run(Trace(inputs, {}, {}, results, body.nodes), [inner[id(x)] for x in inputs])

    def _scan_rounds(self, node, env):
        body, carry, xs, length = node.args
        state = [env[id(x)] for x in carry]
        for index in range(min(int(length), MOST_ROUNDS)):
            parameters = [*state, *(env[id(x)][index] for x in xs)]
            yield body, parameters
            state = self._made(body, env, parameters)[: len(carry)]

    def _while_loop_rounds(self, node, env):
        test, body, carry = node.args
        state = [env[id(x)] for x in carry]
        for _ in range(MOST_ROUNDS):
            if not self._made(test, env, state)[0]:
                return
            yield test, state
            yield body, state
            state = self._made(body, env, state)

    def _cond_rounds(self, node, env):
        predicate, yes, no, operands = node.args
        yield (yes if env[id(predicate)] else no), [env[id(x)] for x in operands]

    def _value_and_grad_rounds(self, node, env):
        body, arrays = node.args
        yield body, [env[id(x)] for x in arrays]

    # -- a layer that does something else on another backend -----------------------------------------------

    def _other_operations(self, function, specs, leaves, state, gradient):
        traces = [execute.record(function, specs, plain(bench.backend)).trace for bench in (self.a, self.b)]
        texts = [lines(trace) for trace in traces]
        if texts[0] == texts[1]:
            return None
        made = [self.a.run(_closed(trace), [*leaves, *(state[key] for key in trace.reads)]) for trace in traces]
        gaps = [measure(x, y, self.budget) for x, y in zip(*made)]
        if not gradient and not any(gap.over for gap in gaps):
            return None
        only = [line for line in texts[1] if line not in texts[0]] or [line for line in texts[0] if line not in texts[1]] or texts[1]
        note = f"the layer does something else on {self.b.backend.name}: it calls {', '.join(map(short, only[:2]))}"
        worst = max(gaps, key=lambda gap: gap.share)
        return Culprit(only[0].partition("(")[0], short(only[0]), worst, gradient, (), [], "", note)


def _given(trace, leaves, state):
    env = dict(zip(map(id, trace.inputs), leaves))
    env.update((id(x), state[key]) for key, x in trace.reads.items())
    return env


def _key(node, inputs, kind):
    """Return what calls of one program have in common; None where calls cannot be told apart by it."""
    if node.operation == "from_numpy" or any(isinstance(arg, (Body, np.ndarray)) for arg in node.args):
        return None
    places = {id(x): place for place, x in enumerate(inputs)}
    return kind, text(node), tuple(places.get(id(x)) for x in used(node.args, []))


def _closed(trace):
    """Return a Trace that takes its state as inputs and has what it would assign among its outputs."""
    return Trace([*trace.inputs, *trace.reads.values()], {}, {}, [*trace.outputs, *trace.updates.values()], trace.nodes)


def _weights(x):
    size = int(np.prod(x.sizes, dtype=int))
    return (1.0 + 0.5 * np.cos(1.7 * np.arange(size))).reshape(x.sizes).astype(dtypes.to_numpy(x.dtype))
