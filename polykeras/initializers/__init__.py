"""Initializers: what weights start from, drawn on the host, alike for every backend."""

from polykeras.initializers.constant import Constant, Identity, Ones, Zeros
from polykeras.initializers.initializer import Initializer
from polykeras.initializers.random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
from polykeras.objects import Catalogue

_members = [
    Constant, GlorotNormal, GlorotUniform, HeNormal, HeUniform, Identity, LecunNormal, LecunUniform, Ones,
    Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, VarianceScaling, Zeros,
]  # fmt: skip
_aliases = {"normal": RandomNormal, "uniform": RandomUniform, "one": Ones, "zero": Zeros, "OrthogonalInitializer": Orthogonal}
_catalogue = Catalogue("initializer", "keras.initializers", _members, _aliases)
get, serialize, deserialize = _catalogue.get, _catalogue.serialize, _catalogue.deserialize

glorot_uniform, glorot_normal, he_uniform, he_normal = GlorotUniform, GlorotNormal, HeUniform, HeNormal
lecun_uniform, lecun_normal, orthogonal, constant = LecunUniform, LecunNormal, Orthogonal, Constant
zeros, ones, random_normal, random_uniform = Zeros, Ones, RandomNormal, RandomUniform
truncated_normal, variance_scaling, identity, IdentityInitializer = TruncatedNormal, VarianceScaling, Identity, Identity

__all__ = ["Initializer", "deserialize", "get", "serialize", *(member.__name__ for member in _members)]
