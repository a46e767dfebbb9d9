"""Stochastic gradient descent."""

from polykeras.optimizers.optimizer import Optimizer


class SGD(Optimizer):
    """w - learning_rate * g; with momentum v = momentum * v - learning_rate * g, w + v (Sutskever et al. 2013).

    Args:
        momentum: from 0 to 1.
        nesterov: whether the gradient is looked up ahead: w + momentum * v - learning_rate * g.
        the rest: see Optimizer.
    """

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, weight_decay=None, clipnorm=None, clipvalue=None,
                 global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None, loss_scale_factor=None,
                 gradient_accumulation_steps=None, name=None, **kwargs):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        if not 0 <= momentum <= 1:
            raise ValueError(f"SGD: expected momentum from 0 to 1, got {momentum}.")
        self.momentum, self.nesterov = momentum, nesterov
        self.slot_groups = (("momentum",),) if momentum else ()

    def update(self, gradient, value, slots, learning_rate, step):
        change = gradient * learning_rate
        if not self.momentum:
            return value - change, slots
        momentum = slots["momentum"] * self.momentum - change
        ahead = momentum * self.momentum - change if self.nesterov else momentum
        return value + ahead, {"momentum": momentum}

    def get_config(self):
        """Return what makes it anew, without its state."""
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
