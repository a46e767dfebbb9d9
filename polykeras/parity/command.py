"""The body of `polykeras parity`: a file's function makes the model and the data, the exit status tells the outcome."""

import importlib.util
import pathlib
import sys

from polykeras.errors import DataError

AGREE, PART = 0, 1  # exit status; 2 is an error


def build_from(target):
    """Return what FILE.py:function gives, as arguments of compare.

    The function returns (model, x, y), (model, x, y, sample_weight), or a dict of arguments of `compare`.

    Raises:
        DataError: there is no such file or function, or it returns something else.
    """
    path, _, name = target.rpartition(":")
    if not path or not pathlib.Path(path).is_file():
        raise DataError(f"parity: expected FILE.py:function of a file that is there, got {target!r}.")
    spec = importlib.util.spec_from_file_location(pathlib.Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(pathlib.Path(path).resolve().parent))
    try:
        spec.loader.exec_module(module)
        function = getattr(module, name, None)
        if not callable(function):
            raise DataError(f"parity: {path} has no function {name!r}.")
        made = function()
    finally:
        sys.path.pop(0)
    if isinstance(made, dict) and "model" in made:
        return made
    if isinstance(made, tuple) and 2 <= len(made) <= 4:
        return dict(zip(("model", "x", "y", "sample_weight"), made))
    raise DataError(f"parity: {name} should return (model, x, y) or a dict of arguments of compare, got {type(made).__name__}.")


def report(target, backends, steps, batch_size):
    """Return the Report for FILE.py:function; options that were not given are left to the function."""
    from polykeras.parity.compare import compare

    given = {"steps": steps, "batch_size": batch_size, "backends": [name.strip() for name in backends.split(",")] if backends else None}
    return compare(**{**build_from(target), **{name: value for name, value in given.items() if value is not None}})
