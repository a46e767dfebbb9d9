"""How a layer is called: which of its arguments are tensors, and what it takes from its surroundings."""

import inspect

from polykeras import tree
from polykeras.graph import KerasTensor
from polykeras.sizes import visible
from polykeras.spec import Spec

_NOT_TENSORS = ("training", "mask")


class CallSpec:
    """The parameters of a layer's `call`."""

    def __init__(self, call):
        self.signature = inspect.signature(call)
        parameters = self.signature.parameters
        self.names = set(parameters)
        self.open = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
        positional = [p.name for p in parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self.first = positional[0] if positional else None

    def bind(self, args, kwargs):
        """Return the call with these arguments.

        Raises:
            TypeError: they do not fit `call`; Python's own message.
        """
        kwargs = dict(kwargs)
        if "training" not in self.names and not self.open:
            kwargs.pop("training", None)
        bound = self.signature.bind(*args, **kwargs)
        return Call(self, bound.arguments)


class Call:
    """One call's arguments by name."""

    def __init__(self, spec, arguments):
        self.spec, self.arguments, self.first = spec, arguments, spec.first

    def takes(self, name):
        """Whether `call` has a parameter of this name."""
        return name in self.spec.names

    def value(self, name):
        """Return an argument, the parameter's default where it was not given."""
        if name in self.arguments:
            return self.arguments[name]
        default = self.spec.signature.parameters[name].default
        return None if default is inspect.Parameter.empty else default

    def accepted(self, kwargs):
        """Return keyword arguments without a `training` that `call` does not take: layers within still learn of it."""
        if self.takes("training") or self.spec.open:
            return kwargs
        return {name: value for name, value in kwargs.items() if name != "training"}

    def tensors(self):
        """Return (name, value) for the arguments that are or hold tensors."""
        return [
            (name, value)
            for name, value in self.arguments.items()
            if not name.endswith(_NOT_TENSORS) and any(hasattr(leaf, "shape") for leaf in tree.leaves(value))
        ]

    def shapes(self):
        """Return {argument: shape or nested shapes} of the tensors."""
        return {name: _shape(value) for name, value in self.tensors()}

    def shapes_for(self, build, shapes):
        """Return the keyword arguments for a `build` method: one shape, or one for each argument.

        Raises:
            ValueError: build takes several and their names are not the call's with "_shape".
        """
        parameters = [
            p for p in inspect.signature(build).parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]
        if not parameters:
            return {}
        required = [p for p in parameters if p.default is inspect.Parameter.empty]
        if len(parameters) == 1 or len(required) <= 1 and not any(f"{name}_shape" == p.name for name in shapes for p in parameters):
            return {parameters[0].name: next(iter(shapes.values()), None)}
        given = {p.name: shapes.get(p.name.removesuffix("_shape")) for p in parameters}
        return {name: shape for name, shape in given.items() if shape is not None}


def _shape(value):
    if isinstance(value, (Spec, KerasTensor)):
        return visible(value.sizes)
    if hasattr(value, "shape"):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {name: _shape(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shape(part) for part in value]
    return None
