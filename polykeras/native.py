"""native(): the backend's own objects behind a model."""

from polykeras import execute, state, step, tree
from polykeras.contract import Options
from polykeras.graph import BATCH
from polykeras.objectives import Outputs, as_loss, is_sparse
from polykeras.plugins import registry
from polykeras.spec import Spec


def native(model):
    """Return a dict of the backend's own objects; see Model.native."""
    backend = registry.load(model.backend)
    home = state.settle(model.variables, backend, model.device)
    made = home.store.native()
    if "graph" in backend.capabilities and model.is_functional:
        made.update(_graph_of(model, backend))
        made.update(home.store.native())
    made["variables"] = {key.partition("#")[0]: value for key, value in made["variables"].items()}
    return made


def _graph_of(model, backend):
    """Return placeholders and tensors of the model for any batch size, and of a training step if it is compiled."""
    x = tree.map_structure(lambda symbol: symbol.spec, model.input)
    y = _targets(model) if model.compiled else None

    def whole(x, y):
        predictions = step.predict(model, (x, None, None))
        return {"predictions": predictions, "loss": step.train(model, (x, y, None)) if y is not None else None}

    recording = execute.record(whole, (x, y), backend)
    home = state.settle(recording.variables, backend, model.device)
    program = recording.compile(home, options=Options(jit=False)).native()
    results = tree.unflatten(recording.structure, program["outputs"])
    inputs, targets = tree.unflatten(tree.structure((x, y)), program["placeholders"])
    made = {"inputs": tree.leaves(inputs), "predictions": results["predictions"]}
    if y is not None:
        made.update(targets=tree.leaves(targets), loss=results["loss"], train_op=program["operation"])
    return made


def _targets(model):
    """Return Specs of the labels for any batch size: like those seen in training, else what the losses imply."""
    if model.loss_plan is not None and model.loss_plan.targets is not None:
        return tree.map_structure(lambda target: Spec((BATCH, *target.sizes[1:]), target.dtype), model.loss_plan.targets)
    given = model.compile_arguments["loss"]
    losses = Outputs(model.output_names, None).parts(given, "loss")
    made = [
        None if loss is None else Spec(x.sizes[:-1], "int32") if is_sparse(as_loss(loss)) else x.spec
        for loss, x in zip(losses, model.outputs)
    ]
    return made[0] if len(made) == 1 else made
