"""What `compile` was given, made fit to use: losses and metrics for each output, by name."""

import numpy as np

from polykeras import losses, naming, ops, tree
from polykeras import metrics as metric_module
from polykeras.errors import DataError
from polykeras.spec import Spec


class Outputs:
    """The names of a model's outputs, and how to take values apart by them."""

    def __init__(self, names, structure):
        self.names, self.structure = list(names), structure

    def parts(self, value, what):
        """Return one value per output, from one alone, a list, or a dict by name; None where missing.

        Raises:
            DataError: their number or names do not fit.
        """
        if isinstance(value, dict):
            unknown = set(value) - set(self.names)
            if unknown:
                raise DataError(f"{what}: expected names among {', '.join(self.names)}, got {', '.join(map(str, sorted(unknown)))}.")
            return [value.get(name) for name in self.names]
        if len(self.names) == 1:
            return [value[0]] if isinstance(value, (list, tuple)) and len(value) == 1 else [value]
        if isinstance(value, (list, tuple)):
            if len(value) != len(self.names):
                raise DataError(f"{what}: expected one for each of the outputs {', '.join(self.names)}, got {len(value)}.")
            return list(value)
        return [value] * len(self.names)


def check_names(loss, loss_weights, metrics, weighted_metrics):
    """Refuse losses and metrics that there are not, as soon as compile is given them.

    Raises:
        ValueError: it tells what there is.
    """
    for identifier in tree.leaves(loss):
        losses.find(identifier) if isinstance(identifier, str) else as_loss(identifier)
    for identifier in tree.leaves([metrics, weighted_metrics]):
        if isinstance(identifier, str):
            metric_module.find(identifier) if identifier.lower() not in _SHORT else None
        elif not callable(identifier):
            metric_module.get(identifier)
    for weight in tree.leaves(loss_weights):
        if isinstance(weight, bool) or not isinstance(weight, (int, float)):
            raise ValueError(f"loss_weights: expected numbers, got {weight!r}.")


def as_loss(identifier):
    """Return a Loss for what `compile` takes as one; None for None."""
    made = losses.get(identifier)
    if made is None or isinstance(made, losses.Loss):
        return made
    return losses.LossFunctionWrapper(made, name=getattr(made, "__name__", "loss"))


class LossPlan:
    """The losses of a compiled model.

    Args:
        loss: one for all outputs, a list, or a dict by output.
        weights: likewise.
    """

    def __init__(self, loss, weights, outputs):
        self.outputs = outputs
        self.losses = [as_loss(part) for part in outputs.parts(loss, "loss")]
        self.weights = outputs.parts(weights, "loss_weights") if weights is not None else [None] * len(self.losses)
        self.classes, self.targets = [None] * len(self.losses), None
        several = sum(one is not None for one in self.losses) > 1
        self.trackers = [
            metric_module.Mean(name=f"{name}_loss") if several and one is not None else None for name, one in zip(outputs.names, self.losses)
        ]

    def check(self, y):
        """Refuse labels that are no class of the output that they are for.

        Raises:
            DataError: it names the output, the range and what was found.
        """
        for name, one, target, classes in zip(self.outputs.names, self.losses, self.outputs.parts(y, "y"), self.classes):
            if target is not None and classes is not None and is_sparse(one):
                target = np.asarray(target)
                ignored = getattr(one, "ignore_class", None)
                values = target if ignored is None else target[target != ignored]
                where = "y" if len(self.outputs.names) == 1 else f"y for output '{name}'"
                check_range(f"{where}: labels", values, 0, classes)

    def __call__(self, y, y_pred, sample_weight):
        """Return the weighted sum of the losses of all outputs, a scalar."""
        targets, predictions = self.outputs.parts(y, "y"), self.outputs.parts(y_pred, "outputs")
        weights = self.outputs.parts(sample_weight, "sample_weight") if sample_weight is not None else [None] * len(targets)
        self.classes = [_classes(prediction) for prediction in predictions]
        self.targets = tree.map_structure(lambda part: Spec(ops.shape(part), ops.dtype(part)), y)
        total = None
        for name, one, factor, tracker, target, prediction, weight in zip(
            self.outputs.names, self.losses, self.weights, self.trackers, targets, predictions, weights
        ):
            if one is None:
                continue
            if target is None:
                raise DataError(f"y: expected labels for output '{name}', which has a loss; got none.")
            value = one(target, prediction, weight)
            if tracker is not None:
                samples = ops.shape(tree.leaves(prediction)[0])[0]
                tracker.update_state(value, sample_weight=ops.cast(samples, "float32") if not isinstance(samples, int) else float(samples))
            value = value if factor is None else value * factor
            total = value if total is None else total + value
        return total


def is_sparse(loss):
    """Whether a loss takes class numbers."""
    function = getattr(loss, "fn", loss)
    return isinstance(loss, losses.SparseCategoricalCrossentropy) or function is losses.sparse_categorical_crossentropy


def _classes(prediction):
    size = ops.shape(prediction)[-1] if ops.shape(prediction) else None
    return size if isinstance(size, int) else None


def check_range(where, values, low, high):
    """Refuse integers outside low, ..., high - 1.

    Raises:
        DataError: it tells the range and what was found.
    """
    values = np.asarray(values)
    if values.size == 0:
        return
    smallest, largest = values.min(), values.max()
    if smallest < low or largest >= high:
        wrong = smallest if smallest < low else largest
        raise DataError(f"{where}: expected values from {low} to {high - 1}, got {wrong}. Renumber them, or give the model room for {int(max(largest, -smallest)) + 1}.")


_KINDS = {
    ("accuracy", "binary"): "BinaryAccuracy",
    ("accuracy", "sparse"): "SparseCategoricalAccuracy",
    ("accuracy", "categorical"): "CategoricalAccuracy",
    ("crossentropy", "binary"): "BinaryCrossentropy",
    ("crossentropy", "sparse"): "SparseCategoricalCrossentropy",
    ("crossentropy", "categorical"): "CategoricalCrossentropy",
}
_SHORT = {"accuracy": "accuracy", "acc": "accuracy", "crossentropy": "crossentropy", "ce": "crossentropy"}


def as_metric(identifier, target, prediction):
    """Return a Metric for what `compile` takes as one; "accuracy" and "crossentropy" by the shapes."""
    if isinstance(identifier, metric_module.Metric):
        return identifier
    if isinstance(identifier, str) and identifier.lower() in _SHORT:
        kind = _SHORT[identifier.lower()]
        return getattr(metric_module, _KINDS[kind, _label_kind(target, prediction)])(name=identifier)
    made = metric_module.get(identifier)
    if isinstance(made, metric_module.Metric):
        if isinstance(identifier, str):
            made.name = identifier
        return made
    name = identifier if isinstance(identifier, str) else getattr(made, "__name__", None) or naming.snake_case(type(made).__name__)
    return metric_module.MeanMetricWrapper(made, name=name)


def _label_kind(target, prediction):
    """Say whether labels are binary, class numbers, or one-hot."""
    labels, scores = ops.shape(target), ops.shape(prediction)
    if scores and scores[-1] == 1:
        return "binary"
    if len(labels) < len(scores) or labels and labels[-1] == 1:
        return "sparse"
    return "categorical"


class MetricPlan:
    """The metrics of a compiled model, made when the first batch shows the shapes.

    Args:
        plain: metrics that ignore sample weights: one, a list, nested lists or a dict by output.
        weighted: metrics that use them.
    """

    def __init__(self, plain, weighted, outputs):
        self.outputs, self.given, self.rows = outputs, (plain, weighted), None

    def build(self, y, y_pred):
        """Make the metrics."""
        targets, predictions = self.outputs.parts(y, "y"), self.outputs.parts(y_pred, "outputs")
        self.rows = []
        for given, weighted in zip(self.given, (False, True)):
            for index, identifiers in enumerate(self._per_output(given)):
                for identifier in identifiers:
                    if identifier is not None and targets[index] is not None:
                        self.rows.append((index, as_metric(identifier, targets[index], predictions[index]), weighted))

    def _per_output(self, given):
        count = len(self.outputs.names)
        if given is None:
            return [[]] * count
        if isinstance(given, dict):
            parts = self.outputs.parts(given, "metrics")
        elif count == 1:
            parts = [given[0]] if isinstance(given, (list, tuple)) and given and isinstance(given[0], (list, tuple)) else [given]
        elif isinstance(given, (list, tuple)):
            parts = self.outputs.parts(given, "metrics")
        else:
            parts = [given] * count
        return [list(part) if isinstance(part, (list, tuple)) else [part] for part in parts]

    @property
    def metrics(self):
        """The metrics, once they are made."""
        return [metric for _, metric, _ in self.rows or ()]

    def update_state(self, y, y_pred, sample_weight):
        """Update all metrics with a batch."""
        targets, predictions = self.outputs.parts(y, "y"), self.outputs.parts(y_pred, "outputs")
        weights = self.outputs.parts(sample_weight, "sample_weight") if sample_weight is not None else [None] * len(targets)
        for index, metric, weighted in self.rows:
            metric.update_state(targets[index], predictions[index], sample_weight=weights[index] if weighted else None)

    def named(self):
        """Return (name, metric) of each, as the logs have them: behind the output's name where there are several outputs.

        A name that is taken already gets `weighted_` before it in a weighted metric, else a number behind it.
        """
        several, found = len(self.outputs.names) > 1, {}
        for index, metric, weighted in self.rows or ():
            prefix = f"{self.outputs.names[index]}_" if several else ""
            name = f"{prefix}{metric.name}"
            if weighted and name in found:
                name = f"{prefix}weighted_{metric.name}"
            found[_free(name, found)] = metric
        return list(found.items())

    def results(self):
        """Return {name: value}; a metric with several results gives a name to each."""
        made = {}
        for name, metric in self.named():
            value = metric.result()
            made.update({name.removesuffix(metric.name) + part: one for part, one in value.items()} if isinstance(value, dict) else {name: value})
        return made


def _free(name, taken):
    """Return a name that is not taken: name, name_1, ..."""
    number, free = 0, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
