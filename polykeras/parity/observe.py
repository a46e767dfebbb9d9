"""What is looked at in a step: the outputs of every layer call, the loss, the gradients; then the update by itself."""

from typing import NamedTuple

from polykeras import masks, scope, step, tree
from polykeras.gradient import value_and_grad
from polykeras.spec import Spec


class Call(NamedTuple):
    """One call of a layer in a step.

    Attributes:
        layer: the layer.
        path: names of the layers around and its own: encoder/dense.
        number: 1 for the layer's first call in the step.
        depth: how many layers are around it.
        leaf: whether no other layer was called within.
        leaves, structure: its (args, kwargs); arrays are Places.
        outputs: numbers of the observed arrays that it returned.
    """

    layer: object
    path: str
    number: int
    depth: int
    leaf: bool
    leaves: list
    structure: object
    outputs: list

    @property
    def label(self):
        """The path, with the number of the call where it is not the first."""
        return self.path if self.number == 1 else f"{self.path} (call {self.number})"

    @property
    def title(self):
        """Class and path."""
        return f"{type(self.layer).__name__} '{self.label}'"

    @property
    def inputs(self):
        """Numbers of the observed arrays among its arguments."""
        return [leaf.number for leaf in self.leaves if isinstance(leaf, Place)]


class Place(NamedTuple):
    """The number of an observed array."""

    number: int


class Observer:
    """Told by every layer of its calls; keeps the arrays that can leave the step.

    Calls within a loop or a branch of the step belong to the layer that loops.
    """

    def __init__(self):
        self.arrays, self.calls = [], []
        self._numbers, self._open, self._block = {}, [], None

    def began(self, layer):
        """Note that a layer starts; those that start before it ends are within."""
        if self._block is None:
            self._block = _block()
        self._open.append([layer, True])

    def ended(self, layer, args, kwargs, outputs):
        """Note a call with its arguments and outputs."""
        _, leaf = self._open.pop()
        if _block() != self._block:
            return
        if self._open:
            self._open[-1][1] = False
        names = [other.name for other, _ in self._open[1:]] + [layer.name]
        number = 1 + sum(call.layer is layer for call in self.calls)
        leaves, structure = tree.flatten((args, kwargs))
        leaves = [Place(self._number(x)) if isinstance(x, Spec) else x for x in leaves]
        made = [self._number(x) for x in tree.leaves(outputs) if isinstance(x, Spec)]
        self.calls.append(Call(layer, "/".join(names), number, len(self._open), leaf, leaves, structure, made))

    def _number(self, x):
        if id(x) not in self._numbers:
            self._numbers[id(x)] = len(self.arrays)
            self.arrays.append(x)
        return self._numbers[id(x)]


def _block():
    return len(getattr(scope.running(), "blocks", ()))


def forward(model, data, observer, training=False):
    """Return the observed arrays of a batch, the outputs and the masks that they carry."""
    with scope.within(observer=observer):
        outputs = model(data[0], training=training)
    carried = [masks.get_mask(output) for output in tree.leaves(outputs)]
    return {"seen": list(observer.arrays), "outputs": outputs, "masks": [[] if mask is None else [mask] for mask in carried]}


def learning(model, data, observer):
    """Return the observed arrays, the outputs, the loss and the gradients of a batch; no weight is updated."""
    x, y, sample_weight = data

    def loss_of():
        made = forward(model, data, observer, training=True)
        loss = model.loss_of(x, y, made["outputs"], sample_weight, training=True)
        return model.optimizer.scale_loss(loss), {**made, "loss": loss}

    variables = model.trainable_variables
    if not variables:
        return {**loss_of()[1], "gradients": []}
    (_, made), gradients = value_and_grad(loss_of, variables=variables, has_aux=True)()
    return {**made, "gradients": gradients}


def update(model, data, made):
    """Update weights, slots and metrics, given what `learning` returned: from another backend, or the same."""
    if made["gradients"]:
        model.optimizer.apply(made["gradients"], model.trainable_variables)
    step.counted(model, data, made["loss"])
    model.update_metrics(data[0], data[1], masked(made["outputs"], made["masks"]), data[2])
    return ()


def masked(outputs, carried):
    """Return outputs with the masks that `forward` found on them."""
    for output, mask in zip(tree.leaves(outputs), carried):
        masks.set_mask(output, mask[0] if mask else None)
    return outputs
