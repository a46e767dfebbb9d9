"""A model beside one of another library: are the weights alike, and where do the outputs part?"""

import types

import numpy as np

from polykeras import execute, scope, tree
from polykeras.errors import DataError
from polykeras.gradient import value_and_grad
from polykeras.parity import kerasian, matching, porting
from polykeras.parity.budget import measure
from polykeras.parity.locate import Divergence
from polykeras.parity.lockstep import Row
from polykeras.parity.observe import Observer, forward
from polykeras.parity.report import Report
from polykeras.parity.sides import untouched
from polykeras.plugins import registry
from polykeras.programs import specs_of
from polykeras.tracking import Tracked


def compare_beside(model, batch, reference, weights, backend, budget):
    """Return the Report of a model beside one of another library, on one batch.

    Raises:
        DataError: nobody knows what `reference` is.
    """
    outside = kerasian.outside(reference) or registry.outside(reference)
    if outside is None:
        raise DataError(f"reference: expected a torch.nn.Module, a Keras 3 model, or what a plugin knows, got {type(reference).__name__}.")
    with scope.outside(), untouched(model):
        return Beside(model, batch, outside, weights, backend, budget).report()


class Beside:
    """The comparison: weights, then outputs for inference, then a step of training without the update."""

    def __init__(self, model, batch, outside, weights, backend, budget):
        self.model, self.batch, self.outside, self.backend, self.budget = model, batch, outside, backend, budget
        self.rows, self.findings, self.notes, self.given = [], [], [], weights
        self.calls = []

    def report(self):
        """Compare and return the Report."""
        ours, theirs = self._look(False), self.outside.run(self.batch[0])
        self._match_weights(theirs)
        state = self._settled()
        ours = self._look(False, state)
        self.matches = matching.aligned(self.calls, theirs.calls, self._anchors(), self.outside.modules())
        self._outputs("forward", ours, theirs)
        if self.model.compiled and self.batch[1] is not None:
            self._training(state)
        names = [f"polykeras on {self.backend.name}", self.outside.title]
        lockstep = types.SimpleNamespace(rows={index: row for index, row in enumerate(self.rows)}, curve=[])
        self.notes += matching.differences(self.matches, self.outside.modules())
        return Report(self.model, names, 1, self.findings[0] if self.findings else None, lockstep, [], self.calls, self.notes)

    # -- our side ----------------------------------------------------------------------------------

    def _look(self, training, state=None):
        """Return what our side makes of the batch, with `after`, the state behind it."""
        x, y, sample_weight = self.batch
        specs = specs_of(self.batch if training else (x, None, None))
        while True:
            known, observer = [v.key for v in self.model.variables], Observer()
            function = self._training_step if training else forward
            made = execute.record(lambda data: function(self.model, data, observer), (specs,), self.backend)
            if [v.key for v in self.model.variables] == known:
                break
        self.calls, self.recording, self.shapes = observer.calls, made, [x.shape for x in observer.arrays]
        values = {v.key: v.numpy() for v in made.variables}
        store = self.backend.store({**values, **{k: v for k, v in (state or {}).items() if k in values}}, None)
        program = self.backend.compile(made.trace, store, None, execute.contract.Options(jit=self.model.jit_compile))
        flat = [np.asarray(self.backend.to_numpy(x)) for x in program.run(tree.leaves(self.batch if training else (x, None, None)))]
        looked = {**tree.unflatten(made.structure, flat), "after": store.read(list(store.names()))}
        store.close()
        return looked

    def _training_step(self, model, data, observer):
        """Observe a step of training; the loss's gradients by the outputs are what the other side needs."""
        x, y, sample_weight = data

        def whole():
            made = forward(model, data, observer, training=True)
            return model.loss_of(x, y, made["outputs"], sample_weight, training=True), made

        def last(outputs):
            return model.loss_of(x, y, outputs, sample_weight, training=True)

        (loss, made), gradients = value_and_grad(whole, variables=model.trainable_variables, has_aux=True)()
        _, cotangents = value_and_grad(last)(made["outputs"])
        return {**made, "loss": loss, "gradients": gradients, "cotangents": cotangents}

    # -- weights -----------------------------------------------------------------------------------

    def _match_weights(self, theirs):
        order = {name: place for place, (name, _) in reversed(list(enumerate(theirs.calls)))}
        weights = sorted(self.outside.weights(), key=lambda weight: order.get(weight.module.partition("[")[0], len(order)))
        self.turns = matching.behind_flatten(self.calls, self.shapes) if getattr(self.outside, "channels_first", False) else {}
        self.plain = {weight.name: weight.value for weight in weights}
        groups = [group for group in dict.fromkeys(tuple(_own(call)) for call in self.calls) if group]
        self.pairs, ours, others = porting.pairs(groups, weights, self.outside.raw(), self.given, self.turns)
        self.notes.append(f"Weights, {'as given' if self.given else 'guessed by shape and order'}:")
        self.notes += [f"  {pair}" for pair in self.pairs]
        self.notes += [f"  {path}: nothing like it there" for path in ours] + [f"  {name}: nothing like it here" for name in others]

    def _settled(self):
        """Return the state to compare with: ours, or theirs where none of ours was copied from them."""
        mine = {pair.variable.key: pair.variable.numpy() for pair in self.pairs}
        words = [porting.verdict(pair, mine[pair.variable.key], self.plain.get(pair.weight.name)) for pair in self.pairs]
        telling = [word for pair, word in zip(self.pairs, words) if pair.weight.trainable and len(pair.variable.shape) > 1 and np.ptp(pair.value)]
        if telling and all(word is None for word in telling):
            self.notes.append("No weight was copied before, so theirs are taken for the comparison.")
            return {pair.variable.key: pair.value.astype(pair.variable.dtype) for pair in self.pairs}
        for pair, word in zip(self.pairs, words):
            gap = measure(pair.value, mine[pair.variable.key], self.budget, 1, "weights")
            row = Row(1, "weights", pair.variable.path, pair.variable, "polykeras", gap)
            self.rows.append(row)
            if word != "" and gap.over:
                call = self._call_of(pair.variable)
                what = f"{pair.variable.path.rpartition('/')[2]} is not {pair.weight.name}" + (f": {word}." if word else ".")
                self._find("weights", row, call, what[0].upper() + what[1:])
        return {}

    def _call_of(self, variable):
        return next((call for call in self.calls if any(variable is own for own in _own(call))), None)

    def _anchors(self):
        """Return {id of a layer: name of their module} by the weights."""
        found = {}
        for pair in self.pairs:
            call = self._call_of(pair.variable)
            if call is not None:
                found.setdefault(id(call.layer), pair.weight.module)
        return found

    # -- outputs, gradients, state ---------------------------------------------------------------------

    def _find(self, phase, row, call, text):
        first = Divergence(1, phase, row.tensor, ("polykeras", self.outside.title), row.gap, call.label if call else self.model.name, type(call.layer).__name__ if call else type(self.model).__name__, None, text)
        self.findings.append(first)

    def _outputs(self, phase, ours, theirs, suffix=""):
        over_before = False
        for match in self.matches:
            call = match.call
            mine = ours["seen"][call.outputs[0]]
            wanted = matching.comparable(match, theirs.calls, mine, self.backend, self.outside.modules())
            if wanted is None:
                continue
            row = Row(1, phase, call.label + suffix, None, "polykeras", measure(wanted, mine, self.budget, 1, phase))
            self.rows.append(row)
            if row.gap.over and not over_before:
                over_before = True
                self._find(phase, row, call, matching.reason(match, self.outside.modules(), phase))
        for part, (mine, wanted) in enumerate(zip(tree.leaves(ours["outputs"]), theirs.outputs)):
            row = Row(1, phase, f"outputs{suffix}", None, "polykeras", measure(matching.shaped(wanted, mine), mine, self.budget, 1, phase))
            self.rows.append(row)
            if row.gap.over and not over_before:
                last = next((call for call in reversed(self.calls) if call.leaf), self.calls[-1])
                self._find(phase, row, last, "Every layer that has a counterpart agrees; look at what comes behind.")

    def _training(self, state):
        seeds = [v.path for v in self.recording.variables if "seed_generator" in v.path]
        ours = self._look(True, state)
        drawn = [v.path for v in self.recording.variables if "seed_generator" in v.path]
        if drawn or seeds:
            self.notes.append("The model draws random numbers in training (dropout), so only inference is compared.")
            return
        theirs = self.outside.run(self.batch[0], True, tree.leaves(ours["cotangents"]))
        self._outputs("forward", ours, theirs, " in training")
        self._gradients(ours, theirs)
        self._states(ours, theirs)

    def _gradients(self, ours, theirs):
        found = {id(v): g for v, g in zip(self.model.trainable_variables, ours["gradients"])}
        pairs = [pair for pair in self.pairs if id(pair.variable) in found and all(name in theirs.gradients for name in pair.weight.raw)]
        wanted = {pair.variable.key: _gradient(pair, theirs.gradients) for pair in pairs}
        scale = max([float(np.abs(g).max()) for g in wanted.values()], default=0.0)
        for pair in reversed(pairs):
            row = Row(1, "gradient", pair.variable.path, pair.variable, "polykeras", measure(wanted[pair.variable.key], found[id(pair.variable)], self.budget, 1, "gradient", scale))
            self.rows.append(row)
            if row.gap.over:
                self._find("gradient", row, self._call_of(pair.variable), "The outputs agree, so look at corners: ties, zeros, masks, what is trained.")

    def _states(self, ours, theirs):
        for pair in self.pairs:
            if pair.weight.trainable or pair.variable.key not in ours["after"]:
                continue
            wanted = np.asarray(pair.convert([theirs.state[name] for name in pair.weight.raw]))
            row = Row(1, "state", pair.variable.path, pair.variable, "polykeras", measure(wanted, ours["after"][pair.variable.key], self.budget, 1, "state"))
            self.rows.append(row)
            if row.gap.over:
                call = self._call_of(pair.variable)
                match = next((m for m in self.matches if m.call.layer is call.layer), None)
                text = matching.reason(match, self.outside.modules(), "state") if match else ""
                self._find("state", row, call, text or "Looks like NUMERICS A13: moving = moving * momentum + batch * (1 - momentum), biased variance.")


def _own(call):
    """Return the weights that a call's layer holds, those of layers within only where they were not called by themselves."""
    layer = call.layer
    return layer.weights if call.leaf else [v for v in layer.collect(enter=lambda owner: owner is layer) if not isinstance(v, Tracked)]


def _gradient(pair, gradients):
    """Return their gradient in our layout; of a bias that they keep as two, that of one."""
    raw = [gradients[name] for name in pair.weight.raw]
    made = np.asarray(pair.convert(raw))
    return made / len(raw) if made.shape == raw[0].shape and len(raw) > 1 else made


