"""What compute_output_shape says of a layer, held against what the layer gives on the reference."""

import numpy as np

import polykeras
from polykeras import tree
from polykeras_conformance import places


def check_shapes(row):
    """Raise AssertionError where compute_output_shape is wrong, for a batch known or unknown."""
    polykeras.utils.clear_session()
    arrays, rebuilt = row.arrays("float32")
    shown = list(row.masks.values())
    given = [np.shape(x) for x in tree.leaves(places.reference().run(lambda *xs: _called(row, rebuilt, xs), [*arrays, *shown]))]
    layer = row.make(polykeras)
    assert _shapes(layer, row, arrays, known=True) == given
    if getattr(layer, "stateful", False):  # its states have the batch's size, so it refuses one that is unknown
        return
    open_shapes = _shapes(row.make(polykeras), row, arrays, known=False)
    assert len(open_shapes) == len(given)
    for predicted, shape in zip(open_shapes, given):
        assert predicted[:1] == (None,), f"{row.id}: the batch is unknown, predicted {predicted}"
        assert tuple(size if guess is not None else None for guess, size in zip(predicted, shape)) == predicted, f"{row.id}: {predicted}, gave {shape}"
        assert len(predicted) == len(shape)


def _called(row, rebuilt, inputs):
    count = len(inputs) - len(row.masks)
    args, kwargs = rebuilt(list(inputs[:count]))
    for index, mask in zip(row.masks, inputs[count:]):
        polykeras.masks.set_mask(inputs[index], mask)
    flags = {} if row.modes == (False,) else {"training": False}
    return row.make(polykeras)(*args, **kwargs, **flags)


def _shapes(layer, row, arrays, known):
    """Return the predicted shapes, those of the calls' arrays in, whatever else the call takes as it is."""
    symbols = [polykeras.KerasTensor(x.shape if known else (None, *x.shape[1:]), x.dtype.name) for x in arrays]
    args, kwargs = row.arrays("float32")[1](symbols)
    if all(_is_symbol(x) for x in (*args, *kwargs.values())):
        made = layer.compute_output_shape(*(_shape(x) for x in args), **{f"{name}_shape": _shape(x) for name, x in kwargs.items()})
    else:
        made = tree.map_structure(lambda x: x.shape, layer.compute_output_spec(*args, **kwargs))
    return _flat(made)


def _is_symbol(x):
    """Say whether an argument can be told by its shape alone: float arrays, ids, and lists of them; not a mask."""
    return isinstance(x, polykeras.KerasTensor) and x.dtype != "bool" or isinstance(x, (list, tuple)) and all(map(_is_symbol, x))


def _shape(x):
    return [_shape(part) for part in x] if isinstance(x, (list, tuple)) else x.shape


def _flat(made):
    """Return the shapes of a tree of shapes as a list."""
    if isinstance(made, tuple) and all(size is None or isinstance(size, int) for size in made):
        return [made]
    return [shape for part in (made.values() if isinstance(made, dict) else made) for shape in _flat(part)]
