"""Normalisation in PyTorch: the moments in two passes, as the composition has them, the rest by PyTorch's own kernels.

The kernels that find the moments too sum squares in one pass, which loses the digits of a small spread about a large mean.
"""

import torch

from polykeras.contract import Fused

FLOATS = ("float32", "float64")
_aten = torch.ops.aten


def _centred(x, axes):
    """Return (mean, x - mean, variance) over axes."""
    mean = x.mean(axes, keepdim=True)
    gap = x - mean
    return mean, gap, (gap * gap).mean(axes, keepdim=True)


class _LayerNormalization(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, epsilon):
        _, gap, variance = _centred(x, -1)
        factor = (variance + epsilon).rsqrt_()
        ctx.save_for_backward(gap, factor, gamma, beta)
        made = gap * factor
        if gamma is not None:
            made.mul_(gamma)
        return made if beta is None else made.add_(beta)

    @staticmethod
    def backward(ctx, slope):
        gap, factor, gamma, beta = ctx.saved_tensors
        wanted = [ctx.needs_input_grad[0], gamma is not None and ctx.needs_input_grad[1], beta is not None and ctx.needs_input_grad[2]]
        slopes = _aten.native_layer_norm_backward(slope, gap, gap.shape[-1:], torch.zeros_like(factor), factor, gamma, beta, wanted)
        return (*slopes, None)


class _NormalizedBatch(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, offset, scale, epsilon):
        axes = tuple(range(x.dim() - 1))
        mean, gap, variance = (part.squeeze(axes) if place != 1 else part for place, part in enumerate(_centred(x, axes)))
        made = torch.batch_norm(gap.movedim(-1, 1), scale, offset, torch.zeros_like(mean), variance, False, 0.0, epsilon, False)
        ctx.epsilon = epsilon
        ctx.save_for_backward(gap, variance, offset, scale)
        ctx.set_materialize_grads(False)
        return made.movedim(1, -1), mean, variance

    @staticmethod
    def backward(ctx, slope, of_mean, of_variance):
        gap, variance, offset, scale = ctx.saved_tensors
        count = gap.numel() // gap.shape[-1]
        x = by_scale = by_offset = None
        if slope is not None:
            wanted = [True, scale is not None, offset is not None]
            factor = (variance + ctx.epsilon).rsqrt()
            x, by_scale, by_offset = _aten.native_batch_norm_backward(
                slope.movedim(-1, 1), gap.movedim(-1, 1), scale, None, None, torch.zeros_like(factor), factor, True, ctx.epsilon, wanted
            )
            x = x.movedim(1, -1)
        for part in (of_mean, None if of_variance is None else 2 * gap * of_variance):
            if part is not None:
                x = (part / count).expand_as(gap) if x is None else x + part / count
        return x, by_offset if offset is not None else None, by_scale if scale is not None else None, None


def _over_last(x, gamma=None, beta=None, axis=-1, epsilon=None):
    return x.dtype in FLOATS and axis in (-1, len(x.shape) - 1) and all(v is None or v.dtype == x.dtype for v in (gamma, beta))


def _by_channel(x, axis, offset=None, scale=None, epsilon=1e-3):
    return x.dtype in FLOATS and len(x.shape) > 1 and axis in (-1, len(x.shape) - 1) and all(v is None or v.dtype == x.dtype for v in (offset, scale))


def _layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None):
    return _LayerNormalization.apply(x, gamma, beta, 1e-3 if epsilon is None else epsilon)


def _normalized_batch(x, axis, offset=None, scale=None, epsilon=1e-3):
    return _NormalizedBatch.apply(x, offset, scale, epsilon)


fused = {"layer_normalization": Fused(_layer_normalization, _over_last), "normalized_batch": Fused(_normalized_batch, _by_channel)}
