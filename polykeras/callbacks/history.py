"""History: what every epoch gave."""

from polykeras.callbacks.callback import Callback


class History(Callback):
    """Keeps the logs of every epoch; fit returns it.

    Attributes:
        history: {name: one value per epoch}.
        epoch: the numbers of the epochs, from 0.
    """

    def __init__(self):
        super().__init__()
        self.history, self.epoch = {}, []

    def on_train_begin(self, logs=None):
        self.history, self.epoch = {}, []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
