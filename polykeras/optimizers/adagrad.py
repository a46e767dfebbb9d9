"""Adagrad."""

from polykeras import ops
from polykeras.optimizers.optimizer import Optimizer


class Adagrad(Optimizer):
    """The gradient divided by the root of the sum of its squares (Duchi et al. 2011), epsilon inside the root.

    Args:
        initial_accumulator_value: where the sum starts.
        epsilon: added to the sum.
        the rest: see Optimizer.
    """

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, weight_decay=None, clipnorm=None,
                 clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
                 loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon
        self.slot_groups = (("accumulator",),)

    def add_slots(self, names, value=0.0):
        """Make slots; the accumulators start from their own value."""
        super().add_slots(names, self.initial_accumulator_value if names == ("accumulator",) else value)

    def update(self, gradient, value, slots, learning_rate, step):
        total = slots["accumulator"] + gradient * gradient
        return value - learning_rate * gradient / ops.sqrt(total + self.epsilon), {"accumulator": total}

    def get_config(self):
        """Return what makes it anew, without its state."""
        own = {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}
        return {**super().get_config(), **own}
