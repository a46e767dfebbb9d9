"""RMSprop."""

from polykeras import ops
from polykeras.optimizers.optimizer import Optimizer


class RMSprop(Optimizer):
    """The gradient divided by the root of a moving average of its square (Hinton 2012), epsilon inside the root.

    Args:
        rho: how much of the average stays at each step.
        momentum: from 0 to 1.
        epsilon: added to the average.
        centered: whether the average gradient's square is taken off, which leaves the variance.
        the rest: see Optimizer.
    """

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, weight_decay=None, clipnorm=None,
                 clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
                 loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        groups = [("velocity",), ("momentum",) if momentum > 0 else (), ("average_gradient",) if centered else ()]
        self.slot_groups = tuple(group for group in groups if group)

    def update(self, gradient, value, slots, learning_rate, step):
        after = {"velocity": self.rho * slots["velocity"] + (1.0 - self.rho) * (gradient * gradient)}
        spread = after["velocity"] + self.epsilon
        if self.centered:
            after["average_gradient"] = self.rho * slots["average_gradient"] + (1.0 - self.rho) * gradient
            spread = after["velocity"] - ops.square(after["average_gradient"]) + self.epsilon
        change = learning_rate * gradient / ops.sqrt(spread)
        if self.momentum > 0:
            change = after["momentum"] = self.momentum * slots["momentum"] + change
        return value - change, after

    def get_config(self):
        """Return what makes it anew, without its state."""
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return {**super().get_config(), **own}
