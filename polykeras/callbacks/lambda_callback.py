"""LambdaCallback: hooks given as functions."""

from polykeras.callbacks.callback import Callback


class LambdaCallback(Callback):
    """Calls functions as hooks.

    Args:
        on_epoch_begin, on_epoch_end: functions (epoch, logs).
        on_train_begin, on_train_end: functions (logs).
        on_train_batch_begin, on_train_batch_end: functions (batch, logs).
        kwargs: any other hooks.
    """

    def __init__(
        self,
        on_epoch_begin=None,
        on_epoch_end=None,
        on_train_begin=None,
        on_train_end=None,
        on_train_batch_begin=None,
        on_train_batch_end=None,
        **kwargs,
    ):
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        unknown = [name for name in hooks if not hasattr(Callback, name)]
        if unknown:
            raise TypeError(f"LambdaCallback: got unknown hooks {', '.join(unknown)}.")
        self.__dict__.update({name: function for name, function in hooks.items() if function is not None})
