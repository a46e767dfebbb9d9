"""Scopes: which backend is running in this thread, and which values its Variables have there.

Layers are written with state (`self.mean.assign(...)`); programs are pure. While a step is recorded
or differentiated, a scope answers for every Variable that is read and keeps what is assigned.
"""

import contextlib
import threading

_local = threading.local()


class Scope:
    """The backend that ops run on, what layers should know, and the values of Variables within.

    Args:
        backend: a backend, or the recorder of a step.
        parent: the scope whose values show through; None makes a root.
        captures: whether assignments stay in this scope rather than go on outwards.
        flags: facts that hold within, such as training=True; observer=, whose began(layer) and
            ended(layer, args, kwargs, outputs) are told of every layer call.
    """

    def __init__(self, backend, parent=None, captures=False, **flags):
        self.backend, self.parent, self.captures, self.flags = backend, parent, captures, flags
        self.values, self.updates = {}, {}
        self.variables = parent.variables if parent else {}
        self.losses = parent.losses if parent else []

    def flag(self, name, default=None):
        """Return a fact of this scope, or of the nearest around it that states it."""
        if name in self.flags:
            return self.flags[name]
        return self.parent.flag(name, default) if self.parent else default

    def get(self, variable):
        """Return a Variable's value here, or None where it has its own."""
        if variable in self.values:
            return self.values[variable]
        if self.parent is not None:
            return self.parent.get(variable)
        read = getattr(self.backend, "read", None)  # a recorder knows the state that the step will find
        if read is None:
            return None
        self.variables[variable.key] = variable
        self.values[variable] = read(variable.key, variable.shape, variable.dtype)
        return self.values[variable]

    def set(self, variable, value):
        """Give a Variable a value here; False where it should keep its own."""
        if self.captures:
            self.variables[variable.key] = variable
            self.values[variable] = self.updates[variable] = value
            return True
        return self.parent.set(variable, value) if self.parent else False

    def __enter__(self):
        stack().append(self)
        return self

    def __exit__(self, *exception):
        stack().pop()


def stack():
    """Return this thread's scopes, the innermost last."""
    if not hasattr(_local, "stack"):
        _local.stack = []
    return _local.stack


def current():
    """Return the innermost scope, or None."""
    scopes = stack()
    return scopes[-1] if scopes else None


def running():
    """Return the backend that is running in this thread, or None."""
    scope = current()
    return scope.backend if scope else None


def flag(name, default=None):
    """Return a fact that the scopes of this thread state."""
    scope = current()
    return scope.flag(name, default) if scope else default


@contextlib.contextmanager
def outside():
    """Leave every scope for a while, as code that runs on the host must."""
    saved, _local.stack = stack(), []
    try:
        yield
    finally:
        _local.stack = saved


def within(**flags):
    """Return a scope inside the current one that states some facts."""
    outer = current()
    return Scope(outer.backend, outer, **flags)
