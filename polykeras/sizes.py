"""Symbolic sizes: dimensions that are not known until data arrives, yet can be compared.

A Size is a polynomial with integer coefficients over named unknowns, so that flattening
(batch, 7, 64) to (batch, 448) and back stays exact. A size is an int whenever it can be.
"""

from polykeras.errors import ShapeError, TracingError


class Floor:
    """The unknown floor(numerator / denominator) where the division is not exact."""

    def __init__(self, numerator, denominator):
        self.numerator, self.denominator = numerator, denominator

    def __repr__(self):
        return f"(({self.numerator})//{self.denominator})"


class Size:
    """A dimension known only by name; arithmetic with ints and Sizes gives ints or Sizes.

    >>> batch = Size.named("batch")
    >>> batch * 448 // 448 == batch, batch - batch
    (True, 0)
    """

    __slots__ = ("terms",)

    def __init__(self, terms):
        self.terms = terms  # {(atom, atom, ...): coefficient}; () is the constant term

    @staticmethod
    def named(name):
        """Return the size that stands for this name."""
        return Size({(name,): 1})

    def __repr__(self):
        parts = []
        for atoms, factor in sorted(self.terms.items(), key=lambda item: [str(atom) for atom in item[0]]):
            names = [str(atom) for atom in atoms]
            parts.append("*".join(names if factor == 1 and names else [str(factor), *names]))
        return "+".join(parts)

    def __hash__(self):
        return hash(repr(self))

    def __eq__(self, other):
        return isinstance(other, Size) and repr(self) == repr(other)

    def __add__(self, other):
        terms = dict(self.terms)
        for atoms, factor in _terms(other).items():
            terms[atoms] = terms.get(atoms, 0) + factor
        return _simplified(terms)

    def __mul__(self, other):
        terms = {}
        for atoms, factor in self.terms.items():
            for others, another in _terms(other).items():
                key = tuple(sorted(atoms + others, key=str))
                terms[key] = terms.get(key, 0) + factor * another
        return _simplified(terms)

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (other * -1)

    def __rsub__(self, other):
        return self * -1 + other

    __radd__, __rmul__ = __add__, __mul__

    def __floordiv__(self, other):
        exact = divide(self, other)
        if exact is not None:
            return exact
        if isinstance(other, Size):
            raise ShapeError(f"Cannot divide the size {self} by {other}: one does not contain the other.")
        return Size({(Floor(self, other),): 1})

    def __rfloordiv__(self, other):
        raise ShapeError(f"Cannot divide {other} by the unknown size {self}.")

    def __index__(self):
        raise TracingError(
            f"The size {self} is not known while the model is built: got an unknown dimension where Python needs a "
            "number. Pass the size on as it is (ops.reshape and its kin take it), or give Input a full shape."
        )

    def __bool__(self):
        return True

    def __gt__(self, other):
        return True if other == 0 else self.__index__()

    def __ge__(self, other):
        return True if other in (0, 1) else self.__index__()

    def __lt__(self, other):
        return not self >= other

    def __le__(self, other):
        return not self > other


def _terms(value):
    return value.terms if isinstance(value, Size) else {(): value}


def _simplified(terms):
    kept = {atoms: factor for atoms, factor in terms.items() if factor}
    if set(kept) <= {()}:
        return kept.get((), 0)
    return Size(kept)


def divide(total, part):
    """Return total / part where the division is exact, else None."""
    if part == 0:
        return None
    if isinstance(total, int) and isinstance(part, int):
        return total // part if total % part == 0 else None
    divisor = _terms(part)
    if len(divisor) != 1:
        return 1 if total == part else None
    ((atoms, factor),) = divisor.items()
    terms = {}
    for names, coefficient in _terms(total).items():
        rest = list(names)
        for atom in atoms:
            if atom not in rest:
                return None
            rest.remove(atom)
        if coefficient % factor:
            return None
        terms[tuple(rest)] = coefficient // factor
    return _simplified(terms)


def product(sizes):
    """Return the product of some sizes; 1 of none."""
    result = 1
    for size in sizes:
        result = result * size
    return result


def is_static(size):
    """Say whether a size is a number already."""
    return isinstance(size, int)


def visible(shape):
    """Return a shape as users see it: None for each unknown size."""
    return tuple(size if is_static(size) else None for size in shape)
