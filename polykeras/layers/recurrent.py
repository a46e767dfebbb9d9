"""Recurrent layers: a cell run over time, and both ways."""

import inspect

from polykeras import ops, scope
from polykeras.input_spec import InputSpec
from polykeras.layer import Layer
from polykeras.layers.recurrent_cells import GRUCell, LSTMCell, SimpleRNNCell
from polykeras.naming import snake_case
from polykeras.ops.recurrent import rnn
from polykeras.plugins import registry
from polykeras.variable import Variable


class StackedRNNCells(Layer):
    """Cells one behind the other, as one cell.

    Args:
        cells: list of cells.
    """

    def __init__(self, cells, **kwargs):
        super().__init__(**kwargs)
        self.cells = list(cells)
        self.state_size = [cell.state_size for cell in self.cells]
        self.output_size = self.cells[-1].output_size

    def get_initial_state(self, batch_size=None):
        """Return the first states of each cell."""
        return [cell.get_initial_state(batch_size=batch_size) for cell in self.cells]

    def call(self, inputs, states, training=False):
        after = []
        for cell, state in zip(self.cells, states):
            inputs, state = _stepped(cell, inputs, state, training)
            after.append(state)
        return inputs, after


def _stepped(cell, inputs, states, training):
    takes = "training" in inspect.signature(cell.call).parameters
    return cell(inputs, states, training=training) if takes else cell(inputs, states)


class RNN(Layer):
    """A cell run over time. (batch, time, features) -> (batch, units), or (batch, time, units)

    Args:
        cell: a layer whose call(inputs, states) returns (output, states) and which has state_size; or
            a list of such, which are stacked.
        return_sequences: whether all outputs are returned, or the last.
        return_state: whether the last states are returned too: (outputs, *states).
        go_backwards: whether time runs from the end; outputs are in that order.
        stateful: whether the states stay from batch to batch, until reset_state().
        unroll: taken for Keras's sake; how loops run is the backend's business.
        zero_output_for_mask: whether masked outputs are zeros rather than the last output again.
    """

    def __init__(
        self, cell, return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False, zero_output_for_mask=False, **kwargs
    ):
        super().__init__(**kwargs)
        self.cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        if not hasattr(self.cell, "state_size"):
            raise ValueError(f"{self.title}: expected a cell with state_size, got {type(self.cell).__name__}.")
        self.return_sequences, self.return_state, self.go_backwards = return_sequences, return_state, go_backwards
        self.stateful, self.unroll, self.zero_output_for_mask = stateful, unroll, zero_output_for_mask
        self.supports_masking, self.input_spec = True, InputSpec(ndim=3)
        self.states = None

    def build(self, sequences_shape, initial_state_shape=None):
        if not self.cell.built:
            self.cell._build_by_shape((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful:
            if sequences_shape[0] is None:
                raise ValueError(f"{self.title}: a stateful layer needs a known batch size, got shape {sequences_shape}. Give Input a batch_size.")
            with scope.outside(), scope.Scope(registry.reference()):  # the layer may be built on shapes alone
                start = _flat(self.get_initial_state(sequences_shape[0]))
            self.states = [Variable(x, trainable=False, name="rnn_state") for x in start]
            for variable in self.states:
                variable.remembered = True  # it is state that moves with the model, but no weight

    def get_initial_state(self, batch_size=None):
        """Return the cell's first states."""
        if hasattr(self.cell, "get_initial_state"):
            made = self.cell.get_initial_state(batch_size=batch_size)
            return list(made) if isinstance(made, (list, tuple)) else [made]
        sizes = self.cell.state_size if isinstance(self.cell.state_size, (list, tuple)) else [self.cell.state_size]
        return [ops.zeros((batch_size, size), self.compute_dtype) for size in sizes]

    def call(self, sequences, initial_state=None, mask=None, training=False):
        if initial_state is None:
            initial_state = [ops.convert_to_tensor(s) for s in self.states] if self.stateful else self.get_initial_state(ops.shape(sequences)[0])
        states = list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
        if isinstance(mask, (list, tuple)):
            mask = mask[0]
        outputs, last, states = self.run(sequences, states, mask, training)
        if self.stateful:
            for variable, value in zip(self.states, _flat(states)):
                variable.assign(value)
        made = outputs if self.return_sequences else last
        return (made, *states) if self.return_state else made

    def run(self, sequences, states, mask, training):
        """Return (all outputs, the last one, the last states)."""
        last, outputs, states = rnn(
            lambda x, before: _stepped(self.cell, x, before, training), sequences, states, mask, self.go_backwards, self.zero_output_for_mask
        )
        return outputs, last, states

    def compute_mask(self, inputs, mask=None):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        made = mask if self.return_sequences else None
        return [made, *(None for _ in _flat(self.cell.state_size))] if self.return_state else made

    def reset_state(self):
        """Set the states of a stateful layer to zeros."""
        for variable in self.states or ():
            variable.assign(ops.convert_to_numpy(variable) * 0)

    reset_states = reset_state


def _flat(nested):
    return [leaf for part in nested for leaf in _flat(part)] if isinstance(nested, (list, tuple)) else [nested]


class _CellLayer(RNN):
    """An RNN over a cell of its own, whose arguments it takes and shows."""

    cell_class, behind = None, ()  # behind: the cell's arguments that Keras puts after the loop's
    own = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")

    def __init__(self, units, *args, **kwargs):
        names = [name for name in type(self).__signature__.parameters if name not in ("units", "kwargs")]
        kwargs.update(zip(names, args))
        kwargs.pop("use_cudnn", None)
        given = {name: kwargs.pop(name) for name in names if name in kwargs and name not in self.own}
        own = {name: kwargs.pop(name) for name in self.own if name in kwargs}
        shared = {name: kwargs[name] for name in ("dtype", "trainable") if name in kwargs}
        cell = self.cell_class(units, **given, **shared, name=snake_case(self.cell_class.__name__))
        super().__init__(cell, **own, **kwargs)

    def __init_subclass__(cls, **kwargs):
        """Show the cell's arguments and the loop's as the class's signature."""
        super().__init_subclass__(**kwargs)
        cell = list(inspect.signature(cls.cell_class.__init__).parameters.values())[1:]
        *loop, zero = [inspect.signature(RNN.__init__).parameters[name] for name in cls.own]
        first, last = ([p for p in cell[:-1] if (p.name in cls.behind) is there] for there in (False, True))
        cls.__signature__ = inspect.Signature([*first, *loop, *last, zero, cell[-1]])

    def __getattr__(self, name):
        if name.startswith("_") or "cell" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}.")
        return getattr(self.cell, name)

    def get_config(self):
        """Return what makes it anew: the cell's arguments and those of the loop."""
        cell = self.cell.get_config()
        own = {name: getattr(self, name) for name in self.own}
        return {**cell, **own, **super().get_config()}

    def run(self, sequences, states, mask, training):
        first = ops.take(sequences, 0, axis=1)
        factors = self.cell.factors(first, states[0]) if training else (None, None)
        outputs, states = self.cell.sequence(sequences, states, mask, factors, self.go_backwards, self.zero_output_for_mask)
        return outputs, states[0], states


class SimpleRNN(_CellLayer):
    """h = activation(x W + h R + b) over time. Arguments of SimpleRNNCell, then those of RNN."""

    cell_class = SimpleRNNCell
    behind = ("seed",)


class LSTM(_CellLayer):
    """Long short-term memory over time. Arguments of LSTMCell, then those of RNN.

    >>> LSTM(4, return_sequences=True).compute_output_shape((None, 10, 3))
    (None, 10, 4)
    """

    cell_class = LSTMCell


class GRU(_CellLayer):
    """Gated recurrent unit over time. Arguments of GRUCell, then those of RNN."""

    cell_class = GRUCell
    behind = ("reset_after",)


class Bidirectional(Layer):
    """A recurrent layer run both ways. (batch, time, features) -> (batch, 2 units) or (batch, time, 2 units)

    Args:
        layer: the recurrent layer; it is made anew for each way.
        merge_mode: "concat", "sum", "mul", "ave", or None for both outputs.
        backward_layer: another layer for the way back, with go_backwards the other way.
    """

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        super().__init__(**kwargs)
        if merge_mode not in ("sum", "mul", "ave", "concat", None):
            raise ValueError(f"{self.title}: expected merge_mode 'sum', 'mul', 'ave', 'concat' or None, got {merge_mode!r}.")
        config = layer.get_config()
        self.forward_layer = _renamed(type(layer), config, "forward", layer.name)
        back = {**config, "go_backwards": not layer.go_backwards}
        self.backward_layer = backward_layer or _renamed(type(layer), back, "backward", layer.name)
        if self.forward_layer.go_backwards == self.backward_layer.go_backwards:
            raise ValueError(f"{self.title}: expected layers that differ in go_backwards, got {self.forward_layer.go_backwards} in both.")
        for one in (self.forward_layer, self.backward_layer):
            one.zero_output_for_mask = layer.return_sequences
        self.layer, self.merge_mode = self.forward_layer, merge_mode
        self.return_sequences, self.return_state = layer.return_sequences, layer.return_state
        self.supports_masking, self.input_spec = True, layer.input_spec
        self.initial_weights = weights

    def build(self, sequences_shape, initial_state_shape=None):
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer._build_by_shape(sequences_shape)
        if self.initial_weights is not None:
            self.set_weights(self.initial_weights)

    def call(self, sequences, initial_state=None, mask=None, training=None):
        half = len(initial_state) // 2 if initial_state is not None else 0
        states = (initial_state[:half], initial_state[half:]) if half else (None, None)
        ahead = self.forward_layer(sequences, initial_state=states[0], mask=mask, training=training)
        back = self.backward_layer(sequences, initial_state=states[1], mask=mask, training=training)
        final = ()
        if self.return_state:
            ahead, *first = ahead
            back, *second = back
            final = (*first, *second)
        if self.return_sequences:
            back = ops.flip(back, axis=1)
        merged = self._merged(ahead, back)
        if not self.return_state:
            return merged
        return (*merged, *final) if self.merge_mode is None else (merged, *final)

    def _merged(self, ahead, back):
        how = {
            "concat": lambda: ops.concatenate([ahead, back], -1),
            "sum": lambda: ahead + back,
            "ave": lambda: (ahead + back) / 2,
            "mul": lambda: ahead * back,
            None: lambda: (ahead, back),
        }
        return how[self.merge_mode]()

    def compute_mask(self, inputs, mask=None):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        made = mask if self.return_sequences else None
        return [made, made] if self.merge_mode is None else made

    def reset_state(self):
        """Set the states of both layers to zeros."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()


def _renamed(cls, config, way, name):
    return cls.from_config({**config, "name": f"{way}_{name.removeprefix(f'{way}_')}"})
