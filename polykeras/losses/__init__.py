"""Losses: what training lowers, with Keras's formulas, alike on every backend."""

from polykeras.losses.circle import Circle, circle
from polykeras.losses.crossentropy import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from polykeras.losses.hinge import CategoricalHinge, Hinge, SquaredHinge, categorical_hinge, hinge, squared_hinge
from polykeras.losses.loss import Loss, LossFunctionWrapper
from polykeras.losses.overlap import Dice, Tversky, dice, tversky
from polykeras.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from polykeras.objects import Catalogue

mse, mae, mape, msle = mean_squared_error, mean_absolute_error, mean_absolute_percentage_error, mean_squared_logarithmic_error
bce, kld, logcosh, kullback_leibler_divergence = binary_crossentropy, kl_divergence, log_cosh, kl_divergence

_classes = [
    BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy, CategoricalHinge, Circle, CosineSimilarity, Dice, Hinge, Huber, KLDivergence, LogCosh,
    LossFunctionWrapper, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError, MeanSquaredLogarithmicError, Poisson,
    SparseCategoricalCrossentropy, SquaredHinge, Tversky,
]  # fmt: skip
_functions = [
    binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy, categorical_focal_crossentropy,
    categorical_generalized_cross_entropy, categorical_hinge, circle, cosine_similarity, dice, hinge, huber, kl_divergence, log_cosh,
    mean_absolute_error, mean_absolute_percentage_error, mean_squared_error, mean_squared_logarithmic_error, poisson,
    sparse_categorical_crossentropy, squared_hinge, tversky,
]  # fmt: skip
_short = {"bce": bce, "kld": kld, "mae": mae, "mape": mape, "mse": mse, "msle": msle}
_aliases = {
    **{function.__name__: function for function in _functions},  # a name in small letters is the function, as in Keras
    **_short,
    **{name.upper(): function for name, function in _short.items()},
    "logcosh": log_cosh,
    "kullback_leibler_divergence": kl_divergence,
}
_catalogue = Catalogue("loss", "keras.losses", [*_classes, *_functions], _aliases)
get, find, serialize, deserialize = _catalogue.get, _catalogue.find, _catalogue.serialize, _catalogue.deserialize

__all__ = ["Loss", "deserialize", "get", "serialize", *(member.__name__ for member in (*_classes, *_functions)), *_short]
