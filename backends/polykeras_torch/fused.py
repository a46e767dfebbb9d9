"""Faster versions of ops in PyTorch, each with the composition's values and gradients."""

import torch
import torch.nn.functional as F

from polykeras.contract import Fused
from polykeras_torch import fused_normalization, fused_random, fused_recurrent

FLOATS = ("float32", "float64")


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


class _CrossEntropy(torch.autograd.Function):
    """-log softmax at the target; NaN, without gradient, for a class out of range.

    The kernel's own gradient takes the softmax as the exponential of its logarithm, whose rounding that magnifies.
    """

    @staticmethod
    def forward(ctx, output, target):
        target = target[..., None].to(torch.int64)
        inside = (target >= 0) & (target < output.shape[-1])
        target = torch.where(inside, target, 0)
        ctx.save_for_backward(output, target, inside)
        losses = torch.log_softmax(output, -1).gather(-1, target).neg_()
        return losses.masked_fill_(~inside, torch.nan)[..., 0]

    @staticmethod
    def backward(ctx, slope):
        output, target, inside = ctx.saved_tensors
        slope = torch.where(inside, slope[..., None], 0)
        return (torch.softmax(output, -1) * slope).scatter_add(-1, target, -slope), None


def _sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    return _CrossEntropy.apply(output, target.to(torch.int32))


# -- optimizers ------------------------------------------------------------------------------------------------

_without_correction = {}  # a count of steps so large that the kernel's own bias correction is 1


def _like(value, gradient, momentum, velocity, *args):
    return value.dtype in FLOATS and value.dtype == gradient.dtype == momentum.dtype and value.shape == gradient.shape


def _adam_in_place(value, gradient, momentum, velocity, velocity_hat=None, rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    slots = [value, momentum, velocity] + ([] if velocity_hat is None else [velocity_hat])
    slots = [x.contiguous() for x in slots]
    if value.device not in _without_correction:
        _without_correction[value.device] = torch.full((), torch.inf, device=value.device)
    torch._fused_adam_(
        slots[:1], [gradient.contiguous()], slots[1:2], slots[2:3], slots[3:], [_without_correction[value.device]],
        lr=rate, beta1=beta_1, beta2=beta_2, weight_decay=0.0, eps=epsilon, amsgrad=velocity_hat is not None, maximize=False,
    )  # fmt: skip
    return tuple(slots)


def _adam(value, gradient, momentum, velocity, velocity_hat=None, *rest):
    copies = [None if x is None else x.clone() for x in (momentum, velocity, velocity_hat)]
    return _adam_in_place(value.clone(), gradient, *copies, *rest)


fused = {
    "relu": Fused(torch.relu, _float),
    "gelu": Fused(_gelu, _float),
    "softmax": Fused(_softmax, _one_axis),
    "log_softmax": Fused(_log_softmax, _one_axis),
    "sparse_categorical_crossentropy": Fused(_sparse_categorical_crossentropy, _of_logits),
    "adam_update": Fused(_adam, _like, _adam_in_place, (0, 2, 3, 4)),
    **fused_normalization.fused,
    **fused_random.fused,
    **fused_recurrent.fused,
}
