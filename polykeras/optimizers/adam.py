"""Adam and AdamW."""

from polykeras.ops.updates import adam_rate, adam_update
from polykeras.optimizers.optimizer import Optimizer


class Adam(Optimizer):
    """Moving averages of the gradient and of its square (Kingma & Ba 2014, their second form of the bias correction).

    w - learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)

    Args:
        beta_1, beta_2: how much of the averages m and v stays at each step.
        epsilon: added to sqrt(v).
        amsgrad: whether the largest v so far is used (Reddi et al. 2018).
        the rest: see Optimizer.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, weight_decay=None, clipnorm=None,
                 clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
                 loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs):  # fmt: skip
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
            loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad
        self.slot_groups = (("momentum", "velocity"), ("velocity_hat",)) if amsgrad else (("momentum", "velocity"),)

    def update(self, gradient, value, slots, learning_rate, step):
        rate = adam_rate(learning_rate, step, self.beta_1, self.beta_2)
        names = ("momentum", "velocity", "velocity_hat")[: 3 if self.amsgrad else 2]
        value, *after = adam_update(value, gradient, *(slots.get(name) for name in names), rate=rate, beta_1=self.beta_1, beta_2=self.beta_2, epsilon=self.epsilon)
        return value, dict(zip(names, after))

    def get_config(self):
        """Return what makes it anew, without its state."""
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon, "amsgrad": self.amsgrad}
        return {**super().get_config(), **own}


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019). Arguments as for Adam."""

    def __init__(self, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, clipnorm=None,
                 clipvalue=None, global_clipnorm=None, use_ema=False, ema_momentum=0.99, ema_overwrite_frequency=None,
                 loss_scale_factor=None, gradient_accumulation_steps=None, name=None, **kwargs):  # fmt: skip
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema,
            ema_momentum, ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        if weight_decay is None:
            raise ValueError("AdamW: expected a number for weight_decay, got None. Use Adam where no decay is wanted.")
