"""Rows of optimizers: each with its settings, with schedules, and with what all share. `k` is any module with Keras's names."""

from typing import NamedTuple


class Row(NamedTuple):
    """An optimizer: one line of a table.

    Attributes:
        id: unique; up to the first "-" the class.
        group: rows of one group share a program.
        make: takes a module with Keras's names, returns the optimizer.
        spared: words; weights whose names contain one do not decay.
    """

    id: str
    group: str
    make: object
    spared: tuple = ()


def optimizer(name, label, *rate, group=None, spared=(), **arguments):
    """Return the Row of an optimizer with these arguments."""
    return Row(f"{name}-{label}", group or name, lambda k: getattr(k.optimizers, name)(*rate, **arguments), spared)


def scheduled(label, schedule, name="SGD", **arguments):
    """Return the Row of an optimizer with a schedule, a function of the module of schedules."""
    make = lambda k: getattr(k.optimizers, name)(schedule(k.optimizers.schedules), **arguments)
    return Row(f"{name}-{label}", "schedules", make)


SETTINGS = [
    optimizer("SGD", "plain", 0.1),
    optimizer("SGD", "default"),
    optimizer("SGD", "momentum", 0.1, momentum=0.9),
    optimizer("SGD", "nesterov", 0.1, momentum=0.9, nesterov=True),
    optimizer("Adam", "plain", 0.1),
    optimizer("Adam", "default"),
    optimizer("Adam", "betas", 0.01, beta_1=0.5, beta_2=0.75, epsilon=1e-3),
    optimizer("Adam", "amsgrad", 0.1, amsgrad=True),
    optimizer("AdamW", "default"),
    optimizer("AdamW", "decay", 0.1, weight_decay=0.5, amsgrad=True),
    optimizer("RMSprop", "plain", 0.01),
    optimizer("RMSprop", "default"),
    optimizer("RMSprop", "momentum", 0.01, momentum=0.9, rho=0.5),
    optimizer("RMSprop", "centered", 0.01, centered=True, epsilon=1e-3),
    optimizer("RMSprop", "centered-momentum", 0.01, centered=True, momentum=0.5, epsilon=1e-3),
    optimizer("Adagrad", "plain", 0.1),
    optimizer("Adagrad", "default"),
    optimizer("Adagrad", "accumulator", 0.1, initial_accumulator_value=0.0, epsilon=1e-3),
]

SHARED = [
    *(optimizer(name, "weight-decay", 0.1, weight_decay=0.25, group="shared") for name in ("SGD", "Adam", "RMSprop", "Adagrad")),
    optimizer("SGD", "weight-decay-spared", 0.1, weight_decay=0.25, spared=("bias", "table"), group="shared"),
    *(optimizer(name, "clipnorm", 0.1, clipnorm=0.5, group="shared") for name in ("SGD", "Adam")),
    *(optimizer(name, "global-clipnorm", 0.1, global_clipnorm=1.0, group="shared") for name in ("SGD", "RMSprop")),
    *(optimizer(name, "clipvalue", 0.1, clipvalue=0.25, group="shared") for name in ("SGD", "Adagrad")),
    optimizer("SGD", "average", 0.1, use_ema=True, ema_momentum=0.75, group="shared"),
    optimizer("Adam", "average-overwrites", 0.1, use_ema=True, ema_momentum=0.5, ema_overwrite_frequency=3, group="shared"),
    optimizer("SGD", "accumulation", 0.1, gradient_accumulation_steps=2, group="shared"),
    optimizer("SGD", "accumulation-all", 0.1, momentum=0.9, gradient_accumulation_steps=3, weight_decay=0.25, clipnorm=0.5, group="shared"),
    optimizer("Adam", "accumulation", 0.1, gradient_accumulation_steps=3, use_ema=True, ema_momentum=0.5, group="shared"),
    optimizer("SGD", "loss-scale", 0.1, loss_scale_factor=128.0, clipvalue=1e-3, group="shared"),
]

SCHEDULES = [
    scheduled("exponential", lambda s: s.ExponentialDecay(0.1, 3, 0.5)),
    scheduled("exponential-stairs", lambda s: s.ExponentialDecay(0.1, 3, 0.5, staircase=True), momentum=0.9),
    scheduled("exponential-decay", lambda s: s.ExponentialDecay(0.1, 2, 0.7), "AdamW", weight_decay=0.25),
    scheduled("inverse-time", lambda s: s.InverseTimeDecay(0.1, 3, 0.5)),
    scheduled("polynomial", lambda s: s.PolynomialDecay(0.1, 4, 0.01, power=2.0)),
    scheduled("polynomial-cycle", lambda s: s.PolynomialDecay(0.1, 2, 0.01, cycle=True)),
    scheduled("piecewise", lambda s: s.PiecewiseConstantDecay([1, 3], [0.3, 0.2, 0.1])),
    scheduled("cosine", lambda s: s.CosineDecay(0.1, 4, alpha=0.125), "Adam"),
    scheduled("cosine-warmup", lambda s: s.CosineDecay(0.0, 4, warmup_target=0.2, warmup_steps=2), momentum=0.9, nesterov=True),
    scheduled("cosine-restarts", lambda s: s.CosineDecayRestarts(0.1, 2, t_mul=1.5, m_mul=0.5)),
    scheduled("function", lambda s: lambda: 0.05),
    scheduled("exponential-accumulation", lambda s: s.ExponentialDecay(0.1, 2, 0.5), gradient_accumulation_steps=2),
]

ROWS = [*SETTINGS, *SHARED, *SCHEDULES]
