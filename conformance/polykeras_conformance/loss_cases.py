"""Cases of losses (value and gradient of one batch) and of metrics (state and result after each of several)."""

import numpy as np

import polykeras
from polykeras import masks, scope, spec, tree
from polykeras.ops.dispatch import p
from polykeras.scope import Scope
from polykeras.spec import Spec
from polykeras_conformance import budgets
from polykeras_conformance.cases import Case
from polykeras_conformance.gradients import weighted_sum
from polykeras_conformance.layer_cases import default_float, failing


class Batch:
    """What a loss or a metric takes at a time: arrays by name, some of them missing.

    Args:
        y_true, y_pred, weight: arrays; a metric of values alone has no y_true.
        mask: of y_pred, carried beside it.
    """

    def __init__(self, y_true, y_pred, weight=None, mask=None):
        given = {"y_true": y_true, "y_pred": y_pred, "weight": weight, "mask": mask}
        self.names = [name for name, value in given.items() if value is not None]
        self.values = [np.asarray(given[name]) for name in self.names]

    def arrays(self, dtype):
        """Return the arrays, floats in a dtype."""
        return [x.astype(dtype) if x.dtype.kind == "f" else x for x in self.values]

    def named(self, arrays):
        """Return {name: array}, the mask put on y_pred."""
        made = dict(zip(self.names, arrays))
        if "mask" in made:
            masks.set_mask(made["y_pred"], made.pop("mask"))
        return made


class Row:
    """A loss or a metric with its data: one line of a table.

    Args:
        id: unique; up to the first "-" the class.
        group: rows of one group share a program.
        make: takes a module with Keras's names.
        batches: list of Batches.
    """

    def __init__(self, id, group, make, batches):
        self.id, self.group, self.make, self.batches = id, group, make, batches


def loss_case(row, dtype):
    """Return the Case of a loss: its value, and its gradient by the predictions."""
    (batch,) = row.batches

    def function(*arrays):
        place = batch.names.index("y_pred")

        def loss(xs):
            given = batch.named([*arrays[:place], xs[0], *arrays[place + 1 :]])
            made = row.make(polykeras)(given["y_true"], given["y_pred"], sample_weight=given.get("weight"))
            return weighted_sum(made), [made]

        with default_float(dtype):
            _, found, slopes = p.value_and_grad(loss, [arrays[place]])
        return [*found, *slopes]

    return Case(row.id, row.group, function, batch.arrays(dtype), budgets.COMPOSED, "value_and_grad")


class MetricCase(Case):
    """A metric in a dtype, as a function of all its batches' arrays: state and result after each batch."""

    def __init__(self, row, dtype):
        self.row, self.dtype, self.metric = row, dtype, None
        arrays = [x for batch in row.batches for x in batch.arrays(dtype)]
        super().__init__(row.id, row.group, self.function_of, arrays, budgets.COMPOSED)

    @property
    def call(self):
        """The case as places evaluate it; the metric is made, and sees Specs, when it is first asked for."""
        if self.metric is None:
            try:
                with default_float(self.dtype), Scope(spec, captures=True):
                    self.metric = self.row.make(polykeras)
                    self._updated([Spec(x.shape, x.dtype.name) for x in self.arrays])
            except Exception as error:  # it is this case's own failure, not that of its group
                return failing(error), []
        return self.function_of, self.arrays

    def function_of(self, *arrays):
        """Return state and result after each batch, as a list."""
        outer = scope.current()
        with default_float(self.dtype), Scope(outer.backend, outer, captures=True) as inside:
            for variable in self.metric.variables:
                inside.values[variable] = p.from_numpy(variable.numpy(), None)
            return self._updated(arrays)

    def _updated(self, arrays):
        left, found = list(arrays), []
        for batch in self.row.batches:
            given = batch.named([left.pop(0) for _ in batch.names])
            values = [given[name] for name in ("y_true", "y_pred") if name in given]
            self.metric.update_state(*values, sample_weight=given.get("weight"))
            found += [*(variable.value for variable in self.metric.variables), *tree.leaves(self.metric.result())]
        return found
