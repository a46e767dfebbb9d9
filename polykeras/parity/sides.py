"""One backend's side of a comparison: the recorded steps, in a store of their own, apart from the model's home."""

import contextlib

from polykeras import contract, execute, spec, tree
from polykeras.parity import observe
from polykeras.programs import specs_of

GIVEN = ("outputs", "masks", "loss", "gradients")  # what the update gets from the first side


class Side:
    """A model's steps on one backend.

    Args:
        model: it keeps its home, its backend and its values.
        backend: the backend itself.
        batch: (x, y, sample_weight), whose shapes all batches have.
        trains: whether the model is compiled, and loss, gradients and updates are looked at.
    """

    def __init__(self, model, backend, batch, trains):
        self.model, self.backend, self.trains = model, backend, trains
        self.options = contract.Options(jit=model.jit_compile)
        self.name = backend.name
        self.learns = trains and not (model._is_own("train") and model.compile_arguments["loss"] is None)  # else only its own step knows the loss
        specs = specs_of(batch)
        self.looking, self.observer = self._record(specs)
        recordings = [self.looking]
        if trains:
            self.updating = self._record_update(specs)
            recordings.append(self.updating)
        self.variables = list({v.key: v for made in recordings for v in made.variables}.values())
        self.store = backend.store({v.key: v.numpy() for v in self.variables}, None)
        self.programs = [backend.compile(made.trace, self.store, None, self.options) for made in recordings]

    def _record(self, specs):
        function = observe.learning if self.learns else lambda *args: observe.forward(*args, training=self.trains)
        while True:
            known, observer = _known(self.model), observe.Observer()
            made = execute.record(lambda data: function(self.model, data, observer), (specs,), self.backend)
            if _known(self.model) == known:  # else layers were built meanwhile
                return made, observer

    def _record_update(self, specs):
        if self.model._is_own("train"):
            step = self.model._function("train")
            return execute.record(lambda data, made: step(self.model, data), (specs, ()), self.backend)
        made = tree.unflatten(self.looking.structure, self.looking.trace.outputs)
        made = {name: tree.map_structure(spec.like, made[name]) for name in GIVEN}
        function = lambda data, made: observe.update(self.model, data, made)
        execute.record(function, (specs, made), self.backend)  # builds slots and metrics
        return execute.record(function, (specs, made), self.backend)

    def look(self, state, batch):
        """Return what is observed on a batch, from a state."""
        self.store.write({key: value for key, value in state.items() if key in self.store.names()})
        flat = [self.backend.to_numpy(x) for x in self.programs[0].run(tree.leaves(batch))]
        return tree.unflatten(self.looking.structure, flat)

    def update(self, batch, made):
        """Update the state, given what somebody observed; a model's own train_step finds out for itself."""
        if not self.trains:
            return
        given = () if self.model._is_own("train") else {name: made[name] for name in GIVEN}
        self.programs[1].run(tree.leaves((batch, given)))

    def restart(self, state):
        """Give all variables the values of a state."""
        self.store.write({key: value for key, value in state.items() if key in self.store.names()})

    def state(self):
        """Return {key: value} of all variables."""
        return self.store.read([variable.key for variable in self.variables])

    def close(self):
        """Free the store."""
        self.store.close()


def _known(model):
    return [variable.key for variable in model.variables]


@contextlib.contextmanager
def untouched(model):
    """Give back a model's optimizer and plans as they were: recording a step makes slots and metrics."""
    optimizer = model.optimizer
    plans = {name: model.__dict__.get(name) for name in ("loss_plan", "metric_plan")}
    before = {name: _copied(value) for name, value in vars(optimizer).items()} if optimizer is not None else {}
    rows = getattr(plans["metric_plan"], "rows", None)
    try:
        yield
    finally:
        if optimizer is not None:
            vars(optimizer).clear()
            vars(optimizer).update(before)
        model.__dict__.update(plans)
        if plans["metric_plan"] is not None:
            plans["metric_plan"].rows = rows


def _copied(value):
    return type(value)(value) if type(value) in (list, dict) else value
