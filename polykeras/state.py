"""Where Variables live: on the host until a program needs them, then in a Store of one backend.

Variables that a program uses together live in one Store. A Variable shared by models of two backends
moves to the one that runs, and back.
"""

import threading

from polykeras.plugins import registry

_lock = threading.RLock()


class Home:
    """A Store of a backend with the Variables that live in it."""

    def __init__(self, backend, device=None):
        self.backend = backend
        self.store = backend.store({}, device)
        self.keys = set()

    def fits(self, backend, device):
        """Whether this is a place on that backend and device (None: any)."""
        return self.backend is backend and device in (None, self.store.device)

    def take(self, variables):
        """Bring Variables here, from wherever they live, bit for bit."""
        values = {variable.key: variable.numpy() for variable in variables}
        self.store.add(values)
        self.keys |= set(values)
        for variable in variables:
            if variable.home is not None:
                variable.home.drop(variable.key)
            variable.home, variable.host = self, None

    def drop(self, key):
        """Forget a Variable; an empty place is closed."""
        self.store.remove([key])
        self.keys.discard(key)
        if not self.keys:
            self.store.close()


def settle(variables, backend, device=None):
    """Return the one Home of these Variables on a backend, moving those that live elsewhere.

    Args:
        variables: the Variables that a program uses.
        backend: the backend itself, or its name.
        device: name of a device; None for wherever they are already, else the backend's default.
    """
    backend = registry.load(backend) if isinstance(backend, str) else backend
    homes = {id(variable.home): variable.home for variable in variables}
    if len(homes) == 1:
        (home,) = homes.values()
        if home is not None and home.fits(backend, device):
            return home
    with _lock:
        fitting = [home for home in homes.values() if home is not None and home.fits(backend, device)]
        home = max(fitting, key=lambda place: len(place.keys)) if fitting else Home(backend, device)
        home.take([variable for variable in variables if variable.home is not home])
        return home


def to_host(variables):
    """Bring Variables back to the host."""
    with _lock:
        for variable in variables:
            if variable.home is not None:
                value = variable.numpy()
                variable.home.drop(variable.key)
                variable.home, variable.host = None, value
