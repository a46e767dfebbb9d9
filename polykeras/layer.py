"""Layer: a function with weights. It is written with state; scopes make programs of it pure."""

import inspect

from polykeras import activations, constraints, dtype_policies, dtypes, initializers, input_spec, masks, naming, regularizers, scope, spec, tree
from polykeras.call import CallSpec
from polykeras.errors import PolykerasError
from polykeras.graph import KerasTensor, substituted, symbolic_call, symbols
from polykeras.input_spec import InputSpec  # noqa: F401  Keras exports it beside Layer
from polykeras.ops import dispatch
from polykeras.scope import Scope
from polykeras.tracking import Tracked
from polykeras.variable import Variable


class Layer(Tracked):
    """The base of all layers.

    A subclass makes its weights in `build(input_shape)` with `add_weight` and computes in `call(inputs)`.
    Written with `polykeras.ops`, it runs on every backend.

    Args:
        activity_regularizer: a function of the output whose value is added to the loss.
        trainable: whether optimizers change its weights.
        dtype: a dtype or DTypePolicy; the global policy where None.
        autocast: whether float inputs are cast to the compute dtype.
        name: `dense`, `dense_1`, ... where None.

    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones")
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> Scale()([[1.0, 2.0]])
    array([[1., 2.]], dtype=float32)
    """

    def __new__(cls, *args, **kwargs):
        made = super().__new__(cls)
        object.__setattr__(made, "_given", (args, kwargs))
        return made

    def __init__(self, *, activity_regularizer=None, trainable=True, dtype=None, autocast=True, name=None, **kwargs):
        input_dim, input_shape = kwargs.pop("input_dim", None), kwargs.pop("input_shape", None)
        if kwargs:
            raise ValueError(f"{type(self).__name__}: got unknown arguments {', '.join(sorted(kwargs))}.")
        self.name = name or naming.of_class(type(self))
        if not isinstance(self.name, str) or "/" in self.name:
            raise ValueError(f"{type(self).__name__}: expected a name that is a string without '/', got {self.name!r}.")
        self.dtype_policy = dtype_policies.get(dtype)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.autocast, self.supports_masking, self.input_spec = autocast, False, None
        self.built, self.inbound_nodes = False, []
        self._trainable, self._own_losses, self._call_losses = trainable, [], []
        self._first_input_shape = (input_dim,) if input_dim is not None else input_shape

    # -- weights -----------------------------------------------------------------------------------

    def build(self, *args, **kwargs):
        """Make the weights, given the shapes of the inputs; layers without weights need not have it."""
        self.built = True

    def add_weight(
        self, shape=None, initializer=None, dtype=None, trainable=True, autocast=True, regularizer=None, constraint=None, aggregation="none", name=None
    ):
        """Return a new Variable that belongs to this layer.

        Args:
            shape: tuple of ints; () where None.
            initializer: "glorot_uniform" for floats, else "zeros", where None.
            dtype: the policy's variable dtype where None.
            trainable: whether optimizers change it.
            autocast: whether `call` sees it in the compute dtype.
            regularizer: a function of the weight whose value is added to the loss.
            constraint: a function applied to the weight after each step.
            name: the last part of its path; `variable`, ... where None.
        """
        self._require_init()
        dtype = dtypes.standardize(dtype or self.dtype_policy.variable_dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        with naming.within(self, self.name):
            made = Variable(
                initializers.get(initializer), tuple(shape or ()), dtype, trainable, autocast, aggregation=aggregation, name=name
            )
        made.regularizer, made.constraint = regularizers.get(regularizer), constraints.get(constraint)
        self.track(made)
        return made

    @property
    def trainable(self):
        """Whether optimizers change the weights; setting it sets it for all layers within."""
        return self._trainable

    @trainable.setter
    def trainable(self, value):
        self._trainable = bool(value)
        for layer in self.sublayers():
            layer.trainable = value

    @property
    def variables(self):
        """All Variables: weights, and the states of seed generators."""
        return self.collect(everything=True)

    @property
    def weights(self):
        """The Variables that make up the model: trainable or not, without seeds and what stateful layers remember."""
        return self.collect(lambda variable: not variable.remembered)

    @property
    def trainable_variables(self):
        """The Variables that optimizers change."""
        return self.collect(lambda variable: variable.trainable, enter=lambda owner: owner.trainable)

    @property
    def non_trainable_variables(self):
        """All other Variables."""
        chosen = {id(variable) for variable in self.trainable_variables}
        return [variable for variable in self.variables if id(variable) not in chosen]

    @property
    def trainable_weights(self):
        """The weights that optimizers change."""
        return self.trainable_variables

    @property
    def non_trainable_weights(self):
        """The weights that optimizers leave alone."""
        chosen = {id(variable) for variable in self.trainable_variables}
        return [variable for variable in self.weights if id(variable) not in chosen]

    def get_weights(self):
        """Return the values of the weights as NumPy arrays."""
        return [variable.numpy() for variable in self.weights]

    def set_weights(self, weights):
        """Set the values of the weights, in the order of get_weights; all or none.

        Raises:
            ShapeError: their number or a shape is another.
        """
        targets = self.weights
        if len(weights) != len(targets):
            raise ValueError(f"{self.title}: expected {len(targets)} weights, got {len(weights)}.")
        for variable, value in zip(targets, weights):
            if tuple(getattr(value, "shape", ())) != variable.shape:
                variable._refuse_shape(getattr(value, "shape", ()))
        for variable, value in zip(targets, weights):
            variable.assign(value)

    def count_params(self):
        """Return the number of elements of all weights."""
        self._require_built("count_params")
        return sum(int(variable.host.size if variable.home is None else _size(variable.shape)) for variable in self.weights)

    # -- losses ------------------------------------------------------------------------------------

    def add_loss(self, loss):
        """Add a scalar, or several, to the loss of the step that is running."""
        inside = scope.current()
        for value in loss if isinstance(loss, (list, tuple)) else [loss]:
            (inside.losses if inside is not None else self._own_losses).append(value)

    @property
    def losses(self):
        """What add_loss and activity regularizers added in the running or last call, and the weights' penalties."""
        inside = scope.current()
        added = list(inside.losses) if inside is not None else [*self._own_losses, *self._call_losses]
        return added + [variable.regularizer(variable) for variable in self.trainable_variables if variable.regularizer is not None]

    # -- calling -----------------------------------------------------------------------------------

    def call(self, *args, **kwargs):
        """Compute the outputs; a subclass writes it."""
        raise NotImplementedError(f"{type(self).__name__} has no call(self, inputs). Write one.")

    def __call__(self, *args, **kwargs):
        self._require_init()
        if scope.running() is None:
            return self._call_from_outside(args, kwargs)
        backend = scope.running()
        args, kwargs = self._converted(backend, args, kwargs)
        if self.input_spec is not None and args:
            input_spec.check(self.input_spec, args[0], self.title)
        call = self._signature.bind(args, kwargs)
        first = not self.built
        self._build_for(call)
        facts = self._facts(call, kwargs)
        kwargs = {**call.accepted(kwargs), **self._context(call)}
        observer = scope.flag("observer")
        if observer is not None:
            observer.began(self)
        with naming.within(self, self.name), scope.within(autocast=self.compute_dtype if self.autocast else None, **facts):
            outputs = self.call(*args, **kwargs)
            if self.activity_regularizer is not None:
                for output in tree.leaves(outputs):
                    self.add_loss(self._activity_loss(output))
        self._mask_outputs(call, kwargs, outputs)
        if first:
            self._seen_shape = tree.map_structure(lambda x: tuple(x.shape), outputs)
        if observer is not None:
            observer.ended(self, args, kwargs, outputs)
        return outputs

    def _activity_loss(self, output):
        """Return the penalty of an output, per sample, as Keras counts it."""
        loss = self.activity_regularizer(output)
        sizes = scope.running().shape(output)
        return loss / scope.running().full((), sizes[0], scope.running().dtype(loss)) if sizes else loss

    def _call_from_outside(self, args, kwargs):
        if symbols((args, kwargs)):
            return self._symbolic(args, kwargs)
        backend = self.backend_for(tree.leaves((args, kwargs)))
        try:
            outputs, carried, self._call_losses = dispatch.enter(lambda: self._with_extras(args, kwargs), backend)
        except PolykerasError:
            raise
        except Exception as cause:
            self._explain(args, kwargs, cause)
            raise
        for output, mask in zip(tree.leaves(outputs), carried):
            masks.set_mask(output, mask[0] if mask else None)
        return outputs

    def _with_extras(self, args, kwargs):
        """Return the outputs, the masks that they carry ([] for none), and what was added to the loss."""
        outputs = self(*args, **kwargs)
        carried = [masks.get_mask(output) for output in tree.leaves(outputs)]
        return outputs, [[] if mask is None else [mask] for mask in carried], scope.current().losses

    def _explain(self, args, kwargs, cause):
        """Raise polykeras's own error for a call that a framework refused, if shapes alone refuse it too."""
        def abstract(x):
            return spec.array_like(x) if hasattr(x, "shape") and hasattr(x, "dtype") else x

        with Scope(spec, captures=True):
            try:
                self(*tree.map_structure(abstract, args), **tree.map_structure(abstract, kwargs))
            except PolykerasError as error:
                raise error from cause
            except Exception:
                return

    def _symbolic(self, args, kwargs):
        """Record a call on symbolic inputs; facts such as training are kept with the node only if given."""
        return symbolic_call(self, args, kwargs)

    def backend_for(self, values):
        """Return the backend to run on outside a program: that of the values, else of the weights, else the default."""
        arrays = [x for x in values if not isinstance(x, dispatch.HOST)]
        if arrays:
            return dispatch.backend_of(arrays)
        homes = [variable.home for variable in self.variables if variable.home is not None]
        return homes[0].backend if homes else dispatch.default()

    def _converted(self, backend, args, kwargs):
        wanted = self.compute_dtype if self.autocast else None

        def convert(x):
            if isinstance(x, (bool, int, float, str)) or not (hasattr(x, "shape") or hasattr(x, "__polykeras_array__")):
                return x
            mask = masks.get_mask(x)
            made = dispatch.convert(backend, x)
            if wanted and dtypes.is_float(backend.dtype(made)) and backend.dtype(made) != wanted:
                made = backend.cast(made, wanted)
            if mask is not None and made is not x:
                masks.set_mask(made, mask)
            return made

        args = tuple(convert_lists(arg) for arg in args[:1]) + tuple(args[1:])
        return tree.map_structure(convert, args), tree.map_structure(convert, kwargs)

    @property
    def _signature(self):
        if "_call_spec" not in self.__dict__:
            object.__setattr__(self, "_call_spec", CallSpec(self.call))
        return self._call_spec

    def _build_for(self, call):
        if self.built:
            return
        with naming.within(self, self.name):
            shapes = call.shapes()
            self.build(**call.shapes_for(self.build, shapes))
        self.built = True

    def _build_by_shape(self, *shapes):
        """Build for shapes, under this layer's name."""
        with naming.within(self, self.name):
            self.build(*shapes)
        self.built = True

    def _context(self, call):
        """Return the arguments that the surroundings supply: training, and masks that the inputs carry."""
        supplied = {}
        if call.takes("training") and call.arguments.get("training") is None:
            training = scope.flag("training")
            if training is not None:
                supplied["training"] = training
        for name, x in call.tensors():
            keyword = "mask" if name == call.first and call.takes("mask") else f"{name}_mask"
            if call.takes(keyword) and call.value(keyword) is None:
                found = tree.map_structure(masks.get_mask, x)
                if tree.leaves(found):
                    supplied[keyword] = found if not isinstance(x, (list, tuple)) else [masks.get_mask(part) for part in x]
        return supplied

    def _facts(self, call, kwargs):
        """Return what layers within should know: whether this is training, if this call says so."""
        training = kwargs.get("training")
        return {} if training is None else {"training": training}

    def _mask_outputs(self, call, kwargs, outputs):
        if not self.supports_masking and type(self).compute_mask is Layer.compute_mask:
            return
        inputs = call.value(call.first) if call.first else None
        if isinstance(inputs, (list, tuple)):
            previous = [masks.get_mask(x) for x in inputs]
            if all(mask is None for mask in previous):
                previous = None
        else:
            previous = masks.get_mask(inputs) if inputs is not None else None
        given = kwargs.get("mask", previous)
        made = self.compute_mask(inputs, given)
        if isinstance(outputs, (list, tuple)) and isinstance(made, (list, tuple)):
            for output, mask in zip(outputs, made):
                masks.set_mask(output, mask)
        elif made is not None and not isinstance(outputs, (list, tuple, dict)):
            masks.set_mask(outputs, made)

    def compute_mask(self, inputs, previous_mask):
        """Return the mask of the outputs: the inputs' own, unless a subclass knows better."""
        return previous_mask

    # -- shapes ------------------------------------------------------------------------------------

    def compute_output_shape(self, *args, **kwargs):
        """Return the shape of the outputs for shapes of the inputs, None where unknown; it runs no arithmetic."""
        make = lambda shape: KerasTensor(shape, self.compute_dtype)
        symbolic_args = [_each_shape(make, shape) for shape in args]
        symbolic_kwargs = {name.removesuffix("_shape"): _each_shape(make, shape) for name, shape in kwargs.items()}
        outputs = self.compute_output_spec(*symbolic_args, **symbolic_kwargs)
        return tree.map_structure(lambda x: x.shape, outputs)

    def compute_output_spec(self, *args, **kwargs):
        """Return the outputs for symbolic inputs, as KerasTensors outside any graph."""
        with Scope(spec, captures=True):
            made = self(*substituted(args, lambda x: x.spec), **substituted(kwargs, lambda x: x.spec))
        return tree.map_structure(lambda x: KerasTensor(x.sizes, x.dtype), made)

    @property
    def input(self):
        """The symbolic input of the layer's only call."""
        return _only(self._node("input").inputs)

    @property
    def output(self):
        """The symbolic output of the layer's only call."""
        return self._node("output").outputs

    def _node(self, what):
        if not self.inbound_nodes:
            raise AttributeError(f"{self.title} has no {what} yet: it was not called on a symbolic Input.")
        return self.inbound_nodes[0]

    # -- dtypes, configuration -----------------------------------------------------------------------

    @property
    def dtype(self):
        """The dtype of its weights."""
        return self.dtype_policy.variable_dtype

    @property
    def variable_dtype(self):
        """The dtype of its weights."""
        return self.dtype_policy.variable_dtype

    @property
    def compute_dtype(self):
        """The dtype that it computes in."""
        return self.dtype_policy.compute_dtype

    @property
    def input_dtype(self):
        """The dtype that float inputs are cast to."""
        return self.dtype_policy.compute_dtype

    def adopt(self, **arguments):
        """Keep arguments as attributes, each found by name in the catalogue that its last word names."""
        for name, value in arguments.items():
            catalogue = CATALOGUES.get(name.rpartition("_")[2])
            setattr(self, name, catalogue.get(value) if catalogue else value)

    def get_config(self):
        """Return the arguments that make this layer anew, read back from the attributes of their names.

        A subclass that writes its own starts from super().get_config(): name, trainable and dtype.
        """
        base = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype_policy.name}
        if self.activity_regularizer is not None:
            base["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        if type(self).get_config is not Layer.get_config:
            return base
        given = self._given_by_name()
        for name, parameter in inspect.signature(type(self).__init__).parameters.items():
            plain = parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            if plain and (name in self.__dict__ or name in given):
                base[name] = _serialized(name, self.__dict__.get(name, given.get(name)))
        return base

    def _given_by_name(self):
        args, kwargs = self._given
        arguments = inspect.signature(type(self).__init__).bind_partial(None, *args, **kwargs).arguments
        return dict(list(arguments.items())[1:])

    @classmethod
    def from_config(cls, config):
        """Return a layer made anew from get_config's result."""
        return cls(**config)

    @property
    def title(self):
        """Class and name, as errors call the layer: Dense 'head'."""
        return f"{type(self).__name__} '{self.name}'"

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    def _require_init(self):
        if "inbound_nodes" not in self.__dict__:
            raise RuntimeError(f"{type(self).__name__}: call super().__init__() first, before anything else in __init__.")

    def _require_built(self, what):
        if not self.built:
            raise ValueError(f"{self.title}: {what} needs the weights, and it is not built yet. Call it on data, or call build(input_shape).")


CATALOGUES = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints, "activation": activations}


def _serialized(name, value):
    catalogue = CATALOGUES.get(name.rpartition("_")[2])
    if catalogue is not None:
        return catalogue.serialize(value)
    if isinstance(value, Layer):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    return list(value) if isinstance(value, tuple) else value


def convert_lists(arg):
    """Return a list of plain numbers as an array; anything else as it is."""
    if isinstance(arg, (list, tuple)) and arg and all(isinstance(leaf, (bool, int, float)) for leaf in tree.leaves(arg)):
        return dispatch.execute.host_array(arg)
    return dispatch.execute.host_array(arg) if isinstance(arg, (int, float)) and not isinstance(arg, bool) else arg


def _each_shape(function, shape):
    """Apply a function to a shape, or to each of several."""
    if isinstance(shape, dict):
        return {name: _each_shape(function, part) for name, part in shape.items()}
    if shape and isinstance(shape[0], (list, tuple)):
        return [_each_shape(function, part) for part in shape]
    return function(tuple(shape))


def _only(values):
    return values[0] if len(values) == 1 else values


def _size(shape):
    size = 1
    for extent in shape:
        size *= extent
    return size
