"""Callbacks that steer training: stopping early, and the learning rate."""

import inspect
import warnings

import numpy as np

from polykeras import ops
from polykeras.callbacks.callback import Callback


class Monitor(Callback):
    """The base of callbacks that follow one value of the logs.

    Args:
        monitor: its name.
        mode: "min", "max", or "auto": as the metric says which way is better; a loss falls.
        min_delta: by how much it must improve.
    """

    def __init__(self, monitor, mode="auto", min_delta=0.0):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(f"{type(self).__name__}: expected mode 'auto', 'min' or 'max', got {mode!r}; taken as 'auto'.", stacklevel=3)
            mode = "auto"
        self.monitor, self.mode, self.min_delta = monitor, mode, abs(min_delta)
        self.sign = {"min": -1.0, "max": 1.0, "auto": None}[mode]

    def _direction(self):
        """Return 1 where larger is better, -1 where smaller is.

        Raises:
            ValueError: no metric of this name says so.
        """
        name = self.monitor.removeprefix("val_")
        metrics = self.model.metrics_by_name()
        word = "down" if name == "loss" or name.endswith("_loss") else getattr(metrics.get(name), "_direction", None)
        if word is None:
            raise ValueError(
                f"{type(self).__name__}: cannot tell whether {self.monitor!r} should rise or fall, as no metric of that name says so; "
                f"got metrics {', '.join(metrics)}. Pass mode='max' or mode='min'."
            )
        return 1.0 if word == "up" else -1.0

    def improves(self, value, best):
        """Whether a value is better than the best, by more than min_delta; NaN never is."""
        if self.sign is None:
            self.sign = self._direction()
        if np.isnan(value):
            return False
        return best is None or self.sign * (value - best) > self.min_delta

    def current(self, logs):
        """Return the value, or None with a warning where the logs lack it."""
        if self.monitor not in (logs or {}):
            warnings.warn(f"{type(self).__name__}: expected {self.monitor!r} in the logs, got {', '.join(logs or {})}.", stacklevel=3)
            return None
        return logs[self.monitor]


class EarlyStopping(Monitor):
    """Stops when a value no longer improves.

    Args:
        patience: epochs without improvement before it stops.
        verbose: whether it says so.
        baseline: a value to be better than from the start.
        restore_best_weights: whether the weights of the best epoch come back.
        start_from_epoch: epochs to wait before watching.
        monitor, min_delta, mode: see Monitor.
    """

    def __init__(
        self, monitor="val_loss", min_delta=0, patience=0, verbose=0, mode="auto", baseline=None, restore_best_weights=False, start_from_epoch=0
    ):
        super().__init__(monitor, mode, min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def on_train_begin(self, logs=None):
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def on_epoch_end(self, epoch, logs=None):
        value = self.current(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self.improves(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.improves(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch, self.model.stop_training = epoch, True

    def on_train_end(self, logs=None):
        if self.stopped_epoch and self.verbose:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class ReduceLROnPlateau(Monitor):
    """Multiplies the learning rate by a factor when a value no longer improves.

    Args:
        factor: below 1.
        patience: epochs without improvement before it acts.
        cooldown: epochs to wait after it acted.
        min_lr: the lowest learning rate.
        monitor, min_delta, mode: see Monitor.
    """

    def __init__(self, monitor="val_loss", factor=0.1, patience=10, verbose=0, mode="auto", min_delta=1e-4, cooldown=0, min_lr=0.0):
        super().__init__(monitor, mode, min_delta)
        if factor >= 1:
            raise ValueError(f"ReduceLROnPlateau: expected a factor below 1, got {factor}.")
        self.factor, self.patience, self.verbose, self.cooldown, self.min_lr = factor, patience, verbose, cooldown, min_lr
        self.wait = self.resting = 0
        self.best = None

    def on_train_begin(self, logs=None):
        self.wait = self.resting = 0
        self.best = None

    def on_epoch_end(self, epoch, logs=None):
        rate = self.model.optimizer.learning_rate
        if logs is not None:
            logs["learning_rate"] = float(ops.convert_to_numpy(rate))
        value = self.current(logs)
        if value is None:
            return
        if self.resting > 0:
            self.resting, self.wait = self.resting - 1, 0
        if self.improves(value, self.best):
            self.best, self.wait = value, 0
        elif self.resting <= 0:
            self.wait += 1
            old = float(ops.convert_to_numpy(rate))
            if self.wait >= self.patience and old > self.min_lr:
                self.model.optimizer.learning_rate = max(old * self.factor, self.min_lr)
                self.resting, self.wait = self.cooldown, 0
                if self.verbose:
                    print(f"Epoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {max(old * self.factor, self.min_lr)}.")


class LearningRateScheduler(Callback):
    """Sets the learning rate before each epoch.

    Args:
        schedule: a function (epoch, learning rate) or (epoch) -> learning rate.
    """

    def __init__(self, schedule, verbose=0):
        super().__init__()
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch, logs=None):
        rate = float(ops.convert_to_numpy(self.model.optimizer.learning_rate))
        several = len(inspect.signature(self.schedule).parameters) > 1
        rate = float(self.schedule(epoch, rate) if several else self.schedule(epoch))
        self.model.optimizer.learning_rate = rate
        if self.verbose:
            print(f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["learning_rate"] = float(ops.convert_to_numpy(self.model.optimizer.learning_rate))


class TerminateOnNaN(Callback):
    """Stops when the loss is not a finite number.

    Args:
        raise_error: whether to raise a RuntimeError rather than to end training in good order.
    """

    def __init__(self, raise_error=False):
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is None or np.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"TerminateOnNaN: expected a finite loss, got {loss} at batch {batch}. Check the data, or lower the learning rate.")
        print(f"Batch {batch}: the loss is {loss}, training stops.")
        self.model.stop_training = True
