"""The exception tree: what can go wrong, told alike on every backend.

    PolykerasError (ValueError)
    ├── DataError            input data that no step should see: shape, dtype, length, range
    ├── ShapeError           arrays whose shapes do not fit an operation
    ├── DTypeError           a dtype that an operation or a backend does not take
    ├── BackendMismatchError arrays or variables of two backends in one operation
    ├── TracingError         code that asks for a number while a step is being traced
    └── PluginError          a backend that cannot be used
        ├── UnknownBackendError      no plugin has this name
        ├── BackendUnavailableError  its framework is missing, or its import failed
        ├── InvalidBackendError      it does not meet the contract; lists every fault
        └── DuplicateBackendError    two plugins claim the name
"""


class PolykerasError(ValueError):
    """Base of every error that polykeras raises on purpose."""


class DataError(PolykerasError):
    """Input data that was refused before the first step."""


class ShapeError(PolykerasError):
    """Arrays whose shapes do not fit an operation."""


class DTypeError(PolykerasError, TypeError):
    """A dtype that an operation or a backend does not take."""


class BackendMismatchError(PolykerasError):
    """Arrays or variables of two backends met in one operation."""


class TracingError(PolykerasError, TypeError):
    """A number was asked for while the step was being traced."""


class PluginError(PolykerasError):
    """A backend that cannot be used."""


class UnknownBackendError(PluginError):
    """No plugin has this name."""


class BackendUnavailableError(PluginError):
    """A backend whose framework is missing or whose import failed."""


class InvalidBackendError(PluginError):
    """A backend that does not meet the contract."""


class DuplicateBackendError(PluginError):
    """A name that two plugins claim."""
