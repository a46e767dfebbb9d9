"""Models: layers put together, which can be trained. Functional, sequential, or written as a class."""

from polykeras import naming, scope, spec, summary, tree
from polykeras.errors import DataError
from polykeras.fit import Trainer
from polykeras.function import Function
from polykeras.graph import KerasTensor, sizes_of
from polykeras.layer import Layer
from polykeras.layers.input_layer import Input, InputLayer
from polykeras.native import native
from polykeras.plugins import registry
from polykeras.scope import Scope


class Model(Trainer, Layer):
    """Layers as one, with compile, fit, evaluate and predict.

    Model(inputs, outputs) takes symbolic tensors; a subclass makes layers in `__init__` and writes
    `call` instead.

    Args:
        inputs, outputs: KerasTensors, or nested structures of them.
        name: name of the model.

    >>> from polykeras import layers
    >>> image = layers.Input((28, 28))
    >>> model = Model(image, layers.Dense(10)(layers.Flatten()(image)))
    >>> model.output_shape
    (None, 10)
    """

    _untracked = Layer._untracked | {
        "optimizer", "loss", "loss_plan", "metric_plan", "_loss_tracker", "compile_arguments", "programs", "history", "_graph",
    }  # fmt: skip

    def __init__(self, *args, inputs=None, outputs=None, name=None, **kwargs):
        inputs, outputs, name = (*args, *(inputs, outputs, name)[len(args) :])[:3] if args else (inputs, outputs, name)
        functional = inputs is not None or outputs is not None
        if functional and type(self) is Model and name is None:
            name = naming.automatic("functional")
        super().__init__(name=name, **kwargs)
        self._init_trainer()
        self._graph, self._graph_layers = None, []
        if functional:
            if inputs is None or outputs is None:
                raise ValueError(f"{self.title}: expected inputs and outputs, got only one of them.")
            self._set_graph(Function(inputs, outputs, self.title))

    def _set_graph(self, graph):
        self._graph = graph
        self._graph_layers = [operation for operation in graph.operations if isinstance(operation, Layer)]
        self.built = True

    # -- structure ---------------------------------------------------------------------------------

    @property
    def is_functional(self):
        """Whether the model knows its graph of calls."""
        return self._graph is not None

    @property
    def is_sequence(self):
        """Whether each layer is called once, on the one before."""
        return False

    @property
    def layers(self):
        """The layers: of a functional model in the order of their first call."""
        return list(self._graph_layers) if self.is_functional else self.sublayers()

    def get_layer(self, name=None, index=None):
        """Return a layer by name or by number.

        Raises:
            ValueError: there is none; it lists those there are.
        """
        if (name is None) == (index is None):
            raise ValueError(f"get_layer: expected a name or an index, got name={name!r} and index={index!r}.")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(f"get_layer: expected an index below {len(self.layers)}, got {index}.")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(f"get_layer: expected one of {', '.join(layer.name for layer in self.layers)}, got {name!r}.")

    def _require_graph(self, what):
        if not self.is_functional:
            raise AttributeError(f"{self.title} has no {what}: it knows no symbolic inputs. Build it from Inputs, or call it on one.")
        return self._graph

    @property
    def inputs(self):
        """The symbolic inputs, as a list."""
        return list(self._require_graph("inputs").inputs)

    @property
    def outputs(self):
        """The symbolic outputs, as a list."""
        return list(self._require_graph("outputs").outputs)

    @property
    def input(self):
        """The symbolic inputs, as they were given."""
        return self._require_graph("input").inputs_structure

    @property
    def output(self):
        """The symbolic outputs, as they were given."""
        return self._require_graph("output").outputs_structure

    @property
    def input_shape(self):
        """Shapes of the inputs."""
        return tree.map_structure(lambda x: x.shape, self.input)

    @property
    def output_shape(self):
        """Shapes of the outputs."""
        return tree.map_structure(lambda x: x.shape, self.output)

    @property
    def output_names(self):
        """Names of the outputs: keys of a dict, else names of the layers that made them; None if unknown."""
        if not self.is_functional:
            return None
        if isinstance(self._graph.outputs_structure, dict):
            return sorted(self._graph.outputs_structure)
        names = []
        for symbol in self._graph.outputs:
            name = symbol.node.operation.name if symbol.node is not None else symbol.name
            names.append(f"{name}_{names.count(name)}" if name in names else name)
        return names

    # -- calling -----------------------------------------------------------------------------------

    def call(self, inputs, training=None, mask=None):
        """Compute the outputs; a subclass writes its own."""
        if not self.is_functional:
            return super().call(inputs)
        return self._graph(inputs)

    def compute_mask(self, inputs, previous_mask):
        """Return no mask: those of a model's outputs are carried by the outputs."""
        return None

    def backend_for(self, values):
        """Return the backend to run on outside a program: the model's own."""
        return registry.load(self._backend) if self._backend is not None else super().backend_for(values)

    def build(self, input_shape=None, *args, **kwargs):
        """Make the weights of a model that was not called yet, given shapes of its inputs."""
        if self.built or input_shape is None:
            return
        make = lambda shape: spec.Spec(sizes_of(shape, batch=True), self.compute_dtype)
        nested = tree.map_structure(make, input_shape) if isinstance(input_shape, dict) else _each_shape(make, input_shape)
        self.built = True
        with Scope(spec, captures=True):
            self(nested)

    def index_inputs(self, x):
        """Return (where, indices, limit) for inputs that go straight into a table of so many rows."""
        if not self.is_functional:
            return []
        given = self._graph.arranged(x)
        found = []
        for node in self._graph.nodes:
            limit = getattr(node.operation, "input_limit", None)
            for place, symbol in enumerate(self._graph.inputs):
                if limit is not None and any(symbol is used for used in node.inputs) and given[place] is not None:
                    found.append((f"x: indices of {node.operation.title}", given[place], limit))
        return found

    # -- looking -----------------------------------------------------------------------------------

    def summary(self, line_length=None, positions=None, print_fn=None, expand_nested=False, show_trainable=False, layer_range=None):
        """Print layers, output shapes and numbers of parameters.

        Args:
            line_length: width of the table.
            positions: taken for Keras's sake.
            print_fn: a function of one line, instead of printing.
            expand_nested: whether the layers of models within are shown.
            show_trainable: whether a column tells what is trainable.
            layer_range: names of the first and the last layer to show.
        """
        summary.print_summary(self, line_length, print_fn, expand_nested, show_trainable, layer_range)

    def explain_execution(self):
        """Return in words how each recorded step runs, and why."""
        lines = [f"{self.title} on backend {self.backend!r}:"]
        kinds = {id(recording): key[0] for key, recording in self.programs.recordings.items()}
        for (recording, steps), program in self.programs.compiled.items():
            lines.append(f"  {kinds.get(recording, '?')}, {'one batch' if steps is None else f'{steps} batches'}: {program.strategy}")
        return "\n".join(lines) if len(lines) > 1 else f"{lines[0]} nothing has run yet."

    def native(self):
        """Return the backend's own objects, by name.

        "variables" holds the framework's tensors or variables by path, as they are now. Of a graph
        backend there are also "graph", "session", "inputs" (placeholders for any batch size) and
        "predictions"; after compile "targets", "sample_weights", "loss" and "train_op", so that
        TF1 code can go on from there.
        """
        return native(self)

    def get_config(self):
        """Return the arguments that make this model anew, of a subclass that was written as one."""
        return {"name": self.name, "trainable": self.trainable}


def _each_shape(make, shape):
    return [_each_shape(make, part) for part in shape] if shape and isinstance(shape[0], (list, tuple)) else make(tuple(shape))


class Sequential(Model):
    """Layers one behind the other.

    Args:
        layers: list of layers; an Input first makes the model known at once.
        name: name of the model.

    >>> from polykeras import layers
    >>> Sequential([layers.Input((4,)), layers.Dense(2)]).count_params()
    10
    """

    def __init__(self, layers=None, trainable=True, name=None):
        super().__init__(name=name, trainable=trainable)
        self._stack, self._input_layer = [], None
        for layer in layers or []:
            self.add(layer, rebuild=False)
        self._rebuild()

    def add(self, layer, rebuild=True):
        """Add a layer at the end.

        Raises:
            ValueError: it is no layer, or its name is taken.
        """
        if isinstance(layer, KerasTensor) and hasattr(layer, "layer"):
            layer = layer.layer
        if not isinstance(layer, Layer):
            raise ValueError(f"{self.title}: expected layers, got {type(layer).__name__}. Wrap a function in Lambda.")
        if isinstance(layer, InputLayer):
            if self._stack or self._input_layer is not None:
                raise ValueError(f"{self.title}: an Input comes first and once; got another behind {len(self._stack)} layers.")
            self._input_layer = layer
        else:
            if any(layer.name == other.name for other in self._stack):
                raise ValueError(f"{self.title}: every layer needs a name of its own; got a second {layer.name!r}. Pass name=.")
            shape = getattr(layer, "_first_input_shape", None)
            if not self._stack and self._input_layer is None and shape is not None:
                self._input_layer = Input(tuple(shape), dtype="int32" if hasattr(layer, "input_limit") else None).layer
            self._stack.append(layer)
        if rebuild:
            self._rebuild()

    def pop(self, rebuild=True):
        """Remove and return the last layer."""
        layer = self._stack.pop()
        self._graph, self.built = None, False
        self.programs.forget()
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self):
        self._graph, self.built = None, False
        if self._input_layer is None and self._stack and isinstance(self._stack[0], Model) and self._stack[0].is_functional:
            first = self._stack[0].inputs[0]
            self._input_layer = Input(batch_shape=first.shape, dtype=first.dtype).layer
        if self._input_layer is not None and self._stack:
            self._connect(self._input_layer.output)

    def _connect(self, symbol):
        naming.automatic("functional")  # Keras makes a functional model within, which takes a name from the others
        with scope.outside(), naming.within(self, self.name):
            output = symbol
            for layer in self._stack:
                output = layer(output)
        self._set_graph(Function(symbol, output, self.title))

    def build(self, input_shape=None, *args, **kwargs):
        """Make the weights for a shape of the inputs, batch included."""
        if self._graph is None and input_shape is not None and self._stack:
            if not isinstance(input_shape[0], (int, type(None))):
                raise DataError(f"{self.title}: expected one input, got shapes {input_shape}.")
            first = self._stack[0]
            dtype = "int32" if hasattr(first, "input_limit") else None
            self._connect(Input(batch_shape=(None, *input_shape[1:]), dtype=dtype))
        self.built = True

    @property
    def is_sequence(self):
        """Whether each layer is called once, on the one before."""
        return True

    @property
    def layers(self):
        """The layers, without the input."""
        return list(self._stack)

    def call(self, inputs, training=None, mask=None):
        """Compute the outputs, layer by layer."""
        if not self._stack:
            return inputs
        return super().call(inputs, training=training, mask=mask)

    def get_config(self):
        """Return the layers' configs."""
        layers = [self._input_layer, *self._stack] if self._input_layer is not None else self._stack
        return {"name": self.name, "layers": [{"class_name": type(layer).__name__, "config": layer.get_config()} for layer in layers]}
