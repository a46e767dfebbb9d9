"""Trade-offs: the best of one rate at a threshold where another is high enough."""

from polykeras import ops
from polykeras.metrics.confusion import Confusion, share


class _TradeOff(Confusion):
    """The base of metrics that look for the best threshold, of num_thresholds evenly spread over [0, 1]."""

    _direction = "up"
    constraint = None  # name of the rate that must be at least a value: the constructor's first argument

    def __init__(self, value, num_thresholds, class_id, name, dtype):
        title = type(self).__name__
        if not 0 <= value <= 1:
            raise ValueError(f"{title}: expected {self.constraint} within [0, 1], got {value!r}.")
        if num_thresholds <= 0:
            raise ValueError(f"{title}: expected num_thresholds of at least 1, got {num_thresholds}.")
        super().__init__(name=name, dtype=dtype)
        setattr(self, self.constraint, value)
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        self.thresholds = [0.5] if num_thresholds == 1 else evenly(num_thresholds)
        self._add_counts((num_thresholds,), num_thresholds > 1)

    def _best(self, wanted, constrained):
        """Return the highest of a rate where another is at least the value; 0 where none is."""
        feasible = ops.greater_equal(constrained, self.value)
        return ops.max(ops.where(feasible, wanted, 0.0), initial=0.0)

    @property
    def _recall(self):
        return share(self.true_positives, self.false_negatives)

    @property
    def _precision(self):
        return share(self.true_positives, self.false_positives)

    @property
    def _specificity(self):
        return share(self.true_negatives, self.false_positives)

    def get_config(self):
        """Return what makes it anew."""
        arguments = {"num_thresholds": self.num_thresholds, self.constraint: self.value, "class_id": self.class_id}
        return {**super().get_config(), **arguments}


def evenly(size):
    """Return so many thresholds from 0 to 1."""
    return [0.0, *((place + 1) / (size - 1) for place in range(size - 2)), 1.0]


class SensitivityAtSpecificity(_TradeOff):
    """The best sensitivity (share of label 1 found) where the specificity is at least a value."""

    constraint = "specificity"

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def result(self):
        """Return the best sensitivity."""
        return self._best(self._recall, self._specificity)


class SpecificityAtSensitivity(_TradeOff):
    """The best specificity (share of label 0 left alone) where the sensitivity is at least a value."""

    constraint = "sensitivity"

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def result(self):
        """Return the best specificity."""
        return self._best(self._specificity, self._recall)


class PrecisionAtRecall(_TradeOff):
    """The best precision where the recall is at least a value."""

    constraint = "recall"

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def result(self):
        """Return the best precision."""
        return self._best(self._precision, self._recall)


class RecallAtPrecision(_TradeOff):
    """The best recall where the precision is at least a value."""

    constraint = "precision"

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def result(self):
        """Return the best recall."""
        return self._best(self._recall, self._precision)
