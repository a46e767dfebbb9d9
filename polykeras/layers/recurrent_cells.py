"""Cells: one step of a recurrence, as layers."""

from polykeras import ops, random
from polykeras.layer import Layer
from polykeras.ops import recurrent
from polykeras.random.seed import SeedGenerator


class RecurrentCell(Layer):
    """The base of cells with a kernel, a recurrent kernel and a bias.

    Args:
        units: size of the output and of each state.
        activation: of the outputs.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer, and their regularizers and
            constraints: of the weights.
        dropout, recurrent_dropout: share of the inputs and of the state that training drops, the same
            places at every step.
        seed: of the dropout.
    """

    gates, states = 1, 1

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if isinstance(units, bool) or not isinstance(units, int) or units < 1:
            raise ValueError(f"{self.title}: expected a positive int for units, got {units!r}.")
        self.adopt(
            units=units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=min(1.0, max(0.0, dropout or 0.0)),
            recurrent_dropout=min(1.0, max(0.0, recurrent_dropout or 0.0)),
            seed=seed,
        )
        self.seed_generator = SeedGenerator(seed)
        self.state_size = units if self.states == 1 else [units] * self.states
        self.output_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(
            (input_shape[-1], self.gates * self.units), self.kernel_initializer, None, True, True,
            self.kernel_regularizer, self.kernel_constraint, name="kernel",
        )  # fmt: skip
        self.recurrent_kernel = self.add_weight(
            (self.units, self.gates * self.units), self.recurrent_initializer, None, True, True,
            self.recurrent_regularizer, self.recurrent_constraint, name="recurrent_kernel",
        )  # fmt: skip
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                self._bias_shape(), self._bias_start(), None, True, True, self.bias_regularizer, self.bias_constraint, name="bias"
            )
        self.built = True

    def _bias_shape(self):
        return (self.gates * self.units,)

    def _bias_start(self):
        return self.bias_initializer

    def get_initial_state(self, batch_size=None):
        """Return zeros for each state."""
        return [ops.zeros((batch_size, self.units), self.compute_dtype) for _ in range(self.states)]

    def factors(self, inputs, state):
        """Return the dropout factors (1 or gates, batch, n) of inputs and state, the same for all steps; or None.

        Args:
            inputs, state: (batch, n).
        """
        count = self.gates if self.recurrent_dropout else 1

        def draw(x, rate):
            ones = ops.ones((count, *ops.shape(x)), ops.dtype(x))
            return random.dropout(ones, rate, seed=self.seed_generator) if 0 < rate < 1 else None

        return draw(inputs, self.dropout), draw(state, self.recurrent_dropout)

    def call(self, inputs, states, training=False):
        """Run one step. (batch, features), states -> (batch, units), states"""
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        factors = self.factors(inputs, states[0]) if training else (None, None)
        states = self.step(inputs, states, *factors)
        return states[0], states


class SimpleRNNCell(RecurrentCell):
    """One step of h = activation(x W + h R + b). See RecurrentCell."""

    def step(self, inputs, states, input_factors=None, state_factors=None):
        """Return the states after one step."""
        x = recurrent.product(inputs, ops.convert_to_tensor(self.kernel), input_factors)
        x = x if self.bias is None else x + self.bias
        return [recurrent.simple_step(x, states[0], ops.convert_to_tensor(self.recurrent_kernel), state_factors, self.activation)]

    def sequence(self, inputs, states, mask, factors, go_backwards, zero_output_for_mask):
        """Run all steps. (batch, time, features) -> (batch, time, units), states"""
        outputs, state = recurrent.simple_rnn(
            inputs, states[0], self.kernel, self.recurrent_kernel, self.bias, mask, *factors,
            recurrent.name_of(self.activation), go_backwards, zero_output_for_mask,
        )  # fmt: skip
        return outputs, [state]


class LSTMCell(RecurrentCell):
    """One step of a long short-term memory (Hochreiter & Schmidhuber 1997); gates in the order i, f, c, o.

    Args:
        recurrent_activation: of the gates.
        unit_forget_bias: whether the forget gate's bias starts from 1.
        the rest: see RecurrentCell.
    """

    gates, states = 4, 2

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", unit_forget_bias=True, kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None, recurrent_constraint=None,
                 bias_constraint=None, dropout=0.0, recurrent_dropout=0.0, seed=None, **kwargs):  # fmt: skip
        super().__init__(
            units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed, **kwargs,
        )  # fmt: skip
        self.adopt(recurrent_activation=recurrent_activation, unit_forget_bias=unit_forget_bias)

    def _bias_start(self):
        if not self.unit_forget_bias:
            return self.bias_initializer

        def start(shape, dtype=None):
            rest = self.bias_initializer((shape[0] // 4 * 3,), dtype=dtype)
            first, others = ops.split(rest, [shape[0] // 4])
            return ops.concatenate([first, ops.ones((shape[0] // 4,), dtype), others])

        return start

    def step(self, inputs, states, input_factors=None, state_factors=None):
        """Return the states after one step."""
        x = recurrent.product(inputs, ops.convert_to_tensor(self.kernel), input_factors)
        x = x if self.bias is None else x + self.bias
        kernel = ops.convert_to_tensor(self.recurrent_kernel)
        return list(recurrent.lstm_step(x, *states, kernel, state_factors, self.activation, self.recurrent_activation))

    def sequence(self, inputs, states, mask, factors, go_backwards, zero_output_for_mask):
        """Run all steps. (batch, time, features) -> (batch, time, units), states"""
        outputs, hidden, carry = recurrent.lstm(
            inputs, *states, self.kernel, self.recurrent_kernel, self.bias, mask, *factors,
            recurrent.name_of(self.activation), recurrent.name_of(self.recurrent_activation), go_backwards, zero_output_for_mask,
        )  # fmt: skip
        return outputs, [hidden, carry]


class GRUCell(RecurrentCell):
    """One step of a gated recurrent unit (Cho et al. 2014); gates in the order z, r, h.

    Args:
        recurrent_activation: of the gates.
        reset_after: whether the reset gate is applied after the product with the state; the bias is
            then (2, 3 units).
        the rest: see RecurrentCell.
    """

    gates = 3

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", kernel_regularizer=None, recurrent_regularizer=None,
                 bias_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout=0.0,
                 recurrent_dropout=0.0, reset_after=True, seed=None, **kwargs):  # fmt: skip
        super().__init__(
            units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed, **kwargs,
        )  # fmt: skip
        self.adopt(recurrent_activation=recurrent_activation, reset_after=reset_after)

    def _bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def step(self, inputs, states, input_factors=None, state_factors=None):
        """Return the states after one step."""
        bias = None if self.bias is None else ops.convert_to_tensor(self.bias)
        input_bias, state_bias = recurrent.gru_biases(bias, self.reset_after)
        x = recurrent.product(inputs, ops.convert_to_tensor(self.kernel), input_factors)
        x = x if input_bias is None else x + input_bias
        kernel = ops.convert_to_tensor(self.recurrent_kernel)
        activations = (self.activation, self.recurrent_activation)
        return [recurrent.gru_step(x, states[0], kernel, state_bias, state_factors, *activations, self.reset_after)]

    def sequence(self, inputs, states, mask, factors, go_backwards, zero_output_for_mask):
        """Run all steps. (batch, time, features) -> (batch, time, units), states"""
        outputs, state = recurrent.gru(
            inputs, states[0], self.kernel, self.recurrent_kernel, self.bias, mask, *factors,
            recurrent.name_of(self.activation), recurrent.name_of(self.recurrent_activation), self.reset_after,
            go_backwards, zero_output_for_mask,
        )  # fmt: skip
        return outputs, [state]
