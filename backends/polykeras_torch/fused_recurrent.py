"""LSTM and GRU by PyTorch's own kernels, which know the default activations only."""

import torch

from polykeras.contract import Fused

FLOATS = ("float32", "float64")


def _plain(inputs, *arrays):
    """Whether no dropout factors are among the arrays, and all are floats of one dtype."""
    return inputs.dtype in FLOATS and all(x is None or x.dtype in (inputs.dtype, "bool") for x in arrays)


def _serves_lstm(inputs, hidden, carry, kernel, recurrent_kernel, bias=None, mask=None, input_factors=None, state_factors=None,
                 activation="tanh", recurrent_activation="sigmoid", go_backwards=False, zero_output_for_mask=False):  # fmt: skip
    usual = activation == "tanh" and recurrent_activation == "sigmoid" and input_factors is None and state_factors is None
    return usual and _plain(inputs, hidden, carry, kernel, recurrent_kernel, bias)


def _serves_gru(inputs, state, kernel, recurrent_kernel, bias=None, mask=None, input_factors=None, state_factors=None,
                activation="tanh", recurrent_activation="sigmoid", reset_after=True, go_backwards=False,
                zero_output_for_mask=False):  # fmt: skip
    usual = activation == "tanh" and recurrent_activation == "sigmoid" and input_factors is None and state_factors is None
    return usual and reset_after and _plain(inputs, state, kernel, recurrent_kernel, bias)


def _over_time(kernel, inputs, states, weights, mask, go_backwards, zero_output_for_mask):
    """Run torch's `kernel` over (batch, time, features); return outputs and states.

    Args:
        kernel: takes (inputs, states, weights) or (data, batch sizes, states, weights), as torch's do.
        states: list of (batch, units).
        weights: of the inputs, of the state, and their biases or none.
        mask: (batch, time) bool, or None.
    """
    if go_backwards:
        inputs, mask = inputs.flip(1), None if mask is None else mask.flip(1)
    if mask is None:
        return kernel.whole(inputs, states, weights)
    outputs, states = kernel.packed(inputs, mask, states, weights)
    return torch.where(mask[:, :, None], outputs, 0) if zero_output_for_mask else outputs, states


class _Kernel:
    """One of torch's recurrences, with states and results in lists."""

    def __init__(self, run, several):
        self._run, self.several = run, several

    def _states(self, states):
        return tuple(states) if self.several else states[0]

    def _tail(self, weights):
        return weights, len(weights) > 2, 1, 0.0, True, False

    def whole(self, inputs, states, weights):
        outputs, *after = self._run(inputs, self._states([x[None] for x in states]), *self._tail(weights), True)
        return outputs, [x[0] for x in after]

    def packed(self, inputs, mask, states, weights):
        """Run only the steps that count, packed as torch packs rows of several lengths; the others repeat the output before, first 0."""
        counts = torch.cumsum(mask, 1)
        lengths = counts[:, -1].clamp(min=1)  # a row without any runs one step, whose results are not taken
        order = torch.argsort(lengths, descending=True, stable=True)
        back = torch.argsort(order)
        first = torch.argsort(mask.to(torch.uint8), dim=1, descending=True, stable=True)  # the steps that count, in front
        running = torch.arange(mask.shape[1], device=mask.device)[:, None] < lengths[order]  # (time, batch), the longest rows first
        sizes = running.sum(1)
        sizes = sizes[sizes > 0]
        data = inputs[order, first[order].T][running]
        outputs, *after = self._run(data, sizes.cpu(), self._states([x[order][None] for x in states]), *self._tail(weights))
        place = (counts - 1).clamp(min=0)[order].T  # which of its own steps each step shows
        index = (torch.cumsum(sizes, 0) - sizes)[place] + torch.arange(len(order), device=mask.device)
        shown = outputs[index].transpose(0, 1)[back]
        some = counts[:, -1:] > 0
        return torch.where(counts[:, :, None] > 0, shown, 0), [torch.where(some, x[0][back], before) for x, before in zip(after, states)]


_LSTM = _Kernel(torch._VF.lstm, True)
_GRU = _Kernel(torch._VF.gru, False)


def _lstm(inputs, hidden, carry, kernel, recurrent_kernel, bias=None, mask=None, input_factors=None, state_factors=None,
          activation="tanh", recurrent_activation="sigmoid", go_backwards=False, zero_output_for_mask=False):  # fmt: skip
    weights = [kernel.t(), recurrent_kernel.t()] + ([] if bias is None else [bias, torch.zeros_like(bias)])
    outputs, (hidden, carry) = _over_time(_LSTM, inputs, [hidden, carry], weights, mask, go_backwards, zero_output_for_mask)
    return outputs, hidden, carry


def _reset_first(x):
    """Put the gates z, r, h of the last axis in torch's order r, z, h."""
    z, r, h = x.chunk(3, -1)
    return torch.cat([r, z, h], -1)


def _gru(inputs, state, kernel, recurrent_kernel, bias=None, mask=None, input_factors=None, state_factors=None,
         activation="tanh", recurrent_activation="sigmoid", reset_after=True, go_backwards=False,
         zero_output_for_mask=False):  # fmt: skip
    weights = [_reset_first(kernel).t(), _reset_first(recurrent_kernel).t()] + ([] if bias is None else list(_reset_first(bias)))
    outputs, (state,) = _over_time(_GRU, inputs, [state], weights, mask, go_backwards, zero_output_for_mask)
    return outputs, state


fused = {"lstm": Fused(_lstm, _serves_lstm), "gru": Fused(_gru, _serves_gru)}
