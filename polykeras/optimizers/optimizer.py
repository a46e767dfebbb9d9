"""Optimizer: what all of them share. A subclass is a formula for one weight and its slots."""

import math
import re

from polykeras import config, initializers, naming, ops, scope
from polykeras.ops import dispatch
from polykeras.optimizers import schedules
from polykeras.optimizers.schedules import LearningRateSchedule
from polykeras.variable import Variable


class Optimizer:
    """Changes weights by their gradients.

    A subclass names its slots and writes `update`; Keras's `build` and `update_step` can be overridden
    as well.

    Args:
        learning_rate: a number, a LearningRateSchedule, or a function without arguments.
        weight_decay: share of each weight, times the learning rate, taken off before the update.
        clipnorm: each gradient is scaled down to this norm.
        clipvalue: each element of a gradient is held within plus and minus this.
        global_clipnorm: all gradients together are scaled down to this norm.
        use_ema: whether a moving average of the weights is kept.
        ema_momentum: how much of it stays at each step.
        ema_overwrite_frequency: after how many steps the weights are set to it; at the end where None.
        loss_scale_factor: the loss is multiplied by it before, the gradients divided after, the backward pass.
        gradient_accumulation_steps: an update is made once in so many steps, with the mean gradient.
        name: name of the optimizer.
    """

    #: groups of slots; those of one group lie side by side for each weight, as in Keras's files
    slot_groups = ()

    def __init__(
        self,
        learning_rate,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        **kwargs,
    ):
        if kwargs:
            raise ValueError(f"{type(self).__name__}: got unknown arguments {', '.join(sorted(kwargs))}.")
        if sum(value is not None for value in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError(
                f"{type(self).__name__}: expected at most one of clipnorm, clipvalue and global_clipnorm, "
                f"got {clipnorm}, {clipvalue} and {global_clipnorm}."
            )
        if gradient_accumulation_steps is not None and gradient_accumulation_steps < 2:
            raise ValueError(f"{type(self).__name__}: expected gradient_accumulation_steps of at least 2, got {gradient_accumulation_steps}.")
        if not 0 <= ema_momentum <= 1:
            raise ValueError(f"{type(self).__name__}: expected ema_momentum from 0 to 1, got {ema_momentum}.")
        self.name = name or naming.of_class(type(self))
        self.weight_decay, self.clipnorm, self.clipvalue, self.global_clipnorm = weight_decay, clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum, self.ema_overwrite_frequency = use_ema, ema_momentum, ema_overwrite_frequency
        self.loss_scale_factor, self.gradient_accumulation_steps = loss_scale_factor, gradient_accumulation_steps
        self.built, self.trainable_variables, self.slots, self._listed = False, [], {}, []
        self._excluded = (frozenset(), None)
        self._iterations = self._counter("iteration", 0, "int32")
        self._set_learning_rate(learning_rate)

    def _counter(self, name, value, dtype):
        with naming.at_root(), naming.within(self, self.name):
            variable = Variable(value, dtype=dtype, trainable=False, autocast=False, name=name)
        self._listed.append(variable)
        return variable

    # -- the learning rate -------------------------------------------------------------------------

    def _set_learning_rate(self, value):
        if isinstance(value, LearningRateSchedule) or callable(value):
            self._learning_rate = value
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{type(self).__name__}: expected a number, a LearningRateSchedule or a function as learning_rate, got {value!r}.")
        else:
            self._learning_rate = self._counter("learning_rate", float(value), config.floatx())

    @property
    def learning_rate(self):
        """The learning rate of the next step: a Variable, or what the schedule gives."""
        if isinstance(self._learning_rate, LearningRateSchedule):
            return self._learning_rate(self._iterations)
        return self._learning_rate if isinstance(self._learning_rate, Variable) else self._learning_rate()

    @learning_rate.setter
    def learning_rate(self, value):
        if isinstance(self._learning_rate, Variable) and not callable(value):
            self._learning_rate.assign(value)
        elif isinstance(self._learning_rate, LearningRateSchedule) and not callable(value):
            raise TypeError(f"{self.name}: it was made with a LearningRateSchedule, so its learning rate cannot be set; got {value!r}. Make it with a number.")
        else:
            self._listed = [variable for variable in self._listed if variable is not self._learning_rate]
            self._set_learning_rate(value)

    @property
    def iterations(self):
        """How many updates were made."""
        if self.gradient_accumulation_steps:
            return ops.floor_divide(self._iterations, self.gradient_accumulation_steps)
        return self._iterations

    # -- state ---------------------------------------------------------------------------------------

    @property
    def variables(self):
        """The counter, the learning rate, and the slots of each weight, in Keras's order."""
        return list(self._listed)

    def build(self, variables):
        """Make the slots for some weights.

        Args:
            variables: list of Variables.
        """
        if self.built:
            return
        self.trainable_variables = list(variables)
        if self.use_ema:
            self.add_slots(("average",))
        if self.gradient_accumulation_steps:
            self.add_slots(("gradient_accumulator",))
        for group in self.slot_groups:
            self.add_slots(group)
        self.built = True

    def add_slots(self, names, value=0.0):
        """Make slots of these names, side by side for each weight, filled with a value."""
        for variable in self.trainable_variables:
            for name in names:
                self.slots[variable, name] = self.add_variable_from_reference(variable, name, value=value)

    def add_variable_from_reference(self, reference_variable, name=None, initializer="zeros", value=0.0):
        """Return a new slot of a weight's shape and dtype."""
        label = f"{reference_variable.path.replace('/', '_')}_{name}" if name else reference_variable.path.replace("/", "_")
        start = initializers.Constant(value) if value else initializers.get(initializer)
        with naming.at_root(), naming.within(self, self.name):
            made = Variable(start, reference_variable.shape, reference_variable.dtype, trainable=False, autocast=False, name=label)
        self._listed.append(made)
        return made

    # -- one step ------------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars):
        """Update weights, given (gradient, weight) pairs."""
        gradients, variables = zip(*grads_and_vars)
        self.apply(gradients, variables)

    def apply(self, grads, trainable_variables=None):
        """Update weights, given their gradients in the order of the weights.

        Raises:
            ValueError: a weight is unknown, or no gradient was given for any.
        """
        variables = list(trainable_variables) if trainable_variables is not None else self.trainable_variables
        if not grads:
            return
        if scope.running() is None:
            return dispatch.enter(lambda: self.apply(grads, variables), dispatch.backend_of([*grads, *variables]))
        if not self.built:
            self.build(variables)
        unknown = [variable.path for variable in variables if not any(variable is known for known in self.trainable_variables)]
        if unknown:
            raise ValueError(f"{self.name}: it was built for other weights; got unknown {', '.join(unknown)}. Make a new optimizer for them.")
        pairs = [(g, v) for g, v in zip(grads, variables) if g is not None]
        if not pairs:
            raise ValueError(f"{self.name}: got no gradient for any weight. The loss does not depend on them.")
        self._apply(*map(list, zip(*pairs)))
        self._iterations.assign(self._iterations + 1)

    def _apply(self, gradients, variables):
        if self.loss_scale_factor is not None:
            gradients = [g / self.loss_scale_factor for g in gradients]
        if self.gradient_accumulation_steps:
            self._accumulated(gradients, variables)
        else:
            self._update(gradients, variables)
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable))
        if self.use_ema:
            self._average(variables)

    def _update(self, gradients, variables):
        gradients = self.clipped(gradients)
        rate = self.learning_rate
        if self.weight_decay is not None:
            for variable in variables:
                if self._decays(variable):
                    variable.assign(variable - variable * (ops.cast(self.weight_decay, variable.dtype) * ops.cast(rate, variable.dtype)))
        for gradient, variable in zip(gradients, variables):
            self.update_step(gradient, variable, rate)

    def update_step(self, gradient, variable, learning_rate):
        """Update one weight and its slots."""
        dtype = variable.dtype
        slots = {name: self.slots[variable, name] for group in self.slot_groups for name in group}
        made = self.update(
            ops.cast(gradient, dtype),
            ops.convert_to_tensor(variable),
            {name: ops.convert_to_tensor(slot) for name, slot in slots.items()},
            ops.cast(learning_rate, dtype),
            ops.cast(self.iterations + 1, dtype),
        )
        value, after = made
        variable.assign(value)
        for name, slot in slots.items():
            slot.assign(after[name])

    def update(self, gradient, value, slots, learning_rate, step):
        """Return (new value, new slots) of a weight: a pure, elementwise formula.

        Args:
            gradient, value: arrays of one shape and dtype.
            slots: {name: array of the same shape}.
            learning_rate: scalar of that dtype.
            step: number of this update, from 1, a scalar of that dtype.
        """
        raise NotImplementedError(f"{type(self).__name__} has neither update nor update_step. Write one.")

    def clipped(self, gradients):
        """Return gradients, clipped as the arguments say."""
        if self.clipnorm:
            return [clip_by_norm(g, self.clipnorm) for g in gradients]
        if self.global_clipnorm:
            return clip_by_global_norm(gradients, self.global_clipnorm)
        if self.clipvalue:
            return [ops.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        return gradients

    def _accumulated(self, gradients, variables):
        """Add gradients up, and update with their mean once in gradient_accumulation_steps."""
        steps = self.gradient_accumulation_steps
        due = ops.equal((self._iterations + 1) % steps, 0)
        sums = [self.slots[v, "gradient_accumulator"] + g for g, v in zip(gradients, variables)]
        state = [*variables, *(slot for (_, name), slot in self.slots.items() if name not in ("gradient_accumulator", "average"))]
        before = [ops.convert_to_tensor(variable) for variable in state]
        self._update([g / steps for g in sums], variables)
        for variable, old in zip(state, before):
            variable.assign(ops.where(due, variable, old))
        for total, variable in zip(sums, variables):
            self.slots[variable, "gradient_accumulator"].assign(ops.where(due, ops.zeros_like(total), total))

    def _average(self, variables):
        first = ops.equal(self.iterations, 0)
        for variable in variables:
            average = self.slots[variable, "average"]
            kept = self.ema_momentum * average + (1.0 - self.ema_momentum) * variable
            average.assign(ops.where(first, variable, kept))
            if self.ema_overwrite_frequency:
                due = ops.equal((self.iterations + 1) % self.ema_overwrite_frequency, 0)
                variable.assign(ops.where(due, average, variable))

    def finalize_variable_values(self, var_list):
        """Set weights to their moving averages, if those are kept."""
        if self.use_ema and self.built:
            for variable in var_list:
                variable.assign(self.slots[variable, "average"].numpy())

    def scale_loss(self, loss):
        """Return the loss times loss_scale_factor."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # -- weight decay --------------------------------------------------------------------------------

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        """Leave weights out of weight decay: those in a list, and those whose names contain a word."""
        pattern = re.compile("|".join(sorted(set(var_names)))) if var_names else None
        self._excluded = (frozenset(id(variable) for variable in var_list or ()), pattern)

    def _decays(self, variable):
        listed, pattern = self._excluded
        return id(variable) not in listed and not (pattern and pattern.search(variable.name))

    # -- configuration -------------------------------------------------------------------------------

    def get_config(self):
        """Return what makes it anew, without its state."""
        rate = self._learning_rate
        if isinstance(rate, LearningRateSchedule):
            rate = {"class_name": type(rate).__name__, "config": rate.get_config()}
        elif isinstance(rate, Variable):
            rate = float(rate.numpy())
        names = (
            "name", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum",
            "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps",
        )  # fmt: skip
        return {**{name: getattr(self, name) for name in names}, "learning_rate": rate}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Return one made anew."""
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = schedules.deserialize(config["learning_rate"], custom_objects)
        return cls(**config)


def clip_by_norm(gradient, limit):
    """Return a gradient scaled down to a norm; one of zeros stays as it is."""
    length = ops.norm(gradient)
    return gradient * limit / ops.maximum(length, limit)


def clip_by_global_norm(gradients, limit):
    """Return gradients scaled down together to a norm; NaN where that is not finite."""
    total = 0.0
    for gradient in gradients:
        total = total + ops.sum(ops.square(gradient))
    length = ops.sqrt(total)
    scale = limit * ops.minimum(1.0 / length, 1.0 / limit)
    scale = ops.where(ops.isfinite(length), scale, math.nan)
    return [gradient * ops.cast(scale, ops.dtype(gradient)) for gradient in gradients]
