"""Learning rate schedules: functions of the step."""

import math

from polykeras import ops
from polykeras.objects import Catalogue


class LearningRateSchedule:
    """A callable step -> learning rate, in ops, so that it runs within the step."""

    def __call__(self, step):
        """Return the learning rate of a step, counted from 0."""
        raise NotImplementedError(f"{type(self).__name__} has no __call__(self, step). Write one.")

    def get_config(self):
        """Return what makes it anew."""
        raise NotImplementedError(f"{type(self).__name__} has no get_config(self). Write one.")

    @classmethod
    def from_config(cls, config):
        """Return one made anew."""
        return cls(**config)


class _Decay(LearningRateSchedule):
    """A schedule whose arguments are its configuration."""

    def __init__(self, **arguments):
        self._arguments = arguments
        self.__dict__.update(arguments)

    def get_config(self):
        """Return what makes it anew."""
        return dict(self._arguments)

    def _steps(self, step):
        """Return the step in the default float."""
        return ops.cast(step, ops.dtype(0.0))


class ExponentialDecay(_Decay):
    """initial_learning_rate * decay_rate ** (step / decay_steps).

    Args:
        initial_learning_rate, decay_steps, decay_rate: numbers.
        staircase: whether step / decay_steps is rounded down.

    >>> float(ExponentialDecay(0.1, 100, 0.5)(200))
    0.025000000372529030
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="ExponentialDecay"):
        if decay_steps <= 0:
            raise ValueError(f"ExponentialDecay: expected positive decay_steps, got {decay_steps}.")
        super().__init__(
            initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, decay_rate=decay_rate, staircase=staircase, name=name
        )

    def __call__(self, step):
        share = self._steps(step) / self.decay_steps
        share = ops.floor(share) if self.staircase else share
        return self.initial_learning_rate * ops.power(ops.cast(self.decay_rate, ops.dtype(share)), share)


class InverseTimeDecay(_Decay):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps). Arguments as for ExponentialDecay."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="InverseTimeDecay"):
        if decay_steps <= 0:
            raise ValueError(f"InverseTimeDecay: expected positive decay_steps, got {decay_steps}.")
        super().__init__(
            initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, decay_rate=decay_rate, staircase=staircase, name=name
        )

    def __call__(self, step):
        share = self._steps(step) / self.decay_steps
        share = ops.floor(share) if self.staircase else share
        return self.initial_learning_rate / (1.0 + self.decay_rate * share)


class PolynomialDecay(_Decay):
    """From the initial to the end learning rate as (1 - step / decay_steps) ** power.

    Args:
        cycle: whether decay_steps is doubled, trebled, ... to stay ahead of the step.
    """

    def __init__(self, initial_learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False, name="PolynomialDecay"):
        if decay_steps <= 0:
            raise ValueError(f"PolynomialDecay: expected positive decay_steps, got {decay_steps}.")
        super().__init__(
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            end_learning_rate=end_learning_rate,
            power=power,
            cycle=cycle,
            name=name,
        )

    def __call__(self, step):
        step = self._steps(step)
        if self.cycle:
            count = ops.where(ops.equal(step, 0.0), 1.0, ops.ceil(step / self.decay_steps))
            share = step / (self.decay_steps * count)
        else:
            share = ops.minimum(step, float(self.decay_steps)) / self.decay_steps
        left = ops.power(1.0 - share, ops.cast(self.power, ops.dtype(share)))
        return (self.initial_learning_rate - self.end_learning_rate) * left + self.end_learning_rate


class PiecewiseConstantDecay(_Decay):
    """values[i] up to and with step boundaries[i], the last value after.

    Raises:
        ValueError: there is not one value more than boundaries.
    """

    def __init__(self, boundaries, values, name="PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ValueError(f"PiecewiseConstantDecay: expected one value more than boundaries, got {len(values)} and {len(boundaries)}.")
        super().__init__(boundaries=list(boundaries), values=list(values), name=name)

    def __call__(self, step):
        step = self._steps(step)
        made = ops.cast(self.values[-1], ops.dtype(step))
        for boundary, value in zip(reversed(self.boundaries), reversed(self.values[:-1])):
            made = ops.where(ops.less_equal(step, float(boundary)), value, made)
        return made


def _cosine(share, low):
    """Half a cosine from 1 down to low."""
    return (1.0 - low) * 0.5 * (1.0 + ops.cos(math.pi * share)) + low


class CosineDecay(_Decay):
    """Half a cosine, down to alpha times its start, after a linear warmup (Loshchilov & Hutter 2016).

    Args:
        initial_learning_rate: where it starts; the warmup too.
        decay_steps: length of the cosine, in steps.
        alpha: the share of the start at the end.
        warmup_target: where the warmup leads and the cosine starts; no warmup where None.
        warmup_steps: length of the warmup, in steps.
    """

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, name="CosineDecay", warmup_target=None, warmup_steps=0):
        if decay_steps <= 0:
            raise ValueError(f"CosineDecay: expected positive decay_steps, got {decay_steps}.")
        super().__init__(
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            alpha=alpha,
            name=name,
            warmup_target=warmup_target,
            warmup_steps=warmup_steps,
        )

    def __call__(self, step):
        step = self._steps(step)
        if self.warmup_target is None:
            return self.initial_learning_rate * self._decayed(step)
        rise = self.warmup_target - self.initial_learning_rate
        warm = self.initial_learning_rate + rise * step / self.warmup_steps if self.warmup_steps else step
        cooled = self.warmup_target * self._decayed(ops.clip(step - float(self.warmup_steps), 0.0, float(self.decay_steps)))
        return ops.where(ops.less(step, float(self.warmup_steps)), warm, cooled)

    def _decayed(self, step):
        return _cosine(ops.minimum(step, float(self.decay_steps)) / self.decay_steps, self.alpha)


class CosineDecayRestarts(_Decay):
    """Cosines that restart, each t_mul times as long and starting m_mul times as high as the one before.

    Args:
        first_decay_steps: length of the first, in steps.
        alpha: the share of the start at the end of each.
    """

    def __init__(self, initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name="SGDRDecay"):
        if first_decay_steps <= 0:
            raise ValueError(f"CosineDecayRestarts: expected positive first_decay_steps, got {first_decay_steps}.")
        super().__init__(
            initial_learning_rate=initial_learning_rate, first_decay_steps=first_decay_steps, t_mul=t_mul, m_mul=m_mul, alpha=alpha, name=name
        )

    def __call__(self, step):
        done = self._steps(step) / self.first_decay_steps
        if self.t_mul == 1.0:
            round_number = ops.floor(done)
            share = done - round_number
        else:
            round_number = ops.round(ops.log(1.0 - done * (1.0 - self.t_mul)) / math.log(self.t_mul))
            # a logarithm is off by an ulp on some backends, so at a restart its floor is not the same on all
            late = ops.less(done, self._start(round_number) * (1.0 - 1e-6))
            round_number = ops.where(late, round_number - 1.0, round_number)
            share = ops.maximum(done - self._start(round_number), 0.0) / self._length(round_number)
        height = ops.power(ops.cast(self.m_mul, ops.dtype(done)), round_number)
        return self.initial_learning_rate * ((1.0 - self.alpha) * 0.5 * height * (1.0 + ops.cos(math.pi * share)) + self.alpha)

    def _length(self, round_number):
        return ops.power(ops.cast(self.t_mul, ops.dtype(round_number)), round_number)

    def _start(self, round_number):
        return (1.0 - self._length(round_number)) / (1.0 - self.t_mul)


_members = [CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay]
_catalogue = Catalogue("learning rate schedule", "keras.optimizers.schedules", _members)
serialize, deserialize = _catalogue.serialize, _catalogue.deserialize
