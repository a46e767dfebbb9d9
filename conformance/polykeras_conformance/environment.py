"""What a run ran on: versions, devices, and the numeric mode, which must be the one that numbers are promised for."""

import importlib.metadata
import os
import platform

import numpy as np

from polykeras.plugins import registry

WANTED = {"tf32": False, "fast_math": False}
TYPES = {"tf32": bool, "fast_math": bool, "flushes_subnormals": bool, "threads": int}


def describe(names):
    """Return a dict of what a report has to tell of the machine and the backends."""
    offers = {offer.name: offer for offer in registry.offers()}
    return {
        "polykeras": importlib.metadata.version("polykeras"),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "backends": {
            name: {"version": offers[name].version, "devices": list(offers[name].devices), "mode": mode(registry.load(name))} for name in names
        },
    }


def mode(backend):
    """Return what a backend says of how its programs compute; {} where it says nothing."""
    return dict(backend.numeric_mode()) if hasattr(backend, "numeric_mode") else {}


def faults(backend):
    """Return what is wrong with a backend's numeric mode, in words; "" where nothing is."""
    found = mode(backend)
    wrong = [f"{key} is {found[key]!r}, expected a {kind.__name__}" for key, kind in TYPES.items() if key in found and type(found[key]) is not kind]
    wrong += [f"{key!r} is {value!r}, expected text, a number or a bool" for key, value in found.items() if not isinstance(value, (str, int, float))]
    wrong += [f"{key} is {found[key]}, expected {value}" for key, value in WANTED.items() if found.get(key, value) is not value]
    return "; ".join(dict.fromkeys(wrong))


def process_flushes():
    """Whether this process's floating point unit, which backends share, was set to drop numbers below the normal ones."""
    tiny = np.full(1, 1e-40, np.float32)
    return bool((tiny * np.float32(1.0))[0] == 0)
