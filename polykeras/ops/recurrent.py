"""Recurrences over the time axis: the generic loop, and simple, LSTM and GRU steps.

A masked step keeps the state and repeats the last output. Sequences are (batch, time, features).
"""

from polykeras.ops.control import scan
from polykeras.ops.dispatch import OPS, constant, op, p
from polykeras.ops.shapes import split

NAMED = ("tanh", "sigmoid", "relu", "linear", "hard_sigmoid", "softsign", "elu", "selu", "silu", "softplus", "gelu")


def _activation(name):
    return (lambda x: x) if name == "linear" else OPS[name]


def _time_first(x):
    return p.transpose(x, (1, 0, *range(2, len(p.shape(x)))))


def _chosen(mask, new, old):
    """Take new values where a (batch,) mask holds, else old ones."""
    wide = p.reshape(mask, (p.shape(mask)[0], *(1 for _ in p.shape(new)[1:])))
    return p.where(wide, new, old)


def rnn(step, sequences, states, mask=None, go_backwards=False, zero_output_for_mask=False):
    """Run step(x, states) -> (output, states) over time.

    Args:
        step: takes (batch, features) and a list of states.
        sequences: (batch, time, features).
        states: list of (batch, ...) arrays.
        mask: (batch, time) bool, True where a step counts.
        go_backwards: whether to go from the last step to the first; outputs are in that order.
        zero_output_for_mask: whether masked outputs are zeros rather than the last output again.

    Returns:
        (last output, outputs (batch, time, ...), states).
    """
    rows = {"x": _time_first(sequences)}
    if mask is not None:
        rows["mask"] = _time_first(mask)
    if go_backwards:
        rows = {name: p.flip(value, (0,)) for name, value in rows.items()}
    zero_output = _zero_output(step, rows["x"], states) if mask is not None else None

    def body(carry, row):
        previous, before = carry
        output, after = step(row["x"], before)
        if mask is None:
            return (output if previous is not None else None, after), output
        shown = _chosen(row["mask"], output, constant(0, output) if zero_output_for_mask else previous)
        after = [_chosen(row["mask"], new, old) for new, old in zip(after, before)]
        return (_chosen(row["mask"], output, previous), after), shown

    (last, final), outputs = scan(body, (zero_output, list(states)), rows)
    outputs = _time_first(outputs)
    if last is None or zero_output_for_mask:
        steps, sizes = p.shape(outputs)[1], p.shape(outputs)
        cut = p.slice(outputs, (0, steps - 1, *(0 for _ in sizes[2:])), sizes, (1,) * len(sizes))
        last = p.reshape(cut, (sizes[0], *sizes[2:]))
    return last, outputs, final


def _zero_output(step, rows, states):
    """Return zeros like the output of a step."""
    sizes = p.shape(rows)
    first = p.reshape(p.slice(rows, (0,) * len(sizes), (1, *sizes[1:]), (1,) * len(sizes)), sizes[1:])
    output, _ = step(first, states)
    return p.full(p.shape(output), 0, p.dtype(output))


def _projected(inputs, kernel, bias):
    """Multiply all steps by the kernel at once. (batch, time, features) -> (batch, time, gates)"""
    made = p.matmul(inputs, kernel)
    return made if bias is None else p.add(made, bias)


@op("inputs state kernel recurrent_kernel bias mask")
def simple_rnn(inputs, state, kernel, recurrent_kernel, bias=None, mask=None, activation="tanh", go_backwards=False):
    """Run h = activation(x W + h R + b) over time.

    Args:
        inputs: (batch, time, features).
        state: (batch, units).
        kernel, recurrent_kernel, bias: (features, units), (units, units), (units,).
        mask: (batch, time) bool, or None.

    Returns:
        (outputs (batch, time, units), state).
    """
    function = _activation(activation)

    def step(x, states):
        h = function(p.add(x, p.matmul(states[0], recurrent_kernel)))
        return h, [h]

    _, outputs, (state,) = rnn(step, _projected(inputs, kernel, bias), [state], mask, go_backwards)
    return outputs, state


@op("inputs hidden carry kernel recurrent_kernel bias mask")
def lstm(inputs, hidden, carry, kernel, recurrent_kernel, bias=None, mask=None, activation="tanh", recurrent_activation="sigmoid", go_backwards=False):
    """Run a long short-term memory over time (Hochreiter & Schmidhuber 1997); gates in the order i, f, c, o.

    Args:
        inputs: (batch, time, features).
        hidden, carry: (batch, units).
        kernel, recurrent_kernel, bias: (features, 4 units), (units, 4 units), (4 units,).
        mask: (batch, time) bool, or None.

    Returns:
        (outputs (batch, time, units), hidden, carry).
    """
    outer, inner = _activation(activation), _activation(recurrent_activation)

    def step(x, states):
        h, c = states
        i, f, g, o = split(p.add(x, p.matmul(h, recurrent_kernel)), 4, -1)
        c = p.add(p.multiply(inner(f), c), p.multiply(inner(i), outer(g)))
        h = p.multiply(inner(o), outer(c))
        return h, [h, c]

    _, outputs, (hidden, carry) = rnn(step, _projected(inputs, kernel, bias), [hidden, carry], mask, go_backwards)
    return outputs, hidden, carry


@op("inputs state kernel recurrent_kernel bias mask")
def gru(inputs, state, kernel, recurrent_kernel, bias=None, mask=None, activation="tanh", recurrent_activation="sigmoid", reset_after=True, go_backwards=False):
    """Run a gated recurrent unit over time (Cho et al. 2014); gates in the order z, r, h.

    Args:
        inputs: (batch, time, features).
        state: (batch, units).
        kernel, recurrent_kernel: (features, 3 units), (units, 3 units).
        bias: (2, 3 units), for inputs and for the state, where reset_after; else (3 units,).
        mask: (batch, time) bool, or None.
        reset_after: whether the reset gate is applied after the product with the state.

    Returns:
        (outputs (batch, time, units), state).
    """
    outer, inner = _activation(activation), _activation(recurrent_activation)
    input_bias = state_bias = None
    if bias is not None:
        input_bias, state_bias = _gru_biases(bias, reset_after)
    units = p.shape(state)[-1]
    gates = p.slice(recurrent_kernel, (0, 0), (units, 2 * units), (1, 1))
    candidate = p.slice(recurrent_kernel, (0, 2 * units), (units, 3 * units), (1, 1))

    def step(x, states):
        (h,) = states
        x_z, x_r, x_h = split(x, 3, -1)
        if reset_after:
            product = p.matmul(h, recurrent_kernel)
            h_z, h_r, h_h = split(product if state_bias is None else p.add(product, state_bias), 3, -1)
        else:
            h_z, h_r = split(p.matmul(h, gates), 2, -1)
        z, r = inner(p.add(x_z, h_z)), inner(p.add(x_r, h_r))
        h_h = p.multiply(r, h_h) if reset_after else p.matmul(p.multiply(r, h), candidate)
        new = outer(p.add(x_h, h_h))
        h = p.add(p.multiply(z, h), p.multiply(p.subtract(constant(1, z), z), new))
        return h, [h]

    _, outputs, (state,) = rnn(step, _projected(inputs, kernel, input_bias), [state], mask, go_backwards)
    return outputs, state


def _gru_biases(bias, reset_after):
    if not reset_after:
        return bias, None
    width = p.shape(bias)[-1]
    cut = lambda row: p.reshape(p.slice(bias, (row, 0), (row + 1, width), (1, 1)), (width,))
    return cut(0), cut(1)


