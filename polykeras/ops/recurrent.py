"""Recurrences over the time axis: the generic loop, and simple, LSTM and GRU steps.

A masked step keeps the state and repeats the last output. Sequences are (batch, time, features).
"""

from polykeras import tree
from polykeras.ops.control import scan
from polykeras.ops.dispatch import OPS, constant, op, p
from polykeras.ops.shapes import split


def name_of(function):
    """Return the name of an activation that is an op, or the function itself; ops called by name can be fused."""
    name = getattr(function, "__name__", "")
    return name if name == "linear" or OPS.get(name) is function else function


def _activation(name):
    if callable(name):
        return name
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
        states: list of (batch, ...) arrays; lists of them within, too.
        mask: (batch, time) bool, True where a step counts.
        go_backwards: whether to go from the last step to the first; outputs are in that order.
        zero_output_for_mask: whether masked outputs are zeros rather than the last output again.

    Returns:
        (last output, outputs (batch, time, ...), states).
    """
    return _rnn(step, _time_first(sequences), states, mask, go_backwards, zero_output_for_mask)


def _rnn(step, sequences, states, mask, go_backwards, zero_output_for_mask):
    """Do what rnn does to sequences (time, batch, features); the rest is as there."""
    rows = {"x": sequences}
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
        after = tree.map_structure(lambda new, old: _chosen(row["mask"], new, old), after, before)
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


def product(x, kernel, factors):
    """Return x @ kernel with dropout factors applied to x: none, one for all gates, or one for each.

    Args:
        x: (batch, n) or (time, batch, n).
        kernel: (n, gates * units).
        factors: None, (1, batch, n) or (gates, batch, n).
    """
    if factors is None:
        return p.matmul(x, kernel)
    parts = []
    count, batch, width = p.shape(factors)
    units = p.shape(kernel)[1] // count
    for gate in range(count):
        factor = p.reshape(p.slice(factors, (gate, 0, 0), (gate + 1, batch, width), (1, 1, 1)), (batch, width))
        part = p.slice(kernel, (0, gate * units), (width, (gate + 1) * units), (1, 1))
        parts.append(p.matmul(p.multiply(x, factor), part))
    return parts[0] if count == 1 else p.concatenate(parts, len(p.shape(x)) - 1)


def _projected(inputs, kernel, bias, factors):
    """Multiply all steps by the kernel at once. (batch, time, features) -> (time, batch, gates * units)"""
    made = product(_time_first(inputs), kernel, factors)
    return made if bias is None else p.add(made, bias)


def simple_step(x, h, recurrent_kernel, factors, activation):
    """Return the state after one step; x is projected already, with its bias."""
    return _activation(activation)(p.add(x, product(h, recurrent_kernel, factors)))


def lstm_step(x, h, c, recurrent_kernel, factors, activation, recurrent_activation):
    """Return (h, c) after one step; x is projected already, with its bias."""
    outer, inner = _activation(activation), _activation(recurrent_activation)
    i, f, g, o = split(p.add(x, product(h, recurrent_kernel, factors)), 4, -1)
    c = p.add(p.multiply(inner(f), c), p.multiply(inner(i), outer(g)))
    return p.multiply(inner(o), outer(c)), c


def gru_step(x, h, recurrent_kernel, state_bias, factors, activation, recurrent_activation, reset_after):
    """Return the state after one step; x is projected already, with its own bias."""
    outer, inner = _activation(activation), _activation(recurrent_activation)
    x_z, x_r, x_h = split(x, 3, -1)
    if reset_after:
        made = product(h, recurrent_kernel, factors)
        h_z, h_r, h_h = split(made if state_bias is None else p.add(made, state_bias), 3, -1)
        z, r = inner(p.add(x_z, h_z)), inner(p.add(x_r, h_r))
        h_h = p.multiply(r, h_h)
    else:
        units = p.shape(h)[-1]
        gates, candidate = split(recurrent_kernel, [2 * units], 1)
        first, last = (factors, factors) if factors is None or p.shape(factors)[0] == 1 else split(factors, [2], 0)
        h_z, h_r = split(product(h, gates, first), 2, -1)
        z, r = inner(p.add(x_z, h_z)), inner(p.add(x_r, h_r))
        h_h = product(p.multiply(r, h), candidate, last)
    new = outer(p.add(x_h, h_h))
    return p.add(p.multiply(z, h), p.multiply(p.subtract(constant(1, z), z), new))


def gru_biases(bias, reset_after):
    """Return the biases of the inputs and of the state."""
    if bias is None or not reset_after:
        return bias, None
    width = p.shape(bias)[-1]
    return tuple(p.reshape(p.slice(bias, (row, 0), (row + 1, width), (1, 1)), (width,)) for row in (0, 1))


@op("inputs state kernel recurrent_kernel bias mask input_factors state_factors")
def simple_rnn(inputs, state, kernel, recurrent_kernel, bias=None, mask=None, input_factors=None, state_factors=None,
               activation="tanh", go_backwards=False, zero_output_for_mask=False):  # fmt: skip
    """Run h = activation(x W + h R + b) over time.

    Args:
        inputs: (batch, time, features).
        state: (batch, units).
        kernel, recurrent_kernel, bias: (features, units), (units, units), (units,).
        mask: (batch, time) bool, or None.
        input_factors, state_factors: dropout factors (1, batch, n), or None.
        activation: the name of an op, or a function.

    Returns:
        (outputs (batch, time, units), state).
    """

    def step(x, states):
        h = simple_step(x, states[0], recurrent_kernel, state_factors, activation)
        return h, [h]

    projected = _projected(inputs, kernel, bias, input_factors)
    _, outputs, (state,) = _rnn(step, projected, [state], mask, go_backwards, zero_output_for_mask)
    return outputs, state


@op("inputs hidden carry kernel recurrent_kernel bias mask input_factors state_factors")
def lstm(inputs, hidden, carry, kernel, recurrent_kernel, bias=None, mask=None, input_factors=None, state_factors=None,
         activation="tanh", recurrent_activation="sigmoid", go_backwards=False, zero_output_for_mask=False):  # fmt: skip
    """Run a long short-term memory over time (Hochreiter & Schmidhuber 1997); gates in the order i, f, c, o.

    Args:
        inputs: (batch, time, features).
        hidden, carry: (batch, units).
        kernel, recurrent_kernel, bias: (features, 4 units), (units, 4 units), (4 units,).
        mask: (batch, time) bool, or None.
        input_factors, state_factors: dropout factors (1 or 4, batch, n), or None.
        activation, recurrent_activation: names of ops, or functions.

    Returns:
        (outputs (batch, time, units), hidden, carry).
    """

    def step(x, states):
        h, c = lstm_step(x, *states, recurrent_kernel, state_factors, activation, recurrent_activation)
        return h, [h, c]

    projected = _projected(inputs, kernel, bias, input_factors)
    _, outputs, (hidden, carry) = _rnn(step, projected, [hidden, carry], mask, go_backwards, zero_output_for_mask)
    return outputs, hidden, carry


@op("inputs state kernel recurrent_kernel bias mask input_factors state_factors")
def gru(inputs, state, kernel, recurrent_kernel, bias=None, mask=None, input_factors=None, state_factors=None,
        activation="tanh", recurrent_activation="sigmoid", reset_after=True, go_backwards=False,
        zero_output_for_mask=False):  # fmt: skip
    """Run a gated recurrent unit over time (Cho et al. 2014); gates in the order z, r, h.

    Args:
        inputs: (batch, time, features).
        state: (batch, units).
        kernel, recurrent_kernel: (features, 3 units), (units, 3 units).
        bias: (2, 3 units), for inputs and for the state, where reset_after; else (3 units,).
        mask: (batch, time) bool, or None.
        input_factors, state_factors: dropout factors (1 or 3, batch, n), or None.
        activation, recurrent_activation: names of ops, or functions.
        reset_after: whether the reset gate is applied after the product with the state.

    Returns:
        (outputs (batch, time, units), state).
    """
    input_bias, state_bias = gru_biases(bias, reset_after)

    def step(x, states):
        h = gru_step(x, states[0], recurrent_kernel, state_bias, state_factors, activation, recurrent_activation, reset_after)
        return h, [h]

    projected = _projected(inputs, kernel, input_bias, input_factors)
    _, outputs, (state,) = _rnn(step, projected, [state], mask, go_backwards, zero_output_for_mask)
    return outputs, state
