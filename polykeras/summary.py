"""summary(): a model as a table of layers, shapes and parameters."""

import io
import math

from polykeras import tree
from polykeras.dtypes import bits


def print_summary(model, line_length=None, print_fn=None, expand_nested=False, show_trainable=False, layer_range=None):
    """Print a model as a table, through a function of one line if given."""
    from rich.console import Console  # here and below: rich takes a tenth of a second to import

    file = io.StringIO() if print_fn is not None else None
    console = Console(file=file, width=line_length or 88, highlight=False, soft_wrap=False)
    lines = [f'Model: "{model.name}"', _table(model, expand_nested, show_trainable, layer_range), *_totals(model)]
    for line in lines:
        console.print(line, markup=False) if isinstance(line, str) else console.print(line)
    if print_fn is not None:
        for line in file.getvalue().splitlines():
            print_fn(line)


def _table(model, expand_nested, show_trainable, layer_range):
    from rich import box
    from rich.table import Table

    table = Table(box=box.HEAVY_HEAD, show_lines=True)
    table.add_column("Layer (type)", overflow="fold")
    table.add_column("Output Shape")
    table.add_column("Param #", justify="right")
    if show_trainable:
        table.add_column("Trainable")
    several = model.is_functional and not model.is_sequence
    if several:
        table.add_column("Connected to", overflow="fold")
    for layer, depth in _rows(model, expand_nested, layer_range):
        cells = ["  " * depth + f"{layer.name} ({type(layer).__name__})", _shape(layer), _count(layer)]
        cells += ["Y" if layer.trainable else "N"] if show_trainable else []
        table.add_row(*cells, *([_sources(layer)] if several else []))
    return table


def _rows(model, expand_nested, layer_range, depth=0):
    layers = model.layers
    if layer_range:
        names = [layer.name for layer in layers]
        layers = layers[names.index(layer_range[0]) : names.index(layer_range[1]) + 1]
    for layer in layers:
        yield layer, depth
        if expand_nested and hasattr(layer, "layers"):
            yield from _rows(layer, expand_nested, None, depth + 1)


def _shape(layer):
    if layer.inbound_nodes:
        return str(tree.map_structure(lambda x: x.shape, layer.inbound_nodes[0].outputs))
    return str(getattr(layer, "_seen_shape", "?"))


def _count(layer):
    if not layer.built:
        return "0 (unbuilt)"
    return f"{parameters(layer.variables):,}"


def _sources(layer):
    if not layer.inbound_nodes or not layer.inbound_nodes[0].inputs:
        return "-"
    return ", ".join(x.node.operation.name if x.node is not None else x.name for x in layer.inbound_nodes[0].inputs)


def parameters(variables):
    """Return the number of elements of some Variables."""
    return sum(math.prod(variable.shape) for variable in variables)


def _size(variables):
    amount = sum(math.prod(variable.shape) * bits(variable.dtype) / 8 for variable in variables)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            return f"{amount:.2f} {unit}"
        amount /= 1024
    return ""


def _totals(model):
    optimizer = model.optimizer.variables if model.optimizer is not None else []
    groups = {
        "Total params": [*model.variables, *optimizer],
        "Trainable params": model.trainable_variables,
        "Non-trainable params": model.non_trainable_weights,
    }
    if optimizer:
        groups["Optimizer params"] = optimizer
    return [f" {name}: {parameters(group):,} ({_size(group)})" for name, group in groups.items()]
