"""Function: the calls that lead from symbolic inputs to symbolic outputs, as one function of arrays."""

from polykeras import dtypes, ops, tree
from polykeras.errors import DataError
from polykeras.graph import KerasTensor, ordered_nodes, symbols


class Function:
    """A graph of calls, from inputs to outputs.

    Args:
        inputs, outputs: KerasTensors, or nested structures of them.
        name: for messages.
    """

    def __init__(self, inputs, outputs, name=None):
        self.inputs_structure, self.outputs_structure, self.name = inputs, outputs, name or "function"
        self.inputs, self.outputs = symbols(inputs), symbols(outputs)
        if not self.inputs or not self.outputs:
            raise ValueError(f"Model: expected KerasTensors as inputs and outputs, got {inputs!r} and {outputs!r}. Make inputs with Input().")
        self.nodes = ordered_nodes(self.inputs, self.outputs)
        self.input_names = [x.name for x in self.inputs]

    @property
    def operations(self):
        """The operations, each once, in Keras's order: those farthest from the outputs first, and the weights in files likewise."""
        depths, seen = {}, self._seen_from_outputs()
        within = {id(node): 0 for node in self.nodes}
        for node in reversed(self.nodes):
            operation = id(node.operation)
            depths[operation] = within[id(node)] = max(within[id(node)], depths.get(operation, 0))
            for symbol in node.inputs:
                if id(symbol.node) in within:
                    within[id(symbol.node)] = max(within[id(symbol.node)], depths[operation] + 1)
                elif hasattr(symbol, "layer"):
                    depths[id(symbol.layer)] = max(depths.get(id(symbol.layer), 0), depths[operation] + 1)
        found = {id(x.layer): x.layer for x in self.inputs if hasattr(x, "layer")}
        found.update((id(node.operation), node.operation) for node in self.nodes)
        return sorted(found.values(), key=lambda operation: (-depths.get(id(operation), 0), seen.get(id(operation), -1)))

    def _seen_from_outputs(self):
        """Return {id of an operation: when it is first met} on the ways back from the outputs."""
        seen, visited, inside = {}, set(), {id(x) for x in self.inputs}
        stack = list(reversed(self.outputs))
        while stack:
            symbol = stack.pop()
            if id(symbol) in inside:
                if hasattr(symbol, "layer"):
                    seen.setdefault(id(symbol.layer), len(seen))
            elif id(symbol.node) not in visited:
                visited.add(id(symbol.node))
                seen.setdefault(id(symbol.node.operation), len(seen))
                stack.extend(reversed(symbol.node.inputs))
        return seen

    def __call__(self, inputs):
        """Return the outputs for arrays in the structure of the inputs."""
        given = self.arranged(inputs)
        values = {id(symbol): self._fitted(symbol, x) for symbol, x in zip(self.inputs, given)}
        for node in self.nodes:
            made = node.call(values)
            for symbol, value in zip(symbols(node.outputs), _leaves_like(node.outputs, made)):
                values[id(symbol)] = value
        return tree.map_structure(lambda symbol: values[id(symbol)], self.outputs_structure)

    def arranged(self, inputs):
        """Return arrays in the order of the inputs, given alone, in a list, or in a dict by name.

        Raises:
            DataError: their number or names are others.
        """
        if isinstance(inputs, dict):
            by_key = dict(self.inputs_structure) if isinstance(self.inputs_structure, dict) else {}
            keys = {id(symbol): key for key, symbol in by_key.items()}
            names = [keys.get(id(symbol), symbol.name) for symbol in self.inputs]
            missing = [
                name for name, symbol in zip(names, self.inputs) if name not in inputs and not getattr(symbol, "optional", False)
            ]
            if missing:
                raise DataError(f"{self.name}: expected inputs {', '.join(names)}, got {', '.join(map(str, inputs))}. Add {', '.join(missing)}.")
            return [inputs.get(name) for name in names]
        given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        if len(given) != len(self.inputs):
            given = tree.leaves(inputs)
        if len(given) != len(self.inputs):
            raise DataError(f"{self.name}: expected {len(self.inputs)} inputs ({', '.join(self.input_names)}), got {len(given)}.")
        return given

    def _fitted(self, symbol, x):
        """Return an array in an input's dtype; a last axis of size 1 may be missing or too much, as in Keras."""
        if x is None:
            return None
        wanted, got = symbol.sizes, tuple(ops.shape(x))
        if len(got) == len(wanted) - 1 and wanted[-1] == 1:
            x = ops.expand_dims(x, -1)
        elif len(got) == len(wanted) + 1 and got[-1] == 1:
            x = ops.squeeze(x, -1)
        self.check(symbol, ops.shape(x))
        dtype = ops.dtype(x)
        if dtype != symbol.dtype and not (dtypes.is_float(dtype) and dtypes.is_float(symbol.dtype)):
            x = ops.cast(x, symbol.dtype)
        return x

    def check(self, symbol, shape):
        """Refuse an array that does not fit an input.

        Raises:
            DataError: it names the input, what was expected and what was got.
        """
        shape = tuple(size if isinstance(size, int) else None for size in shape)
        pairs = zip(symbol.shape, shape)
        if len(shape) != len(symbol.shape) or any(a is not None and b is not None and a != b for a, b in pairs):
            raise DataError(
                f"{self.name}: input '{symbol.name}' expected shape {symbol.shape}, got {shape}. "
                "Reshape the data, or build the model with another Input."
            )


def _leaves_like(structure, made):
    """Return the arrays of a result at the places where the structure has symbols."""
    if isinstance(structure, KerasTensor):
        return [made]
    return [value for symbol, value in zip(tree.leaves(structure), tree.leaves(made)) if isinstance(symbol, KerasTensor)]
