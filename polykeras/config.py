"""Process-wide defaults of polykeras itself; no framework's settings are touched."""

import os
import sys

from polykeras import dtypes
from polykeras.plugins import CHOOSE, registry

_settings = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last", "backend": None}
_announced = set()


def backend():
    """Return the name of the default backend.

    It is what `set_backend` chose, else POLYKERAS_BACKEND, else KERAS_BACKEND, else the first
    available of jax, torch, tensorflow and numpy.
    """
    return _settings["backend"] or registry.default()


def set_backend(name):
    """Choose the default backend; models that have one already keep it.

    Raises:
        PluginError: the backend is unknown, not installed or faulty.
    """
    registry.load(name)
    _settings["backend"] = name


def announce_backend():
    """Say on stderr, once in a process, which backend is the default where nobody chose one."""
    if _settings["backend"] is None and not any(os.environ.get(variable) for variable in CHOOSE) and not _announced:
        _announced.add(backend())
        print(f"polykeras: backend {backend()}, the first that is installed. Choose with compile(backend=...) or {CHOOSE[0]}.", file=sys.stderr)


def floatx():
    """Return the default float dtype.

    >>> floatx()
    'float32'
    """
    return _settings["floatx"]


def set_floatx(value):
    """Set the default float dtype: 'bfloat16', 'float16', 'float32' or 'float64'."""
    name = dtypes.standardize(value)
    if not dtypes.is_float(name):
        raise ValueError(f"set_floatx: expected one of {', '.join(dtypes.FLOATS)}, got {value!r}.")
    _settings["floatx"] = name


def epsilon():
    """Return the small number that keeps divisions finite, 1e-7 unless set.

    >>> epsilon()
    1e-07
    """
    return _settings["epsilon"]


def set_epsilon(value):
    """Set the small number that keeps divisions finite."""
    _settings["epsilon"] = float(value)


def image_data_format():
    """Return 'channels_last' or 'channels_first': the layout that layers take by default.

    >>> image_data_format()
    'channels_last'
    """
    return _settings["image_data_format"]


def set_image_data_format(data_format):
    """Set the layout that layers take by default."""
    _settings["image_data_format"] = standardize_data_format(data_format)


def standardize_data_format(data_format):
    """Return a data format, the default for None.

    Raises:
        ValueError: it is neither 'channels_last' nor 'channels_first'.
    """
    if data_format is None:
        return image_data_format()
    if str(data_format).lower() not in ("channels_last", "channels_first"):
        raise ValueError(f"data_format: expected 'channels_last' or 'channels_first', got {data_format!r}.")
    return str(data_format).lower()
