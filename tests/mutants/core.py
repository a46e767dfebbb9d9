"""Mutants of polykeras itself, in force while the mutant runs and not while the reference does: as if a backend had its own."""

import numpy as np

from polykeras import ops
from polykeras.optimizers.optimizer import Optimizer, clip_by_norm
from polykeras.spec import Spec
from polykeras.state import Home
from tests.mutants.row import mutant


def adam(corrected=True, inside=False, largest=True):
    """Return Adam's formula, with something else."""

    def update(self, gradient, value, slots, rate, step):
        m, v = slots["momentum"], slots["velocity"]
        m = m + (gradient - m) * (1.0 - self.beta_1)
        v = v + (gradient * gradient - v) * (1.0 - self.beta_2)
        after = {"momentum": m, "velocity": v}
        if corrected:
            rate = rate * ops.sqrt(1.0 - ops.power(ops.cast(self.beta_2, ops.dtype(value)), step)) / (1.0 - ops.power(ops.cast(self.beta_1, ops.dtype(value)), step))
        if self.amsgrad:
            after["velocity_hat"] = ops.maximum(slots["velocity_hat"], v)
            v = after["velocity_hat"] if largest else v
        return value - m * rate / (ops.sqrt(v + self.epsilon) if inside else ops.sqrt(v) + self.epsilon), after

    return update


def torch_momentum(self, gradient, value, slots, rate, step):
    """SGD, whose momentum takes in the gradient without the rate."""
    if not self.momentum:
        return value - gradient * rate, slots
    momentum = slots["momentum"] * self.momentum + gradient
    return value - rate * (gradient + momentum * self.momentum if self.nesterov else momentum), {"momentum": momentum}


def without_nesterov(self, gradient, value, slots, rate, step):
    """SGD that never looks ahead."""
    momentum = slots["momentum"] * self.momentum - gradient * rate
    return value + momentum, {"momentum": momentum}


def outside_root(self, gradient, value, slots, rate, step):
    """RMSprop, with epsilon outside the root."""
    velocity = self.rho * slots["velocity"] + (1.0 - self.rho) * (gradient * gradient)
    return value - rate * gradient / (ops.sqrt(velocity) + self.epsilon), {"velocity": velocity}


def fresh_accumulator(self, gradient, value, slots, rate, step):
    """Adagrad, whose accumulator does not count where it started."""
    total = slots["accumulator"] + gradient * gradient
    return value - rate * gradient / ops.sqrt(total - self.initial_accumulator_value + self.epsilon), {"accumulator": total}


def coupled(self, gradients, variables):
    """_update, whose weight decay is added to the gradients."""
    gradients = [g + v * self.weight_decay if self.weight_decay and self._decays(v) else g for g, v in zip(self.clipped(gradients), variables)]
    for gradient, variable in zip(gradients, variables):
        self.update_step(gradient, variable, self.learning_rate)


def late_schedule(self):
    """The learning rate, of the step after."""
    rate = self._learning_rate
    return rate(self._iterations + 1) if hasattr(rate, "get_config") else rate if hasattr(rate, "assign") else rate()


def summed(self, gradients, variables, original=Optimizer._accumulated):
    """_accumulated, whose gradients are summed rather than meant."""
    original(self, [g * self.gradient_accumulation_steps for g in gradients], variables)


def average(self, variables):
    """_average, which starts from 0."""
    for variable in variables:
        slot = self.slots[variable, "average"]
        slot.assign(self.ema_momentum * slot + (1.0 - self.ema_momentum) * variable)


def torch_norm(gradient, limit):
    """clip_by_norm, with a millionth added to the norm."""
    return gradient * limit / ops.maximum(ops.norm(gradient) + 1e-3, limit)


def left_behind(wanted):
    """Return a Home.take that leaves the values of some Variables behind."""

    def take(self, variables):
        if any(variable.home is None for variable in variables):
            return TAKE(self, variables)
        lost = {variable.key: np.zeros_like(variable.numpy()) for variable in variables if wanted(variable)}
        TAKE(self, variables)
        self.store.write(lost)

    return take


TAKE = Home.take
SPEC, OPTIMIZER = "polykeras.spec", "polykeras.optimizers.optimizer"


def of_spec(case, **parts):
    """Return the row of a wrong prediction."""
    return mutant("spec", case, core={SPEC: parts})


def of_optimizer(case, module, **parts):
    """Return the row of a wrong optimizer; names of parts have _ for the point behind the class."""
    named = {name.replace("__", ".", 1): part for name, part in parts.items()}
    return mutant("optimizers", case, core={f"polykeras.optimizers.{module}": named})


def padded_in_front(x, widths, value):
    """The shape rule of pad, without what stands behind."""
    return Spec([size + before for size, (before, _) in zip(x.sizes, widths)], x.dtype)


MUTANTS = {
    # -- optimizers
    "adam-uncorrected": of_optimizer("Adam-plain", "adam", Adam__update=adam(corrected=False)),
    "adam-epsilon-in-root": of_optimizer("Adam-betas", "adam", Adam__update=adam(inside=True)),
    "adam-without-amsgrad": of_optimizer("Adam-amsgrad", "adam", Adam__update=adam(largest=False)),
    "sgd-momentum-without-rate": of_optimizer("SGD-exponential-stairs", "sgd", SGD__update=torch_momentum),
    "sgd-without-nesterov": of_optimizer("SGD-nesterov", "sgd", SGD__update=without_nesterov),
    "rmsprop-epsilon-outside": of_optimizer("RMSprop-plain", "rmsprop", RMSprop__update=outside_root),
    "adagrad-starts-from-zero": of_optimizer("Adagrad-plain", "adagrad", Adagrad__update=fresh_accumulator),
    "decay-coupled": of_optimizer("Adam-weight-decay", "optimizer", Optimizer___update=coupled),
    "decay-spares-nothing": of_optimizer("SGD-weight-decay-spared", "optimizer", Optimizer___decays=lambda self, variable: True),
    "clipnorm-of-all-by-each": of_optimizer("SGD-global-clipnorm", "optimizer", clip_by_global_norm=lambda gs, limit: [clip_by_norm(g, limit) for g in gs]),
    "clipnorm-torch": of_optimizer("SGD-clipnorm", "optimizer", clip_by_norm=torch_norm),
    "clipvalue-lost": of_optimizer("SGD-clipvalue", "optimizer", Optimizer__clipped=lambda self, gradients: gradients),
    "schedule-late": of_optimizer("SGD-exponential", "optimizer", Optimizer__learning_rate=property(late_schedule)),
    "accumulation-sums": of_optimizer("SGD-accumulation", "optimizer", Optimizer___accumulated=summed),
    "average-from-zero": of_optimizer("SGD-average", "optimizer", Optimizer___average=average),
    # -- metrics
    "metric-divides-by-batches": mutant("losses_metrics", "Mean-values", core={"polykeras.metrics.reduction": {"count": lambda values, dtype: ops.ones((), dtype)}}),
    "metric-forgets": mutant("losses_metrics", "Sum-values", core={"polykeras.metrics.reduction": {"Sum.update_state": lambda self, values, sample_weight=None: self.total.assign(ops.sum(values))}}),
    "metrics-never-reset": mutant("training", "mlp-ragged-shuffled-float32", core={"polykeras.compiled": {"Compiled.reset_metrics": lambda self: None}}),
    # -- moving
    "slots-left-behind": mutant("moving", "nested-batch-norm-float32-from-reference", core={"polykeras.state": {"Home.take": left_behind(lambda variable: "momentum" in variable.path)}}),
    "counter-left-behind": mutant("moving", "mlp-dropout-float32-to-reference", core={"polykeras.state": {"Home.take": left_behind(lambda variable: "seed" in variable.path)}}),
    # -- the abstract backend
    "predicted-dtype": of_spec("argsort", argsort=lambda x, axis: Spec(x.sizes, "int64")),
    "predicted-size": of_spec("pad", pad=padded_in_front),
    "predicted-order": of_spec("transpose", transpose=lambda x, axes: Spec(x.sizes, x.dtype)),
    "predicted-comparison": of_spec("less", less=lambda x, y: Spec(np.broadcast_shapes((), ()) if not x.sizes else x.sizes, "int32")),
}  # fmt: skip
