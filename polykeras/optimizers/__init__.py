"""Optimizers with Keras 3's names and formulas, written in ops."""

from polykeras.objects import Catalogue
from polykeras.optimizers import schedules
from polykeras.optimizers.adagrad import Adagrad
from polykeras.optimizers.adam import Adam, AdamW
from polykeras.optimizers.optimizer import Optimizer
from polykeras.optimizers.rmsprop import RMSprop
from polykeras.optimizers.sgd import SGD

_members = [Adagrad, Adam, AdamW, RMSprop, SGD]
_catalogue = Catalogue("optimizer", "keras.optimizers", _members)
serialize, deserialize = _catalogue.serialize, _catalogue.deserialize


def get(identifier):
    """Return an optimizer given as one, a name or a config."""
    if isinstance(identifier, Optimizer) or identifier is None:
        return identifier
    return _catalogue.get(identifier)


__all__ = ["Optimizer", "deserialize", "get", "schedules", "serialize", *(member.__name__ for member in _members)]
