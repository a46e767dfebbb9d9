"""Overlap of classes: intersection over union, from a table of labels and predicted classes."""

from polykeras import config, ops
from polykeras.losses.formula import paired
from polykeras.metrics.metric import Metric


class IoU(Metric):
    """The mean over classes of right / (labelled + predicted - right), of classes that occur.

    Args:
        num_classes: number of classes; others are dropped.
        target_class_ids: the classes that count.
        name: see Metric.
        dtype: what to count in; int32 where None, so that weights lose their fraction.
        ignore_class: a label that does not count.
        sparse_y_true, sparse_y_pred: whether class numbers are given rather than one value per class.
        axis: where the values per class are.
    """

    _direction = "up"

    def __init__(
        self, num_classes, target_class_ids, name=None, dtype=None, ignore_class=None, sparse_y_true=True, sparse_y_pred=True, axis=-1
    ):
        super().__init__(name=name, dtype=dtype or "int32")
        if max(target_class_ids) >= num_classes:
            raise ValueError(f"{type(self).__name__}: expected target_class_ids below num_classes={num_classes}, got {list(target_class_ids)}.")
        self.num_classes, self.target_class_ids, self.ignore_class = num_classes, list(target_class_ids), ignore_class
        self.sparse_y_true, self.sparse_y_pred, self.axis = sparse_y_true, sparse_y_pred, axis
        self.total_cm = self.add_variable((num_classes, num_classes), "zeros", self.dtype, name="total_confusion_matrix")

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in a batch of classes of any shape, and weights of that shape or a scalar."""
        y_true = ops.cast(y_true if self.sparse_y_true else ops.argmax(y_true, axis=self.axis), "int32")
        y_pred = ops.cast(y_pred if self.sparse_y_pred else ops.argmax(y_pred, axis=self.axis), "int32")
        y_true, y_pred = paired(self.name, *(ops.reshape(y, (-1,)) for y in (y_true, y_pred)))
        weights = ops.convert_to_tensor(1 if sample_weight is None else sample_weight, self.dtype)
        weights = ops.broadcast_to(ops.reshape(weights, (-1,)), ops.shape(y_true))
        counts = ops.logical_and(self._known(y_true), self._known(y_pred))
        if self.ignore_class is not None:
            counts = ops.logical_and(counts, ops.not_equal(y_true, self.ignore_class))
        # what does not count goes to a place out of range, where scatter drops it
        places = ops.where(counts, y_true * self.num_classes + y_pred, self.num_classes**2)
        table = ops.segment_sum(weights, places, self.num_classes**2)
        self.total_cm.assign_add(ops.reshape(table, (self.num_classes, self.num_classes)))

    def _known(self, classes):
        return ops.logical_and(ops.greater_equal(classes, 0), ops.less(classes, self.num_classes))

    def result(self):
        """Return the mean over the classes that count and occur; 0 of none."""
        right = ops.diagonal(self.total_cm)
        union = ops.sum(self.total_cm, axis=0) + ops.sum(self.total_cm, axis=1) - right
        right, union = (ops.take(ops.cast(x, config.floatx()), self.target_class_ids, axis=0) for x in (right, union))
        occurs = ops.greater(union, 1e-9)
        shares = ops.where(occurs, right / (union + config.epsilon()), 0.0)
        return ops.sum(shares) / (ops.sum(ops.cast(occurs, config.floatx())) + config.epsilon())

    def get_config(self):
        """Return what makes it anew."""
        names = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _without(made, *names):
    return {name: value for name, value in made.items() if name not in names}


class BinaryIoU(IoU):
    """Intersection over union of predictions below a threshold and of those from it on."""

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take in a batch of labels 0 or 1 and predictions."""
        super().update_state(y_true, ops.greater_equal(y_pred, self.threshold), sample_weight)

    def get_config(self):
        """Return what makes it anew."""
        made = _without(super().get_config(), "num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**made, "threshold": self.threshold}


class MeanIoU(IoU):
    """The mean intersection over union of all classes that occur.

    >>> float(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]))
    0.3333333432674408
    """

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_true=True, sparse_y_pred=True, axis=-1):
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self):
        """Return what makes it anew."""
        return _without(super().get_config(), "target_class_ids")


class OneHotIoU(IoU):
    """Intersection over union of one-hot labels."""

    def __init__(self, num_classes, target_class_ids, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        """Return what makes it anew."""
        return _without(super().get_config(), "sparse_y_true")


class OneHotMeanIoU(MeanIoU):
    """The mean intersection over union of one-hot labels, of all classes that occur."""

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        """Return what makes it anew."""
        return _without(super().get_config(), "sparse_y_true")
