"""From the first tensor that is over budget to the layer and the operation behind it."""

from typing import NamedTuple

from polykeras import scope, step, tree
from polykeras.parity.budget import measure
from polykeras.parity.conventions import hint
from polykeras.parity.observe import Place, masked
from polykeras.parity.replay import Replay


class Divergence(NamedTuple):
    """The first place where the numbers part.

    Attributes:
        step, phase, tensor: where it was seen first.
        backends: (first, second) names.
        gap: how far apart the tensor is: gap, allowed, scale, index, expected, got, ulps.
        layer: path of the layer (or name of the loss, the optimizer or the metric) behind it.
        kind: its class.
        culprit: the Culprit, down to the operation; None where no operation parts by itself.
        hint: the convention that it looks like, or "".
    """

    step: int
    phase: str
    tensor: str
    backends: tuple
    gap: object
    layer: str
    kind: str
    culprit: object = None
    hint: str = ""

    @property
    def op(self):
        """Name of the operation, or None."""
        return self.culprit.operation.removeprefix("fused.") if self.culprit else None

    def __str__(self):
        return sentence(self)


def sentence(found):
    """Return a divergence as one line that begins with what is to blame."""
    where = f"{found.kind} '{found.layer}'" if found.kind else found.layer
    if found.culprit:
        fused = "fused " if found.culprit.operation.startswith("fused.") else ""
        where += f", {'gradient of ' if found.culprit.gradient else ''}{fused}op {found.op}"
    line = f"{where}: {' and '.join(found.backends)} part at step {found.step} in the {found.phase} of {found.tensor}{_apart(found.gap)}."
    if found.culprit and found.culprit.blame:
        line += f" {found.culprit.blame} is the one that is off."
    return f"{line} {found.hint}".strip()


def _apart(gap):
    if gap is None:
        return ""
    at = f" at {list(gap.index)}" if gap.index else ""
    return f" ({_number(gap.expected)} and {_number(gap.got)}{at})"


def _number(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)


class Piece(NamedTuple):
    """A part of a step that can be run again: a name and class to blame, a function, its arrays."""

    layer: str
    kind: str
    function: object
    arrays: tuple
    owner: object = None


def locate(row, moment, sides, budget, reference):
    """Return the Divergence behind a row over budget.

    Args:
        row: the Row.
        moment: the Moment of its step.
        sides: all Sides; the first is what the others are compared with.
        reference: the backend that tells which one is off.
    """
    second = next(side for side in sides[1:] if side.name == row.backend)
    pieces = Pieces(sides[0], moment, moment.looks[0], moment.looks[sides.index(second)], second, budget)
    replay = Replay(sides[0].backend, second.backend, reference, budget, sides[0].options)
    candidates = list(getattr(pieces, row.phase)(row))
    common = (row.step, row.phase, row.tensor, (sides[0].name, second.name), row.gap)
    for piece in candidates:
        found = replay.search(piece.function, piece.arrays, moment.state, row.phase == "gradient")
        if found is not None:
            return Divergence(*common, piece.layer, piece.kind, found, hint(row.phase, found, piece.owner))
    first = candidates[0]
    return Divergence(*common, first.layer, first.kind, None, hint(row.phase, None, first.owner) or NOTHING)


NOTHING = "Every operation by itself agrees on equal inputs: rounding from before is amplified here, or the backend's compiler changes the whole."


class Pieces:
    """What may be to blame, phase by phase, the likeliest first."""

    def __init__(self, side, moment, look, other_look, other, budget):
        self.side, self.model, self.moment, self.look = side, side.model, moment, look
        self.other_look, self.other, self.budget = other_look, other, budget
        self.calls = side.observer.calls

    def forward(self, row):
        """Yield the call that parts, or, where its inputs part before, the calls around it."""
        call = self.calls[row.place]
        around = [c for c in self.calls[row.place + 1 :] if c.depth < call.depth and (c.depth == 0 or call.path.startswith(c.path + "/"))]
        if self._inputs_agree(row.place):
            yield self._piece(call)
        yield from (self._piece(c) for c in around[:1] + around[-1:])
        if not self._inputs_agree(row.place):
            yield self._piece(call)

    def _inputs_agree(self, place):
        mine, theirs = self.calls[place], self.other.observer.calls
        theirs = theirs[place] if place < len(theirs) else mine
        pairs = zip(mine.inputs, theirs.inputs)
        return not any(measure(self.look["seen"][a], self.other_look["seen"][b], self.budget).over for a, b in pairs)

    def _piece(self, call):
        arrays = [self.look["seen"][leaf.number] for leaf in call.leaves if isinstance(leaf, Place)]

        def again(*given):
            rest = iter(given)
            args, kwargs = tree.unflatten(call.structure, [next(rest) if isinstance(leaf, Place) else leaf for leaf in call.leaves])
            with scope.within(training=self.side.trains):
                return call.layer(*args, **kwargs)

        return Piece(call.label, type(call.layer).__name__, again, tuple(arrays), call.layer)

    def loss(self, row):
        """Yield the loss of the outputs, then the whole way to it."""
        yield self._loss_piece()
        yield self._whole()

    def _loss_piece(self):
        _, y, sample_weight = self.moment.batch
        x = self.moment.batch[0]
        loss = self.model.loss
        name = loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", "loss")

        def again(x, y, sample_weight, outputs, carried):
            return self.model.loss_of(x, y, masked(outputs, carried), sample_weight, training=True)

        return Piece(str(name), "Loss", again, (x, y, sample_weight, self.look["outputs"], self.look["masks"]), loss)

    def _whole(self):
        def again(x, y, sample_weight):
            outputs = self.model(x, training=True)
            return self.model.loss_of(x, y, outputs, sample_weight, training=True)

        return Piece(self.model.name, type(self.model).__name__, again, self.moment.batch, self.model)

    def gradient(self, row):
        """Yield the loss, then the layers as the gradient passes them: from the last to the first."""
        yield self._loss_piece()
        yield from (self._piece(call) for call in reversed(self.calls) if call.leaf)
        yield self._whole()

    def update(self, row):
        """Yield the optimizer's update, from equal gradients."""
        variables = self.model.trainable_variables
        optimizer = self.model.optimizer
        if self.model._is_own("train"):
            data = self.moment.batch
            yield Piece("train_step", type(self.model).__name__, lambda *d: self.model._function("train")(self.model, d), data, self.model)
            return

        def again(*gradients):
            optimizer.apply(list(gradients), variables)
            return ()

        yield Piece(optimizer.name, type(optimizer).__name__, again, tuple(self.look["gradients"]), optimizer)

    def state(self, row):
        """Yield the calls of the layer that holds the variable, else the metrics."""
        owners = [call for call in self.calls if any(variable is row.place for variable in call.layer.variables)]
        yield from (self._piece(call) for call in owners[:1])
        if self.side.trains:
            yield self._metrics_piece(row.place)

    def _metrics_piece(self, variable):
        def again(x, y, sample_weight, outputs, carried, loss):
            step.counted(self.model, (x, y, sample_weight), loss)
            self.model.update_metrics(x, y, masked(outputs, carried), sample_weight)
            return ()

        owner = next((metric for metric in self.model.metrics if any(v is variable for v in metric.variables)), self.model)
        return Piece(owner.name, type(owner).__name__, again, (*self.moment.batch, self.look["outputs"], self.look["masks"], self.look["loss"]), owner)
