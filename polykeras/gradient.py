"""value_and_grad: one way to differentiate a function, whatever the backend."""

from polykeras import dtypes, masks, scope, spec, tree
from polykeras.errors import DTypeError
from polykeras.ops import dispatch


def value_and_grad(fn, argnums=0, variables=None, has_aux=False):
    """Return a function that gives fn's value and its gradients.

    Args:
        fn: returns a float scalar, or (scalar, anything) with has_aux.
        argnums: which arguments to differentiate by: an int or several; not used with variables.
        variables: Variables to differentiate by, instead of arguments.
        has_aux: whether fn returns more than the scalar.

    Returns:
        A function of the same arguments that returns (value, gradients), where value is what fn
        returns and gradients are a list for variables or several argnums, else like the argument.

    Raises:
        ShapeError: fn's value is no float scalar.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (np.float32(9.0), np.float32(6.0))
    """

    def differentiated(*args, **kwargs):
        backend = scope.running()
        if backend is None:
            arrays = [*tree.leaves(args), *(variables or ())]
            return dispatch.enter(lambda: differentiated(*args, **kwargs), dispatch.backend_of(arrays))
        inner = _Inner(fn, args, kwargs, argnums, variables, has_aux)
        arrays, structure = inner.start(backend)
        value, aux, gradients = backend.value_and_grad(inner, arrays)
        outer = scope.current()
        updates, rest = inner.parts(aux)
        for variable, updated in updates:
            variable.assign(updated) if not outer.set(variable, updated) else None
        outer.losses.extend(rest.pop("losses"))
        made = (value, rest["aux"]) if has_aux else value
        return made, tree.unflatten(structure, gradients)

    return differentiated


class _Inner:
    """The function as backends take it: a list of arrays in, (scalar, list of arrays) out."""

    def __init__(self, fn, args, kwargs, argnums, variables, has_aux):
        self.fn, self.args, self.kwargs, self.has_aux = fn, args, kwargs, has_aux
        self.variables = None if variables is None else list(variables)
        self.several = not isinstance(argnums, int)
        self.argnums = tuple(argnums) if self.several else (argnums,)
        self.updated, self.structure = [], None

    def start(self, backend):
        """Return the arrays to differentiate by, and the structure of their gradients."""
        if self.variables is not None:
            arrays = [variable._raw() for variable in self.variables]
            return [dispatch.convert(backend, x) for x in arrays], tree.structure(arrays)
        chosen = [self.args[number] for number in self.argnums]
        leaves, structure = tree.flatten(chosen if self.several else chosen[0])
        leaves = [dispatch.convert(backend, leaf) for leaf in leaves]
        for leaf in leaves:
            if not dtypes.is_float(backend.dtype(leaf)):
                raise DTypeError(f"value_and_grad: expected float arguments to differentiate by, got {backend.dtype(leaf)}. Cast it to a float dtype.")
        return leaves, structure

    def __call__(self, arrays):
        outer = scope.current()
        with scope.Scope(outer.backend, outer, captures=True) as inside:
            inside.losses = []
            value = self._value(arrays, inside)
            value, aux = value if self.has_aux else (value, None)
            value = dispatch.convert(outer.backend, value)
            spec.scalar_loss(spec.Spec(outer.backend.shape(value), outer.backend.dtype(value)))
        self.updated = list(inside.updates)
        carried = [masks.get_mask(leaf) for leaf in tree.leaves(aux)]
        rest = {"aux": aux, "losses": inside.losses, "masks": [[] if mask is None else [mask] for mask in carried]}
        leaves, self.structure = tree.flatten([list(inside.updates.values()), rest])
        return value, [dispatch.convert(outer.backend, leaf) for leaf in leaves]

    def _value(self, arrays, inside):
        if self.variables is not None:
            inside.values.update(zip(self.variables, arrays))
            return self.fn(*self.args, **self.kwargs)
        args = list(self.args)
        chosen = [args[number] for number in self.argnums]
        made = tree.unflatten(tree.structure(chosen), arrays)
        for number, value in zip(self.argnums, made):
            args[number] = value
        return self.fn(*args, **self.kwargs)

    def parts(self, aux):
        """Return what the function assigned to Variables, and the rest that it returned."""
        values, rest = tree.unflatten(self.structure, aux)
        for leaf, mask in zip(tree.leaves(rest["aux"]), rest["masks"]):
            masks.set_mask(leaf, mask[0] if mask else None)
        return list(zip(self.updated, values)), rest
