"""The contract: what a backend must have, in one table, and how a backend is checked against it.

A backend is any object (a module will do) with the attributes below. Primitives are strict: arrays
in one call have equal dtypes and nothing is promoted; arguments come by position; shapes broadcast as NumPy's do where the table
says so; axes are non-negative. A `size` is an int or whatever this backend's own `shape` returned.
"""

import inspect
from typing import NamedTuple

from polykeras import dtypes
from polykeras.errors import InvalidBackendError

API_VERSION = (1, 0)  # (major, minor): a backend needs the same major and at most this minor
MAX_PRIMITIVES = 64


class Entry(NamedTuple):
    """One row of the contract."""

    signature: str
    meaning: str
    gradient: str = ""

    @property
    def name(self):
        """The attribute that the backend must have."""
        return self.signature.partition("(")[0]

    @property
    def parameters(self):
        """The names that the attribute's parameters must have, in order; None for plain data."""
        if "(" not in self.signature:
            return None
        inner = self.signature.partition("(")[2].rpartition(")")[0]
        return tuple(part.strip() for part in inner.split(",") if part.strip())


def _table(*rows):
    return {entry.name: entry for entry in (Entry(*row) for row in rows)}


NONE = "none (zero)"

PRIMITIVES = _table(
    # elementwise, one argument
    ("negative(x)", "-x; integers wrap", "-g"),
    ("abs(x)", "|x|", "g * sign(x), 0 at 0"),
    ("exp(x)", "e**x", "g * exp(x)"),
    ("expm1(x)", "e**x - 1 without cancellation", "g * exp(x)"),
    ("log(x)", "natural logarithm; -inf at 0, NaN below", "g / x"),
    ("log1p(x)", "log(1 + x) without cancellation", "g / (1 + x)"),
    ("sqrt(x)", "square root; NaN below 0", "g / (2 sqrt(x)), inf at 0"),
    ("sin(x)", "sine, x in radians", "g * cos(x)"),
    ("cos(x)", "cosine, x in radians", "-g * sin(x)"),
    ("tanh(x)", "hyperbolic tangent", "g * (1 - tanh(x)**2)"),
    ("sigmoid(x)", "1 / (1 + exp(-x)) without overflow", "g * s * (1 - s)"),
    ("erf(x)", "error function", "g * 2/sqrt(pi) * exp(-x**2)"),
    ("floor(x)", "largest integer not above x", NONE),
    ("round(x)", "nearest integer, halves to even", NONE),
    # elementwise, two arguments that broadcast
    ("add(x, y)", "x + y; integers wrap", "g, g"),
    ("subtract(x, y)", "x - y; integers wrap", "g, -g"),
    ("multiply(x, y)", "x * y; integers wrap", "g * y, g * x"),
    ("divide(x, y)", "x / y, floats only; x/0 is inf or NaN", "g / y, -g * x / y**2"),
    (
        "power(x, y)",
        "x ** y, floats only; 0**0 is 1",
        "g * y * x**(y-1), 0 where y is 0; g * log(x) * x**y, 0 where x is 0 and y >= 0, NaN where x < 0",
    ),
    ("maximum(x, y)", "the larger; NaN wins", "half to each at a tie"),
    ("minimum(x, y)", "the smaller; NaN wins", "half to each at a tie"),
    ("floor_divide(x, y)", "floor(x / y) of the exact quotient, as Python's //: -1 // inf is -1; NaN where x is infinite; integers by 0 are unspecified", NONE),
    ("mod(x, y)", "x - y * floor_divide(x, y), with the sign of y", "g, -g * floor(x / y)"),
    ("arctan2(y, x)", "angle of the point (x, y) in radians, in [-pi, pi]", "g * x / r2, -g * y / r2; at (0, 0) unspecified"),
    ("equal(x, y)", "x == y as bool; NaN equals nothing", NONE),
    ("less(x, y)", "x < y as bool; False with NaN", NONE),
    ("bitwise_and(x, y)", "bits in both; bool or integer", NONE),
    ("bitwise_or(x, y)", "bits in either; bool or integer", NONE),
    ("bitwise_xor(x, y)", "bits in one only; bool or integer", NONE),
    ("left_shift(x, y)", "x * 2**y, bits lost on the left; 0 <= y < width", NONE),
    ("right_shift(x, y)", "floor(x / 2**y), the sign kept; 0 <= y < width", NONE),
    ("where(condition, x, y)", "x where the bool condition holds, else y; all three broadcast", "g where taken, 0 elsewhere, even where g is inf or NaN"),
    # along axes (a tuple of ints)
    ("sum(x, axes, keepdims)", "sum over axes, 0 of none; sixteen-bit floats in float32, float32 so that 65536 terms keep it; integers wrap", "g spread"),
    ("max(x, axes, keepdims)", "largest over axes; NaN wins; -inf or the least integer of none", "split evenly among ties"),
    ("prod(x, axes, keepdims)", "product over axes, 1 of none; integers wrap", "the product of the others, right with zeros too"),
    ("argmax(x, axis)", "int32 index of the first largest; of the first NaN if any; x may have no rows", NONE),
    ("argsort(x, axis)", "int32 indices that sort, stable, NaN last, -0 equal to 0", NONE),
    ("cumsum(x, axis)", "running sum along an axis", "running sum of g from the end"),
    # contraction and windows: channels last, kernel (*window, channels_in / groups, channels_out)
    ("matmul(x, y)", "matrix product of the last two axes; leading axes broadcast; floats", "g @ y.T, x.T @ g"),
    (
        "conv(x, kernel, strides, padding, dilation, groups)",
        "correlation over 1 to 3 spatial axes; padding is 'valid', 'same' (the odd one at the end) or pairs",
        "that of the sum it is",
    ),
    (
        "pool(x, kind, size, strides, padding)",
        "'max' or 'sum' over windows of 1 to 3 spatial axes; padded places do not take part; NaN wins in 'max'",
        "max: to the first largest in row-major order; sum: g to each",
    ),
    # shape
    ("reshape(x, shape)", "the same values in row-major order; one size may be -1", "g reshaped"),
    ("transpose(x, axes)", "axes permuted", "g permuted back"),
    ("broadcast_to(x, shape)", "repeated along new axes and axes of size 1", "g summed back"),
    ("concatenate(xs, axis)", "arrays joined along an axis", "g cut up"),
    ("slice(x, starts, stops, steps)", "x[start:stop:step] per axis; 0 <= start <= stop, step >= 1", "g in place, 0 elsewhere"),
    ("flip(x, axes)", "order reversed along axes", "g reversed"),
    ("pad(x, widths, value)", "a constant added (before, after) per axis", "g cut out"),
    # indices: int32 or int64, all within range (ops see to it)
    ("take(x, indices, axis)", "slices of x at indices, whose shape replaces the axis", "g added up at indices, nothing through them"),
    ("take_along_axis(x, indices, axis)", "one value per index along an axis; other axes equal", "g added up at indices, nothing through them"),
    ("scatter_add(x, indices, updates)", "x with updates[i] added to x[indices[i]], repeats add up", "g; g taken at indices"),
    # making and changing
    ("full(shape, value, dtype)", "an array of one Python number (or size)"),
    ("arange(size, dtype)", "0, 1, ... size - 1"),
    (
        "cast(x, dtype)",
        "x as another dtype; float to integer truncates, saturates and takes NaN to 0; integer to integer wraps",
        "g cast back between floats, else zero, through an integer and back too",
    ),
    ("stop_gradient(x)", "x", NONE),
)

SERVICES = _table(
    # plain data
    ("name", "the name under which the plugin registers it"),
    ("api_version", "(major, minor) of the contract it was written for"),
    ("capabilities", "set of words from CAPABILITIES"),
    ("fused", "dict of op name to Fused: faster versions of ops; {} will do"),
    # arrays in and out
    ("from_numpy(value, device)", "a NumPy array or scalar of a supported dtype as an array of this backend; device may be None"),
    ("to_numpy(x)", "an array as a NumPy array"),
    ("is_array(x)", "whether x is an array of this backend"),
    ("shape(x)", "tuple of sizes: ints, or this backend's scalars for sizes known only at run time"),
    ("dtype(x)", "name of the dtype"),
    ("devices()", "names of the devices, the default first: 'cpu:0', 'gpu:0', ..."),
    ("context()", "context manager to be in while arrays are used outside a program"),
    # functions of functions; arrays come and go in lists
    (
        "value_and_grad(function, arrays)",
        "function(list of float arrays, maybe empty) -> (scalar, list); returns (scalar, list, gradients), zeros where nothing flows",
    ),
    ("cond(predicate, true_function, false_function, operands)", "one of two functions list -> list, by a bool scalar"),
    ("while_loop(condition, body, carry)", "body(list) -> list while condition(list), a bool scalar, holds; need not be differentiable"),
    (
        "scan(body, carry, xs, length)",
        "body(carry, x) -> (carry, ys) over the leading axis of xs, length at least 1; returns (carry, stacked ys)",
    ),
    # state and programs
    ("store(values, device)", "a Store that holds these NumPy arrays by name; device may be None"),
    ("compile(step, store, steps, options)", "a Program that runs a step, or `steps` of them in turn, on a store"),
)

OPTIONAL = _table(
    (
        "array_protocol",
        "name such as '__mine_array__' that the framework looks up on an operand to get an array; Variables answer it. "
        "Needed where `array + variable` raises instead of leaving the operation to the variable (return NotImplemented)",
    ),
    (
        "numeric_mode()",
        "dict that says how programs compute: 'tf32' and 'fast_math', whether products and functions lose digits of float32, which programs "
        "must not do whatever the process has switched on; 'flushes_subnormals', whether numbers below the normal ones become 0 (they may, "
        "where it is said); 'threads', 0 where the framework chooses; whatever else a report should tell",
    ),
)

STORE = _table(
    ("device", "name of the device that holds the arrays"),
    ("names()", "set of the names held"),
    ("add(values)", "hold these NumPy arrays too, by name"),
    ("remove(names)", "hold these no more"),
    ("read(names)", "dict of NumPy copies"),
    ("write(values)", "replace values by NumPy arrays of the same shape and dtype"),
    ("get(name)", "one value as an array of the backend, safe to keep (capability 'eager')"),
    ("put(name, value)", "replace one value by an array of the backend (capability 'eager')"),
    ("native()", "dict of the framework's own objects; under 'variables' those that hold the values, by name"),
    ("close()", "free everything"),
)

PROGRAM = _table(
    ("run(inputs)", "list of NumPy arrays in, each with a leading axis of `steps` unless it is None; list of arrays out, likewise"),
    ("strategy", "how it runs, in words"),
    ("native()", "dict of the framework's own objects"),
)

CAPABILITIES = {
    "eager": "arrays hold values: operations run when called, outside a program too",
    "second_order": "value_and_grad may be nested",
    "graph": "programs are graphs: native() shows placeholders, for any batch size, outputs and an operation",
    **{name: f"arrays of dtype {name}" for name in dtypes.ALL if name not in dtypes.REQUIRED},
}


# In which order to write the primitives: what makes and moves arrays first, windows and indices last.
EARLY = ("full", "arange", "cast", "stop_gradient", "reshape", "transpose", "broadcast_to", "concatenate", "slice")
LATE = ("argmax", "argsort", "cumsum", "flip", "pad", "take", "take_along_axis", "scatter_add", "conv", "pool")


def turn(name):
    """Return the place of a primitive in the order of writing."""
    rest = [other for other in PRIMITIVES if other not in EARLY + LATE]
    return (*EARLY, *rest, *LATE).index(name)


class Options(NamedTuple):
    """How the user wants a program run; backends may ignore what does not concern them.

    jit: "auto" leaves it to the backend's rule, True and False ask for the framework's compiler or not.
    """

    jit: object = "auto"


class Fused(NamedTuple):
    """A faster version of an op, which must match the op's composition in value and gradient.

    `function` takes the op's own parameters, arrays for arrays. `when(*args, **kwargs)`, given
    objects with .shape and .dtype in place of arrays, says whether it serves this call.
    `in_place`, where there is one, does the same but may write each result over the argument whose
    place stands in `overwrites`; it is called where nothing else needs them. A backend that has any
    must keep its state to itself: its Program copies what `step.borrowed(backend)` names, its Store
    copies what it takes and gives. `together`, where there is one too, takes a list of tuples of
    arguments, and returns a list of what `in_place` would for each. With `composed`, each of these
    takes one argument more, the first: the composition of the call, a function without parameters,
    to be run another way, such as through a compiler.
    """

    function: object
    when: object = None
    in_place: object = None
    overwrites: tuple = ()
    together: object = None
    composed: bool = False


def faults(backend):
    """Return every way in which an object falls short of the contract, in words.

    >>> faults(object())[:2]
    ['lacks the data name, api_version, capabilities, fused', 'lacks 55 of 55 primitives: full, arange, ...']
    """
    found = []
    lacking = [entry.name for entry in SERVICES.values() if entry.parameters is None and not hasattr(backend, entry.name)]
    if lacking:
        found.append(f"lacks the data {', '.join(lacking)}")
    found += _version_faults(getattr(backend, "api_version", None))
    found += _capability_faults(getattr(backend, "capabilities", ()))
    for kind, table in (("primitives", PRIMITIVES), ("functions", SERVICES)):
        found += _function_faults(backend, kind, table)
    return found


def _version_faults(version):
    if version is None:
        return []
    if not (isinstance(version, tuple) and len(version) == 2 and all(isinstance(part, int) for part in version)):
        return [f"api_version should be a pair of ints such as {API_VERSION}, got {version!r}"]
    if version[0] != API_VERSION[0] or version[1] > API_VERSION[1]:
        mine, theirs = (".".join(map(str, pair)) for pair in (API_VERSION, version))
        return [f"is written for contract {theirs}, this polykeras has contract {mine}"]
    return []


def _capability_faults(words):
    if not isinstance(words, (set, frozenset, tuple, list)):
        return [f"capabilities should be a set of words, got {words!r}"]
    unknown = sorted(set(words) - set(CAPABILITIES))
    return [f"declares unknown capabilities: {', '.join(unknown)}"] if unknown else []


def _function_faults(backend, kind, table):
    wanted = {name: entry for name, entry in table.items() if entry.parameters is not None}
    missing = [name for name in wanted if not callable(getattr(backend, name, None))]
    if table is PRIMITIVES:
        missing.sort(key=turn)
    found = []
    if missing:
        names = ", ".join(missing[:2] + ["..."]) if len(missing) == len(wanted) else ", ".join(missing)
        found.append(f"lacks {len(missing)} of {len(wanted)} {kind}: {names}{_near_misses(backend, missing)}")
    for name, entry in wanted.items():
        if name not in missing:
            found += _signature_fault(getattr(backend, name), entry)
    return found


def _near_misses(backend, missing):
    """Name what may be a misspelt primitive."""
    import difflib

    public = [name for name in dir(backend) if not name.startswith("_") and name not in PRIMITIVES and name not in SERVICES]
    pairs = [(name, difflib.get_close_matches(name, public, n=1, cutoff=0.75)) for name in missing]
    hints = [f"{close[0]} may be meant as {name}" for name, close in pairs if close]
    return f" ({'; '.join(hints)})" if hints else ""


def signature(entry):
    """Return the signature of a row, for wrappers whose own is (*args)."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return inspect.Signature([inspect.Parameter(name, kind) for name in entry.parameters])


def _signature_fault(function, entry):
    """Say how a function cannot be called, by position, as the contract calls it.

    A framework's own function may serve as it is: it may name its parameters otherwise and have
    optional ones behind, but a name of the contract must stand at the contract's place.
    """
    try:
        got = inspect.signature(function)
    except (TypeError, ValueError):  # some C functions tell nothing
        return []
    try:
        bound = got.bind(*entry.parameters).arguments
        fits = all(value == name for name, value in bound.items() if name in entry.parameters)
    except TypeError:
        fits = False
    shown = ", ".join(got.parameters)
    return [] if fits else [f"{entry.name}({shown}) should be {entry.signature}"]


def validate(backend, source):
    """Refuse a backend that does not meet the contract, with every fault at once.

    Raises:
        InvalidBackendError: it lists what is missing, misspelt or of another signature or version.
    """
    found = faults(backend)
    if found:
        lines = "".join(f"\n  - {fault}" for fault in found)
        raise InvalidBackendError(
            f"The backend from {source} does not meet the contract:{lines}\n"
            "The contract, with every signature, is in docs/contract.md."
        )
    return backend
