"""Python's operators on Specs, watched values, symbolic inputs and Variables: each is an op."""

from polykeras import ops
from polykeras.autodiff import Traced
from polykeras.spec import Spec

_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
}
_COMPARE = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}
_UNARY = {"neg": "negative", "abs": "absolute", "invert": "bitwise_not"}


def install(cls):
    """Give a class Python's operators, == and != left alone: they tell identity."""
    for name, target in _BINARY.items():
        function = getattr(ops, target)
        setattr(cls, f"__{name}__", lambda self, other, function=function: function(self, other))
        setattr(cls, f"__r{name}__", lambda self, other, function=function: function(other, self))
    for name, target in _COMPARE.items():
        function = getattr(ops, target)
        setattr(cls, f"__{name}__", lambda self, other, function=function: function(self, other))
    for name, target in _UNARY.items():
        function = getattr(ops, target)
        setattr(cls, f"__{name}__", lambda self, function=function: function(self))
    cls.__getitem__ = lambda self, key: ops.get_item(self, key)
    cls.__array_priority__ = 1000  # NumPy arrays on the left leave the operation to us
    cls.__array_ufunc__ = None


install(Spec)
install(Traced)
