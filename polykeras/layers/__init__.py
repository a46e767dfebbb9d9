"""Layers with Keras 3's names."""

from polykeras.input_spec import InputSpec
from polykeras.layer import Layer
from polykeras.layers.activation import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax
from polykeras.layers.attention import MultiHeadAttention
from polykeras.layers.convolution import Conv1D, Conv2D, Conv3D, Convolution1D, Convolution2D, Convolution3D
from polykeras.layers.core import Embedding, Identity, Lambda, Masking, Rescaling
from polykeras.layers.dense import Dense, EinsumDense
from polykeras.layers.input_layer import Input, InputLayer
from polykeras.layers.merging import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from polykeras.layers.normalization import BatchNormalization, LayerNormalization
from polykeras.layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    AvgPool1D,
    AvgPool2D,
    AvgPool3D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalAvgPool3D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    GlobalMaxPool3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    MaxPool1D,
    MaxPool2D,
    MaxPool3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from polykeras.layers.recurrent import GRU, LSTM, RNN, Bidirectional, SimpleRNN, StackedRNNCells
from polykeras.layers.recurrent_cells import GRUCell, LSTMCell, SimpleRNNCell
from polykeras.layers.regularization import ActivityRegularization, Dropout, GaussianNoise
from polykeras.layers.reshaping import Flatten, Permute, RepeatVector, Reshape

__all__ = [name for name in dir() if name[0].isupper() or name in ("add", "average", "concatenate", "maximum", "minimum", "multiply", "subtract")]
