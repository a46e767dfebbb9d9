"""compare: the one door of the parity tool."""

import numpy as np

from polykeras import scope, tree
from polykeras.data import batch as batching
from polykeras.errors import DataError
from polykeras.parity.budget import as_budget
from polykeras.parity.judge import Judge
from polykeras.parity.lockstep import Lockstep, free_run
from polykeras.parity.report import Report
from polykeras.parity.sides import Side, untouched
from polykeras.plugins import registry


def compare(model, x, y=None, backends=None, steps=20, batch_size=32, sample_weight=None, budget=None, reference=None, weights=None, free=True):
    """Run a model on several backends in lockstep, or beside an outside model, and say where the numbers part.

    Each step starts every backend from the first one's state and gives the update the first one's gradients,
    so that a cause is told apart from its consequences. The model keeps its values, its home and its backend.

    Args:
        model: a Model. One that is compiled is trained; of another only the outputs are compared.
        x, y, sample_weight: data as for fit, in arrays; batches are taken in order, and again from the start.
        backends: names (or backends themselves); the others are compared with the first; all there are where None. With `reference` the first one runs the model.
        steps: number of steps.
        batch_size: samples a batch; fewer where there is less data.
        budget: what is allowed: None for the rule of Budget, a number of ulps, {phase: ulps}, or a Budget.
        reference: a model of another library, such as a torch.nn.Module or a Keras 3 model, instead of backends.
        weights: {path of a weight here: name there, or (name, function of the array)}; guessed where None.
        free: whether the backends also run on their own, for the curve of their divergence.

    Returns:
        A Report: .agrees, .margin, .first_divergence, str(report), .to_html(path), .to_dict().

    Raises:
        DataError: there are no data, or fewer than two backends.
        PluginError: a backend cannot be used.

    >>> from polykeras import layers, models
    >>> model = models.Sequential([layers.Input((3,)), layers.Dense(2, kernel_initializer="ones")])
    >>> compare(model, np.ones((4, 3), "float32"), backends=["numpy", "numpy"], steps=1).agrees
    True
    """
    budget = as_budget(budget)
    batches = _batches(x, y, sample_weight, batch_size)
    if reference is not None:
        from polykeras.parity.beside import compare_beside

        return compare_beside(model, batches[0], reference, weights, _loaded(backends or [model.backend])[0], budget)
    loaded = _loaded(backends if backends is not None else registry.names())
    if len(loaded) < 2:
        raise DataError(f"compare: expected at least two backends, got {', '.join(backend.name for backend in loaded) or 'none'}.")
    trains = model.compiled and (batches[0][1] is not None or not model.compile_arguments["loss"])
    with scope.outside(), untouched(model):
        sides = [Side(model, backend, batches[0], trains) for backend in loaded]
        start = {key: value for side in reversed(sides) for key, value in side.state().items()}
        lockstep = Lockstep(sides, budget, Judge(sides, budget, registry.reference()))
        lockstep.run(batches, steps)
        curve = free_run(sides, start, batches, steps) if free else []
        for side in sides:
            side.close()
        return Report(model, [side.name for side in sides], steps, lockstep.first, lockstep, curve, sides[0].observer.calls)


def _loaded(names):
    return [registry.load(name) if isinstance(name, str) else name for name in ([names] if isinstance(names, str) else names)]


def _batches(x, y, sample_weight, batch_size):
    """Return full batches of (x, y, sample_weight) as NumPy arrays."""
    parts = [batching.host(part, where) for part, where in ((x, "x"), (y, "y"), (sample_weight, "sample_weight"))]
    count = batching.same_length(x=parts[0], y=parts[1], sample_weight=parts[2])
    size = min(batch_size, count)
    cut = lambda start: tuple(tree.map_structure(lambda leaf: np.ascontiguousarray(leaf[start : start + size]), part) for part in parts)
    return [cut(start) for start in range(0, count - size + 1, size)]



