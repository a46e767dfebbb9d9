"""Callback: what can watch training, and the list that calls them."""


class Callback:
    """Something that watches training; a subclass writes the hooks it wants.

    A subclass that writes a hook for batches sees every one, so batches then run one at a time.

    Attributes:
        model: the model that is trained.
        params: {"verbose", "epochs", "steps"}.
    """

    def __init__(self):
        self.model, self.params = None, {}

    def set_params(self, params):
        """Receive {"verbose", "epochs", "steps"}."""
        self.params = params

    def set_model(self, model):
        """Receive the model."""
        self.model = model

    def on_batch_begin(self, batch, logs=None):
        """Run before a training batch: another name of on_train_batch_begin."""

    def on_batch_end(self, batch, logs=None):
        """Run after a training batch: another name of on_train_batch_end."""

    def on_epoch_begin(self, epoch, logs=None):
        """Run before an epoch, counted from 0."""

    def on_epoch_end(self, epoch, logs=None):
        """Run after an epoch and its validation, with {name: value} of both."""

    def on_train_batch_begin(self, batch, logs=None):
        """Run before a training batch, counted from 0 in each epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """Run after a training batch, with {name: value} of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch, logs=None):
        """Run before a batch of evaluate or validation."""

    def on_test_batch_end(self, batch, logs=None):
        """Run after a batch of evaluate or validation."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Run before a batch of predict."""

    def on_predict_batch_end(self, batch, logs=None):
        """Run after a batch of predict."""

    def on_train_begin(self, logs=None):
        """Run before training."""

    def on_train_end(self, logs=None):
        """Run after training, with the last epoch's values."""

    def on_test_begin(self, logs=None):
        """Run before evaluate or validation."""

    def on_test_end(self, logs=None):
        """Run after evaluate or validation."""

    def on_predict_begin(self, logs=None):
        """Run before predict."""

    def on_predict_end(self, logs=None):
        """Run after predict."""


class LazyLogs(dict):
    """Logs that are read from the device when somebody looks."""

    def __init__(self, read):
        super().__init__()
        self._read = read

    def _fill(self):
        if self._read is not None:
            read, self._read = self._read, None
            self.update(read())
        return self


def _filled(name):
    method = getattr(dict, name)
    return lambda self, *args, **kwargs: method(self._fill() if self._read else self, *args, **kwargs)


for _name in ("__getitem__", "__contains__", "__iter__", "__len__", "__repr__", "__eq__", "get", "items", "keys", "values", "copy"):
    setattr(LazyLogs, _name, _filled(_name))
