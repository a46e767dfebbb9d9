"""Tracking: which layers, Variables, seeds and metrics hang on an object's attributes, in order."""

from polykeras.random.seed import SeedGenerator
from polykeras.variable import Variable

PLAIN = frozenset({type(None), bool, int, float, str, set, frozenset})  # what holds no state; most attributes are such


class Tracked:
    """An object that knows the state among its attributes, nested lists and dicts included.

    Nothing is recorded when an attribute is set: the attributes themselves are the record.
    """

    is_metric = False
    _untracked = frozenset({"inbound_nodes", "_own_losses", "_call_losses", "_given", "_call_spec", "_seen_shape"})

    def track(self, variable):
        """Keep a Variable that may hang on no attribute."""
        self.__dict__.setdefault("_added", []).append(variable)

    def children(self):
        """Yield what hangs on the attributes: Variables, SeedGenerators and Tracked objects, each once."""
        seen = set()
        for name, value in list(self.__dict__.items()):
            if type(value) not in PLAIN and name not in self._untracked:
                for child in _found(value):
                    if id(child) not in seen:
                        seen.add(id(child))
                        yield child

    def sublayers(self):
        """Return the layers right within."""
        return [child for child in self.children() if isinstance(child, Tracked) and not child.is_metric]

    def metrics_within(self):
        """Return the metrics on this object and on everything within."""
        found = []
        for child in self.children():
            if isinstance(child, Tracked):
                found += [child] if child.is_metric else child.metrics_within()
        return list({id(metric): metric for metric in found}.values())

    def collect(self, wanted=lambda variable: True, enter=lambda owner: True, everything=False):
        """Return the Variables for which wanted(variable) holds, each once: own ones before those within.

        Args:
            enter: whether to look into an object at all.
            everything: whether those of seed generators come too; metrics keep theirs to themselves.
        """
        found = {}
        _collect(self, wanted, enter, everything, found, set())
        return list(found.values())


def _found(value):
    if isinstance(value, (Variable, SeedGenerator, Tracked)):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _found(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _found(part)


def _collect(node, wanted, enter, everything, found, seen):
    if id(node) in seen or not enter(node):
        return
    seen.add(id(node))
    children = list(node.children())
    own = sorted((c for c in children if isinstance(c, Variable)), key=lambda v: not v.trainable)
    if everything:
        own += [child.state for child in children if isinstance(child, SeedGenerator)]
    found.update((id(variable), variable) for variable in own if id(variable) not in found and wanted(variable))
    for child in children:
        if isinstance(child, Tracked) and not child.is_metric:
            _collect(child, wanted, enter, everything, found, seen)
