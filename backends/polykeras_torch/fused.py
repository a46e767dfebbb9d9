"""Faster versions of ops in PyTorch, each with the composition's values and gradients."""

import collections

import numpy as np
import torch
import torch.nn.functional as F

from polykeras.contract import Fused
from polykeras_torch import fused_normalization, fused_random, fused_recurrent

FLOATS = ("float32", "float64")
NUMBERS = {torch.float32: np.float32, torch.float64: np.float64}


def _float(x, *args):
    return x.dtype in FLOATS


def _one_axis(x, axis=-1):
    return x.dtype in FLOATS and isinstance(axis, int)


def _log_softmax(x, axis=-1):
    return torch.log_softmax(x, axis)


def _softmax(x, axis=-1):
    return torch.softmax(x, axis)


def _gelu(x, approximate=True):
    return F.gelu(x, approximate="tanh" if approximate else "none")


# -- cross-entropy ---------------------------------------------------------------------------------------------


def _of_logits(target, output, from_logits=False, axis=-1):
    last = axis in (-1, len(output.shape) - 1)
    return from_logits and output.dtype in FLOATS and target.dtype in ("int32", "int64") and last and len(target.shape) == len(output.shape) - 1


def _all_inside(target, classes):
    """Whether all classes are in range, where that is known without waiting for a device."""
    if not target.is_cpu or not target.numel():
        return False
    low, high = target.aminmax()
    return low.item() >= 0 and high.item() < classes


class _CrossEntropy(torch.autograd.Function):
    """-log softmax at the target; NaN, without gradient, for a class out of range.

    The kernel's own gradient takes the softmax as the exponential of its logarithm, whose rounding that magnifies.
    """

    @staticmethod
    def forward(ctx, output, target):
        inside = None
        if not _all_inside(target, output.shape[-1]):
            inside = (target >= 0) & (target < output.shape[-1])
            target = torch.where(inside, target, 0)
        target = target.to(torch.int64).unsqueeze(-1)
        ctx.save_for_backward(output, target, inside)
        losses = torch.log_softmax(output, -1).gather(-1, target).squeeze(-1).neg_()
        return losses if inside is None else losses.masked_fill_(~inside, torch.nan)

    @staticmethod
    def backward(ctx, slope):
        output, target, inside = ctx.saved_tensors
        slope = (slope if inside is None else torch.where(inside, slope, 0)).unsqueeze(-1)
        return (torch.softmax(output, -1) * slope).scatter_add_(-1, target, -slope), None


def _sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    return _CrossEntropy.apply(output, target)


# -- optimizers ------------------------------------------------------------------------------------------------

def _adam_rate(learning_rate, step, beta_1=0.9, beta_2=0.999):
    if learning_rate.is_cpu and step.is_cpu and not torch.compiler.is_compiling():
        number = NUMBERS[learning_rate.dtype]  # NumPy takes a tenth of the time for a scalar
        count = number(step.item())
        left_1, left_2 = number(1) - number(beta_1) ** count, number(1) - number(beta_2) ** count
        return torch.from_numpy(np.asarray(number(learning_rate.item()) * np.sqrt(left_2) / left_1))
    return learning_rate * (1 - beta_2**step).sqrt() / (1 - beta_1**step)


def _scalars(learning_rate, step, *args):
    return learning_rate.dtype in FLOATS and learning_rate.dtype == step.dtype and learning_rate.shape == step.shape == ()


_without_correction = {}  # a count of steps so large that the kernel's own bias correction is 1


def _like(value, gradient, momentum, velocity, *args):
    return value.dtype in FLOATS and value.dtype == gradient.dtype == momentum.dtype and value.shape == gradient.shape


def _adams_in_place(calls):
    """Update the weights of several calls; those with the same settings in one kernel."""
    slots = [[None if x is None else x.contiguous() for x in (value, *moments)] for value, _, *moments in (call[:5] for call in calls)]
    alike = collections.defaultdict(list)
    for call, arrays in zip(calls, slots):
        value, hat, rate = arrays[0], arrays[3], call[5]
        alike[value.dtype, value.device, hat is None, id(rate), *call[6:]].append((call[1].contiguous(), arrays, rate))
    for (_, device, plain, _, beta_1, beta_2, epsilon), members in alike.items():
        gradients, arrays, (rate, *_) = zip(*members)
        values, momenta, velocities, hats = map(list, zip(*arrays))
        if device not in _without_correction:
            _without_correction[device] = torch.full((), torch.inf, device=device)
        torch._fused_adam_(
            values, list(gradients), momenta, velocities, [] if plain else hats, [_without_correction[device]] * len(values),
            lr=rate, beta1=beta_1, beta2=beta_2, weight_decay=0.0, eps=epsilon, amsgrad=not plain, maximize=False,
        )  # fmt: skip
    return [tuple(x for x in arrays if x is not None) for arrays in slots]


def _adam_in_place(value, gradient, momentum, velocity, velocity_hat=None, rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    return _adams_in_place([(value, gradient, momentum, velocity, velocity_hat, rate, beta_1, beta_2, epsilon)])[0]


def _adam(value, gradient, momentum, velocity, velocity_hat=None, *rest):
    copies = [None if x is None else x.clone() for x in (momentum, velocity, velocity_hat)]
    return _adam_in_place(value.clone(), gradient, *copies, *rest)


fused = {
    "relu": Fused(torch.relu, _float),
    "gelu": Fused(_gelu, _float),
    "softmax": Fused(_softmax, _one_axis),
    "log_softmax": Fused(_log_softmax, _one_axis),
    "sparse_categorical_crossentropy": Fused(_sparse_categorical_crossentropy, _of_logits),
    "adam_rate": Fused(_adam_rate, _scalars),
    "adam_update": Fused(_adam, _like, _adam_in_place, (0, 2, 3, 4), _adams_in_place),
    **fused_normalization.fused,
    **fused_random.fused,
    **fused_recurrent.fused,
}
