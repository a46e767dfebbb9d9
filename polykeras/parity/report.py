"""The report: the culprit first, then the tree of the model, the worst tensors and the curve."""

import json
import math

from polykeras.parity import drawing


class Report:
    """What a comparison found.

    Attributes:
        backends: names; the first is what the others were compared with.
        steps: number of steps.
        first_divergence: a Divergence, or None.
        rows: Rows: of each tensor the first over budget, else the worst.
        calls: the layer Calls of a step.
        curve: by step {backend: (loss, relative gap of the loss, of the weights)}, each backend on its own.
        shares: by step {backend: largest share of the budget that was used}, in lockstep.
        notes: lines about what was assumed, such as how weights were matched.
    """

    def __init__(self, model, backends, steps, first, lockstep, curve, calls, notes=()):
        self.model_name, self.kind = model.name, type(model).__name__
        self.backends, self.steps, self.first_divergence = list(backends), steps, first
        self.rows = sorted(lockstep.rows.values(), key=lambda row: (-row.share, -row.gap.share))
        self.shares, self.curve, self.calls, self.notes = lockstep.curve, curve, calls, list(notes)

    @property
    def agrees(self):
        """Whether nothing is over budget."""
        return self.first_divergence is None

    @property
    def margin(self):
        """How many times the worst gap would fit into its budget; inf where all is equal, below 1 where it is over."""
        worst = max((row.share for row in self.rows), default=0.0)
        return 1.0 / worst if worst else math.inf

    @property
    def span(self):
        """The number of steps in words."""
        return f"{self.steps} step{'' if self.steps == 1 else 's'}"

    @property
    def headline(self):
        """The first line."""
        if self.first_divergence is not None:
            return str(self.first_divergence)
        names = " and ".join(self.backends)
        if not self.rows or self.margin == math.inf:
            return f"{names} agree over {self.span}, bit for bit."
        worst, excused = self.rows[0], sum(row.excused for row in self.rows)
        line = f"{names} agree over {self.span}: the worst, {worst.phase} of {worst.tensor}, used {worst.share:.0%} of its budget (margin {self.margin:.3g})."
        return f"{line} In {excused} tensors the model itself amplifies rounding." if excused else line

    def marks(self):
        """Return {path: "over", "first" or "fine"} of the layers that were called."""
        over = {row.tensor.partition("[")[0] for row in self.rows if row.over}
        first = self.first_divergence.layer if self.first_divergence else None
        return {call.label: "first" if call.label == first else "over" if call.label in over else "fine" for call in self.calls}

    def __str__(self):
        return drawing.text(self)

    def _repr_html_(self):
        from polykeras.parity import page

        return page.html(self)

    def to_html(self, path):
        """Write the report as one HTML file that needs nothing else."""
        from polykeras.parity import page

        with open(path, "w", encoding="utf-8") as file:
            file.write(page.html(self))

    def to_dict(self):
        """Return the report as plain numbers, words, lists and dicts, fit for JSON."""
        first = self.first_divergence
        return {
            "model": self.model_name,
            "backends": self.backends,
            "steps": self.steps,
            "agrees": self.agrees,
            "margin": _finite(self.margin),
            "headline": self.headline,
            "first_divergence": None if first is None else {
                "step": first.step, "phase": first.phase, "tensor": first.tensor, "layer": first.layer, "kind": first.kind,
                "op": first.op, "call": first.culprit.text if first.culprit else None, "hint": first.hint,
                "off": first.culprit.blame if first.culprit else "", "gap": _gap(first.gap),
                "op_gap": _gap(first.culprit.gap) if first.culprit else None,
            },
            "tensors": [{"step": row.step, "phase": row.phase, "tensor": row.tensor, "backend": row.backend, "excused": row.excused, **_gap(row.gap)} for row in self.rows],
            "lockstep": [{name: _finite(share) for name, share in row.items()} for row in self.shares],
            "curve": [{name: {"loss": _finite(loss), "loss_gap": _finite(gap), "weights_gap": _finite(weights)} for name, (loss, gap, weights) in row.items()} for row in self.curve],
            "notes": self.notes,
        }  # fmt: skip

    def to_json(self):
        """Return to_dict as JSON."""
        return json.dumps(self.to_dict(), indent=2)


def _gap(gap):
    if gap is None:
        return {}
    return {
        "gap": _finite(gap.gap), "allowed": gap.allowed, "share": _finite(gap.share), "ulps": _finite(gap.ulps), "index": list(gap.index),
        "expected": _finite(gap.expected), "got": _finite(gap.got), "dtype": gap.dtype,
    }  # fmt: skip


def _finite(value):
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
