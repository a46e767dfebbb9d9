"""CallbackList: calls every callback's hooks, and knows whether any of them watches each batch."""

from polykeras.callbacks.callback import Callback, LazyLogs
from polykeras.callbacks.history import History
from polykeras.callbacks.progress import EpochLines, Progress

_BATCH_HOOKS = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}


class CallbackList:
    """Some callbacks, called as one.

    Args:
        callbacks: a list, one, or None.
        model: the model that they watch.
        verbose: 0 silent, 1 a progress bar, 2 a line an epoch.
        epochs, steps: how many there will be, None where unknown.
        add_history: whether a History is added.
    """

    def __init__(self, callbacks=None, add_history=False, add_progbar=False, model=None, verbose=0, epochs=1, steps=None):
        given = [] if callbacks is None else list(callbacks) if isinstance(callbacks, (list, tuple)) else [callbacks]
        for callback in given:
            if not isinstance(callback, Callback):
                raise TypeError(f"callbacks: expected Callback objects, got {type(callback).__name__}. Derive it from polykeras.callbacks.Callback.")
        self.callbacks = given
        self.history = next((c for c in given if isinstance(c, History)), None)
        if add_history and self.history is None:
            self.history = History()
            self.callbacks = [*given, self.history]
        self.display = self._display(given, verbose)
        self._watching = {kind: [c for c in given if _watches(c, hooks)] for kind, hooks in _BATCH_HOOKS.items()}
        for callback in [*self.callbacks, *([self.display] if self.display else [])]:
            callback.set_params({"verbose": verbose, "epochs": epochs, "steps": steps})
            if model is not None:
                callback.set_model(model)

    def _display(self, given, verbose):
        """Return what shows the progress: a callback given for that, else one for `verbose`, else None."""
        shown = next((callback for callback in given if isinstance(callback, (Progress, EpochLines))), None)
        made = {1: Progress, 2: EpochLines}.get(verbose)
        if shown is None:
            return made() if made else None
        self.callbacks = [callback for callback in self.callbacks if callback is not shown]
        return shown

    def watches(self, kind):
        """Whether a callback wants to see each batch."""
        return bool(self._watching[kind])

    def on_batch_begin(self, kind, batch):
        """Call the hooks before a batch."""
        for callback in self._watching[kind]:
            getattr(callback, f"on_{kind}_batch_begin")(batch, {})

    def on_batch_end(self, kind, batch, read):
        """Call the hooks after a batch; the display takes its own time.

        Args:
            read: returns the logs; called only if somebody looks.
        """
        if self._watching[kind]:
            logs = LazyLogs(read)
            for callback in self._watching[kind]:
                getattr(callback, f"on_{kind}_batch_end")(batch, logs)
        if self.display is not None:
            self.display.progress(kind, batch, read)

    def _each(self, hook, *args):
        for callback in self.callbacks:
            getattr(callback, hook)(*args)
        if self.display is not None:
            getattr(self.display, hook)(*args)

    def on_epoch_begin(self, epoch, logs=None):
        """Call the hooks before an epoch."""
        self._each("on_epoch_begin", epoch, logs or {})

    def on_epoch_end(self, epoch, logs=None):
        """Call the hooks after an epoch."""
        self._each("on_epoch_end", epoch, {} if logs is None else logs)


def _watches(callback, hooks):
    return any(getattr(type(callback), hook) is not getattr(Callback, hook) for hook in hooks) or any(hook in callback.__dict__ for hook in hooks)


def _phase(hook):
    def call(self, logs=None):
        self._each(hook, logs or {})

    call.__name__ = hook
    call.__doc__ = f"Call {hook} of every callback."
    return call


for _kind in ("train", "test", "predict"):
    for _end in ("begin", "end"):
        setattr(CallbackList, f"on_{_kind}_{_end}", _phase(f"on_{_kind}_{_end}"))
