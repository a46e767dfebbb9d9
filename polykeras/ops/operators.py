"""Python's operators on Specs, watched values, symbolic inputs and Variables: each is an op."""

from polykeras.autodiff import Traced
from polykeras.ops import elementwise, indexing, linear
from polykeras.spec import Spec

_BINARY = {
    "add": elementwise.add,
    "sub": elementwise.subtract,
    "mul": elementwise.multiply,
    "truediv": elementwise.divide,
    "floordiv": elementwise.floor_divide,
    "mod": elementwise.mod,
    "pow": elementwise.power,
    "matmul": linear.matmul,
    "and": elementwise.bitwise_and,
    "or": elementwise.bitwise_or,
    "xor": elementwise.bitwise_xor,
}
_COMPARE = {"lt": elementwise.less, "le": elementwise.less_equal, "gt": elementwise.greater, "ge": elementwise.greater_equal}
_UNARY = {"neg": elementwise.negative, "abs": elementwise.absolute, "invert": elementwise.bitwise_not}


def install(cls):
    """Give a class Python's operators, == and != left alone: they tell identity."""
    for name, function in _BINARY.items():
        setattr(cls, f"__{name}__", lambda self, other, function=function: function(self, other))
        setattr(cls, f"__r{name}__", lambda self, other, function=function: function(other, self))
    for name, function in _COMPARE.items():
        setattr(cls, f"__{name}__", lambda self, other, function=function: function(self, other))
    for name, function in _UNARY.items():
        setattr(cls, f"__{name}__", lambda self, function=function: function(self))
    cls.__getitem__ = lambda self, key: indexing.get_item(self, key)
    cls.__array_priority__ = 1000  # NumPy arrays on the left leave the operation to us
    cls.__array_ufunc__ = None


install(Spec)
install(Traced)
