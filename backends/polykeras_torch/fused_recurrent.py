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
    lengths = mask.sum(1)
    ends = torch.arange(mask.shape[1], device=mask.device) < lengths[:, None]
    if lengths.min() > 0 and torch.equal(ends, mask):
        outputs, states = kernel.packed(inputs, lengths, states, weights)
    else:
        outputs, states = _step_by_step(kernel, inputs, mask, states, weights)
    if zero_output_for_mask:
        return torch.where(mask[:, :, None], outputs, 0), states
    return outputs, states


def _step_by_step(kernel, inputs, mask, states, weights):
    shown, rows = torch.zeros_like(states[0]), []
    for x, seen in zip(inputs.unbind(1), mask.unbind(1)):
        seen = seen[:, None]
        after = kernel.cell(x, states, weights)
        states = [torch.where(seen, new, old) for new, old in zip(after, states)]
        shown = torch.where(seen, after[0], shown)
        rows.append(shown)
    return torch.stack(rows, 1), states


class _Kernel:
    """One of torch's recurrences, with states and results in lists."""

    def __init__(self, run, cell, several):
        self._run, self._cell, self.several = run, cell, several

    def _states(self, states):
        return tuple(states) if self.several else states[0]

    def _tail(self, weights):
        return weights, len(weights) > 2, 1, 0.0, True, False

    def whole(self, inputs, states, weights):
        outputs, *after = self._run(inputs, self._states([x[None] for x in states]), *self._tail(weights), True)
        return outputs, [x[0] for x in after]

    def packed(self, inputs, lengths, states, weights):
        """Run rows that end early; their last output is repeated."""
        steps = torch.arange(inputs.shape[1], device=inputs.device)
        order = torch.argsort(lengths, descending=True, stable=True)
        back = torch.argsort(order)
        seen = steps[:, None] < lengths[order][None]  # (time, batch), longest first
        sizes = seen.sum(1)
        sizes = sizes[sizes > 0]
        data = inputs[order].transpose(0, 1)[seen]
        outputs, *after = self._run(data, sizes.cpu(), self._states([x[order][None] for x in states]), *self._tail(weights))
        starts = torch.cumsum(sizes, 0) - sizes
        place = torch.minimum(steps[:, None], lengths[order][None] - 1)  # the step whose output is shown
        index = starts[place] + torch.arange(len(order), device=inputs.device)
        return outputs[index].transpose(0, 1)[back], [x[0][back] for x in after]

    def cell(self, x, states, weights):
        made = self._cell(x, self._states(states), *weights)
        return list(made) if self.several else [made]


_LSTM = _Kernel(torch._VF.lstm, torch._VF.lstm_cell, True)
_GRU = _Kernel(torch._VF.gru, torch._VF.gru_cell, False)


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
