"""F-scores: the harmonic mean of precision and recall."""

from polykeras import config, ops
from polykeras.losses.formula import paired
from polykeras.metrics.metric import Metric
from polykeras.metrics.regression import outputs_of


class FBetaScore(Metric):
    """(1 + beta**2) * precision * recall / (beta**2 * precision + recall).

    Args:
        average: None (a score per class), "micro" (one from all counts), "macro" (their mean) or "weighted"
            (their mean by how often each class occurs).
        beta: how many times as much recall counts as precision, a float.
        threshold: predictions above it are positive; the highest of each sample where None.
        name, dtype: see Metric.
    """

    _direction = "up"
    counted = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        title = type(self).__name__
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(f"{title}: expected average None, 'micro', 'macro' or 'weighted', got {average!r}.")
        if not isinstance(beta, float) or beta <= 0:
            raise ValueError(f"{title}: expected beta to be a float above 0, got {beta!r}.")
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise ValueError(f"{title}: expected threshold to be a float above 0 and up to 1, got {threshold!r}.")
        self.average, self.beta, self.threshold, self._built = average, beta, threshold, False

    def _build(self, classes):
        for name in self.counted:
            setattr(self, name, self.add_variable(() if self.average == "micro" else (classes,), "zeros", self.dtype, name=name))
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in a batch. (samples, classes), (samples, classes), weights (samples,)

        Raises:
            ShapeError: other shapes.
        """
        y_true, y_pred = (ops.convert_to_tensor(y, self.dtype) for y in (y_true, y_pred))
        classes = outputs_of(self, *paired(self.name, y_true, y_pred))
        if not self._built:
            self._build(classes)
        if self.threshold is None:
            highest = ops.greater_equal(y_pred, ops.max(y_pred, axis=-1, keepdims=True))
            chosen = ops.logical_and(highest, ops.greater(ops.absolute(y_pred), 1e-9))
        else:
            chosen = ops.greater(y_pred, self.threshold)
        chosen = ops.cast(chosen, self.dtype)
        counts = (chosen * y_true, chosen * (1.0 - y_true), (1.0 - chosen) * y_true, y_true)
        for name, values in zip(self.counted, counts):
            if sample_weight is not None:
                values = values * ops.expand_dims(ops.convert_to_tensor(sample_weight, self.dtype), 1)
            getattr(self, name).assign_add(ops.sum(values, axis=None if self.average == "micro" else 0))

    def result(self):
        """Return the score, or one per class without an average."""
        tp, fp, fn, weights = (getattr(self, name).value for name in self.counted)
        epsilon, squared = config.epsilon(), self.beta**2
        precision, recall = tp / (tp + fp + epsilon), tp / (tp + fn + epsilon)
        score = precision * recall / (squared * precision + recall + epsilon) * (1.0 + squared)
        if self.average == "weighted":
            return ops.sum(score * (weights / (ops.sum(weights) + epsilon)))
        return score if self.average is None else ops.mean(score)

    def get_config(self):
        """Return what makes it anew."""
        return {**super().get_config(), "average": self.average, "beta": self.beta, "threshold": self.threshold}


class F1Score(FBetaScore):
    """2 * precision * recall / (precision + recall).

    Args:
        average, threshold, name, dtype: see FBetaScore.
    """

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self):
        """Return what makes it anew."""
        made = super().get_config()
        del made["beta"]
        return made
