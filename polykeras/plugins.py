"""Finding and loading backends: lazy, each isolated from the others' faults, duplicates refused.

Entry points of the group `polykeras.backends` name plugin modules. A plugin module imports no
framework; it implements the hook `polykeras_backends` and returns a BackendInfo for each backend it
offers. The backend itself is imported, and checked against the contract, when it is first selected.
"""

import importlib
import importlib.util
import os
import threading
from dataclasses import dataclass, field

import pluggy

from polykeras import contract
from polykeras.errors import BackendUnavailableError, DuplicateBackendError, PluginError, UnknownBackendError

GROUP = "polykeras.backends"
DISABLE = "POLYKERAS_DISABLE_PLUGINS"
CHOOSE = ("POLYKERAS_BACKEND", "KERAS_BACKEND")
PATIENCE = 20.0  # seconds that a plugin may take to say what it offers; it imports no framework

hookspec = pluggy.HookspecMarker("polykeras")
hookimpl = pluggy.HookimplMarker("polykeras")


@dataclass(frozen=True)
class BackendInfo:
    """What a plugin says of one backend without importing its framework.

    Args:
        name: the name users choose it by.
        module: "package.module" or "package.module:attribute" that is the backend.
        requires: distributions that must be installed, such as ("torch",).
        devices: kinds of device it can use, such as ("cpu", "gpu").
        array_modules: top-level modules whose types are its arrays, such as ("torch",).
        preference: where nobody chose, the available backend with the largest is taken; 0 is never taken.
        reference: whether it is the reference, on which polykeras computes what belongs to the host.
    """

    name: str
    module: str
    requires: tuple = ()
    devices: tuple = ("cpu",)
    array_modules: tuple = ()
    preference: int = 0
    reference: bool = False


class Hooks:
    """The hooks that a backend plugin may implement."""

    @hookspec
    def polykeras_backends(self):
        """Return a list of BackendInfo, importing no framework."""

    @hookspec(firstresult=True)
    def polykeras_outside(self, model):
        """Return what the parity tool needs of another library's model (docs/parity.md), or None for a stranger's."""


@dataclass
class Offer:
    """A backend on offer, or a plugin that failed: a row of `polykeras backends`."""

    name: str
    source: str
    info: BackendInfo | None = None
    fault: str = ""
    error: PluginError | None = None
    loaded: object = field(default=None, repr=False)

    @property
    def status(self):
        """'loaded', 'available', or 'unavailable'."""
        return "unavailable" if self.fault else "loaded" if self.loaded else "available"

    @property
    def version(self):
        """Version of the framework, without importing it."""
        names = self.info.requires if self.info else ()
        found = [_version(name) for name in names]
        return ", ".join(version for version in found if version)

    @property
    def devices(self):
        """Names of the devices where the backend is loaded, else the kinds it declares."""
        if self.loaded is not None:
            return tuple(self.loaded.devices())
        return self.info.devices if self.info else ()


class Registry:
    """The backends of this process, found once and loaded one by one.

    >>> Registry(entry_points=[]).offers()
    []
    """

    def __init__(self, entry_points=None):
        self._entry_points = entry_points
        self._offers = None
        self._lock = threading.RLock()
        self.manager = pluggy.PluginManager("polykeras")
        self.manager.add_hookspecs(Hooks)

    def offers(self):
        """Return an Offer for each backend, faulty ones too, in order of preference, then name."""
        with self._lock:
            if self._offers is None:
                self._offers = self._discover()
            return list(self._offers)

    def names(self):
        """Return the names that can be selected."""
        return [offer.name for offer in self.offers() if not offer.fault]

    def refresh(self):
        """Look for plugins again; backends already loaded stay."""
        with self._lock:
            loaded = {offer.name: offer.loaded for offer in self._offers or () if offer.loaded}
            self._offers = self._discover()
            for offer in self._offers:
                offer.loaded = None if offer.fault else loaded.get(offer.name)

    def register(self, plugin, source):
        """Add a plugin object by hand, as an entry point would.

        Raises:
            PluginError: the plugin does not implement the hook as it should.
        """
        with self._lock:
            offers = self._offers_of(source, lambda: plugin, source)
            self._offers = _refuse_duplicates([*self.offers(), *offers])
        for offer in offers:
            if offer.info is None:
                raise offer.error

    def load(self, name):
        """Return the backend of this name, imported and checked against the contract.

        Raises:
            UnknownBackendError, BackendUnavailableError, InvalidBackendError, DuplicateBackendError
        """
        with self._lock:
            offer = self._find(name)
            if offer.loaded is None:
                offer.loaded = self._import(offer)
            return offer.loaded

    def default(self):
        """Return the name chosen by the environment, else the most preferred backend available."""
        for variable in CHOOSE:
            if os.environ.get(variable):
                return os.environ[variable]
        usable = [offer for offer in self.offers() if not offer.fault and offer.info.preference]
        if not usable:
            raise BackendUnavailableError(f"No backend is available: {self._listing()}. Install one, such as pip install 'polykeras[jax]'.")
        return usable[0].name

    def reference(self):
        """Return the reference backend, which makes initial weights and shuffles."""
        rows = [offer.name for offer in self.offers() if offer.info and offer.info.reference and not offer.fault]
        if not rows:
            raise BackendUnavailableError(f"The reference backend is missing: {self._listing()}. Reinstall polykeras, or unset {DISABLE}.")
        return self.load(rows[0])

    def outside(self, model):
        """Return what a plugin makes of another library's model for comparison, or None."""
        self.offers()
        return self.manager.hook.polykeras_outside(model=model)

    def owners(self, module):
        """Return the names of the backends whose arrays live in a top-level module, loaded ones first."""
        rows = [offer for offer in self.offers() if not offer.fault and module in offer.info.array_modules]
        return [offer.name for offer in sorted(rows, key=lambda offer: offer.loaded is None)]

    def _find(self, name):
        rows = [offer for offer in self.offers() if offer.name == name]
        if not rows:
            raise UnknownBackendError(f"Unknown backend: got {name!r}, expected one of {self._listing()}.")
        usable = [offer for offer in rows if not offer.fault]
        if not usable:
            raise rows[0].error
        return usable[0]

    def _listing(self):
        names = [repr(offer.name) for offer in self.offers() if not offer.fault]
        broken = [f"{offer.name} (unavailable)" for offer in self.offers() if offer.fault]
        return ", ".join(names + broken) or "none"

    def _import(self, offer):
        try:
            module, _, attribute = offer.info.module.partition(":")
            backend = importlib.import_module(module)
            backend = getattr(backend, attribute) if attribute else backend
            contract.validate(backend, offer.source)
        except PluginError as error:
            offer.fault, offer.error = _first_line(error), error
            raise
        except Exception as cause:
            offer.fault = f"importing it raised {type(cause).__name__}: {_first_line(cause)}"
            offer.error = BackendUnavailableError(
                f"Backend {offer.name!r} from {offer.source} cannot be used: {offer.fault}. "
                "Mend or reinstall that package, or choose another backend."
            )
            offer.error.__cause__ = cause
            raise offer.error from cause
        if backend.name != offer.name:
            offer.error = PluginError(f"Backend {offer.name!r} from {offer.source} calls itself {backend.name!r}; the two names must agree.")
            offer.fault = str(offer.error)
            raise offer.error
        return backend

    def _discover(self):
        points = self._entry_points
        if points is None:
            points = _metadata().entry_points(group=GROUP)
        disabled = {word.strip() for word in os.environ.get(DISABLE, "").split(",") if word.strip()}
        if disabled & {"1", "all"}:
            return []
        offers, seen = [], set()
        for point in points:
            source = _source(point)
            if (source, point.value) in seen or disabled & {point.name, source.split(" ")[0]}:
                continue
            seen.add((source, point.value))
            offers += self._offers_of(source, point.load, point.name)
        return _refuse_duplicates(offers)

    def _offers_of(self, source, load, name):
        try:
            infos = _in_time(lambda: self._infos(load()))
            return [_offer(info, source) for info in infos]
        except Exception as cause:
            fault = _plain(cause) if isinstance(cause, PluginError) else f"the plugin raised {type(cause).__name__}: {_plain(cause)}"
            error = BackendUnavailableError(
                f"Backend {name!r} from {source} cannot be used: {fault}. "
                f"Mend or reinstall that package, or set {DISABLE}={source.split(' ')[0]} to hide it."
            )
            error.__cause__ = cause
            return [Offer(name, source, fault=fault, error=error)]

    def _infos(self, plugin):
        """Return what a plugin offers; a plugin at fault does not stay registered."""
        if self.manager.is_registered(plugin):
            self.manager.unregister(plugin)
        self.manager.register(plugin)
        try:
            self.manager.check_pending()
            groups = self.manager.subset_hook_caller("polykeras_backends", _others(self.manager, plugin))()
            infos = [info for group in groups for info in (group if isinstance(group, (list, tuple)) else [group])]
            wrong = [info for info in infos if not isinstance(info, BackendInfo)]
            if wrong:
                raise PluginError(f"its hook polykeras_backends should return a list of BackendInfo, got {wrong[0]!r}")
            if not infos:
                raise PluginError("it offers no backend: the hook polykeras_backends is missing or returned nothing")
            return infos
        except BaseException:
            self.manager.unregister(plugin)
            raise


def _in_time(function):
    """Return function(), called in a thread that is given up after PATIENCE seconds: a plugin that hangs stops nobody.

    Raises:
        PluginError: it took longer, or wanted to end the process; else whatever it raised.
    """
    outcome = {}

    def work():
        try:
            outcome["made"] = function()
        except BaseException as cause:
            outcome["error"] = cause

    thread = threading.Thread(target=work, name="polykeras plugin", daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if not outcome:
        raise PluginError(f"it did not answer within {PATIENCE:g} seconds")
    error = outcome.get("error")
    if isinstance(error, Exception):
        raise error
    if error is not None:
        raise PluginError(f"it wanted to end the process: {error!r}")
    return outcome["made"]


def _others(manager, plugin):
    return [other for other in manager.get_plugins() if other is not plugin]


def _offer(info, source):
    offer = Offer(info.name, source, info)
    missing = [name for name in info.requires if _version(name) is None]
    if missing:
        offer.fault = f"needs {', '.join(missing)}, not installed"
        offer.error = BackendUnavailableError(
            f"Backend {info.name!r} is not installed: it needs {', '.join(missing)}. "
            f"Install with: pip install {' '.join(missing)}"
        )
    return offer


def _refuse_duplicates(offers):
    """Mark every offer of a name that is taken twice; nobody wins silently. A plugin that failed takes no name."""
    for name in {offer.name for offer in offers}:
        rows = [offer for offer in offers if offer.name == name and offer.info is not None]
        if len(rows) > 1:
            sources = " and ".join(sorted(offer.source for offer in rows))
            for offer in rows:
                offer.fault = f"the name is taken twice: {sources}"
                offer.error = DuplicateBackendError(
                    f"Backend {name!r} is offered twice: by {sources}. "
                    f"Uninstall one, or set {DISABLE} to the distribution to ignore."
                )
    return sorted(offers, key=lambda offer: (-(offer.info.preference if offer.info else 0), offer.name))


def _source(point):
    dist = getattr(point, "dist", None)
    return f"{dist.name} {dist.version}" if dist is not None else point.value


def _metadata():
    """Return importlib.metadata, imported when backends are looked for: it takes a tenth of the time of `import polykeras`."""
    return importlib.import_module("importlib.metadata")


def _version(distribution):
    try:
        return _metadata().version(distribution)
    except _metadata().PackageNotFoundError:
        return None


def _first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _plain(error):
    """Return an error's message in one line; of pluggy's, the part that tells what is wrong with the hook."""
    if isinstance(error, pluggy.PluginValidationError):
        return " ".join(line.strip() for line in str(error).splitlines()[1:]) or _first_line(error)
    return _first_line(error)


registry = Registry()
