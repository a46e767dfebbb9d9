"""What fit, evaluate and predict show: a progress bar, or a line an epoch. Metrics are read only to be shown."""

import time

from polykeras.callbacks.callback import Callback

SECONDS_BETWEEN_READS = 0.2


def shown(logs):
    """Return logs as one line.

    >>> shown({"loss": 0.5, "accuracy": 1.0})
    'accuracy: 1.0000 - loss: 0.5000'
    """
    parts = []
    for name, value in sorted(logs.items()):
        if isinstance(value, float):
            parts.append(f"{name}: {value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{name}: {value:.4e}")
        else:
            parts.append(f"{name}: {value}")
    return " - ".join(parts)


class EpochLines(Callback):
    """Prints a line for each epoch (verbose=2)."""

    def __init__(self):
        super().__init__()
        self.start, self.training = 0.0, False

    def on_train_begin(self, logs=None):
        self.training = True

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        seconds = time.perf_counter() - self.start
        steps = self.params["steps"]
        each = f" - {seconds / steps * 1e3:.1f}ms/step" if steps else ""
        print(f"Epoch {epoch + 1}/{self.params['epochs']} - {seconds:.1f}s{each} - {shown(logs)}")

    def on_test_begin(self, logs=None):
        if not self.training:
            self.start = time.perf_counter()

    def on_test_end(self, logs=None):
        if not self.training:
            print(f"{time.perf_counter() - self.start:.1f}s - {shown(logs)}")

    def progress(self, kind, batch, read):
        """Show nothing between epochs."""


class Progress(Callback):
    """Shows a bar with the time left for each epoch (verbose=1)."""

    def __init__(self):
        super().__init__()
        self.bar = self.task = None
        self.training, self.title, self.last_read = False, "", 0.0

    def on_train_begin(self, logs=None):
        self.training = True

    def on_epoch_begin(self, epoch, logs=None):
        self._open(f"Epoch {epoch + 1}/{self.params['epochs']}")

    def on_epoch_end(self, epoch, logs=None):
        self._close(logs)

    def on_test_begin(self, logs=None):
        if not self.training:
            self._open("Evaluate")

    def on_test_end(self, logs=None):
        if not self.training:
            self._close(logs)

    def on_predict_begin(self, logs=None):
        self._open("Predict")

    def on_predict_end(self, logs=None):
        self._close({})

    def on_train_end(self, logs=None):
        self.training = False

    def _open(self, title):
        from rich import progress

        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(bar_width=24),
            progress.MofNCompleteColumn(),
            progress.TimeElapsedColumn(),
            progress.TimeRemainingColumn(),
            progress.TextColumn("{task.fields[logs]}"),
        )
        self.title, self.last_read = title, time.perf_counter()
        self.bar = progress.Progress(*columns, refresh_per_second=5)
        self.task = self.bar.add_task(title, total=self.params["steps"], logs="")
        self.bar.start()

    def progress(self, kind, batch, read):
        """Move the bar on; the metrics are read at most a few times a second."""
        if self.bar is None or self.training and kind != "train":
            return
        now = time.perf_counter()
        if now - self.last_read < SECONDS_BETWEEN_READS:
            self.bar.update(self.task, completed=batch + 1)
            return
        self.last_read = now
        self.bar.update(self.task, completed=batch + 1, logs=shown(read()))

    def _close(self, logs):
        if self.bar is not None:
            done = self.bar.tasks[0]
            self.bar.update(self.task, completed=done.total or done.completed, logs=shown(logs or {}))
            self.bar.stop()
            self.bar = None
