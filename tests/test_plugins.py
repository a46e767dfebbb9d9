"""Plugins: found lazily, isolated from one another's faults, and refused with every fault at once."""

import json
import os
import subprocess
import sys
import textwrap
import types
from importlib.metadata import EntryPoint

import pytest

import polykeras
from polykeras import config, contract, plugins
from polykeras.errors import BackendUnavailableError, DuplicateBackendError, InvalidBackendError, PluginError, UnknownBackendError
from polykeras.plugins import DISABLE, GROUP, BackendInfo, Registry, hookimpl

NUMPY = EntryPoint("numpy", "polykeras_numpy", GROUP)
FRAMEWORKS = ("torch", "tensorflow", "jax", "keras")


def fake_backend(without=(), **changes):
    """Return a backend that is the reference under the name "fake", with some parts changed or missing."""
    from polykeras_numpy import backend

    parts = {**vars(backend), "name": "fake", **changes}
    return types.SimpleNamespace(**{name: part for name, part in parts.items() if name not in without})


@pytest.fixture
def offered(monkeypatch):
    """A function that puts a plugin called "fake" beside the reference and returns their Registry."""

    def offer(backend=None, infos=None, hook=None):
        module = types.ModuleType("fake_plugin")
        module.backend = backend
        made = [BackendInfo("fake", "fake_plugin:backend")] if infos is None else infos
        module.polykeras_backends = hookimpl(hook or (lambda: made), specname="polykeras_backends")
        monkeypatch.setitem(sys.modules, "fake_plugin", module)
        return Registry([EntryPoint("fake", "fake_plugin", GROUP), NUMPY])

    return offer


# -- a backend that falls short of the contract --------------------------------------------------------

CONTRACT_FAULTS = {
    "lacks two primitives": (dict(without=("conv", "cumsum")), "lacks 2 of 55 primitives: cumsum, conv"),
    "misspelt primitive": (dict(without=("cumsum",), cum_sum=print), "(cum_sum may be meant as cumsum)"),
    "wrong signature": (dict(pool=lambda size: 0), "pool(size) should be pool(x, kind, size, strides, padding)"),
    "arguments in another order": (dict(take=lambda indices, x, axis: 0), "take(indices, x, axis) should be take(x, indices, axis)"),
    "newer contract": (dict(api_version=(2, 0)), "is written for contract 2.0, this polykeras has contract 1.0"),
    "newer minor version": (dict(api_version=(1, 99)), "is written for contract 1.99"),
    "version of another kind": (dict(api_version="1.0"), "api_version should be a pair of ints such as (1, 0), got '1.0'"),
    "unknown capability": (dict(capabilities={"eager", "telepathy"}), "declares unknown capabilities: telepathy"),
    "capabilities of another kind": (dict(capabilities="eager"), "capabilities should be a set of words, got 'eager'"),
    "no name": (dict(without=("name",)), "lacks the data name"),
    "not callable": (dict(add=5), "lacks 1 of 55 primitives: add"),
}  # fmt: skip


@pytest.mark.parametrize("case", CONTRACT_FAULTS)
def test_backend_that_breaks_the_contract(offered, case):
    changes, expected = CONTRACT_FAULTS[case]
    registry = offered(fake_backend(**changes))
    assert [offer.status for offer in registry.offers()] == ["available", "available"]
    with pytest.raises(InvalidBackendError) as caught:
        registry.load("fake")
    assert expected in str(caught.value) and "The backend from fake_plugin does not meet the contract" in str(caught.value)
    assert {offer.name: offer.status for offer in registry.offers()} == {"numpy": "available", "fake": "unavailable"}
    assert registry.load("numpy").name == "numpy"
    with pytest.raises(InvalidBackendError):
        registry.load("fake")


def test_all_faults_are_told_at_once(offered):
    registry = offered(fake_backend(without=("conv", "store"), api_version=(3, 0), pool=lambda size: 0, capabilities={"x"}))
    with pytest.raises(InvalidBackendError) as caught:
        registry.load("fake")
    assert str(caught.value).count("\n  - ") == 5


def test_a_complete_backend_loads(offered):
    assert offered(fake_backend()).load("fake").name == "fake"


def test_backend_that_calls_itself_otherwise(offered):
    with pytest.raises(PluginError, match="Backend 'fake' from fake_plugin calls itself 'other'; the two names must agree"):
        offered(fake_backend(name="other")).load("fake")


def test_backend_whose_import_raises(offered):
    registry = offered(infos=[BackendInfo("fake", "fake_plugin_that_is_not_there")])
    with pytest.raises(BackendUnavailableError, match="'fake' from fake_plugin cannot be used: importing it raised ModuleNotFoundError") as caught:
        registry.load("fake")
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


def test_backend_whose_framework_is_missing(offered):
    registry = offered(infos=[BackendInfo("fake", "fake_plugin:backend", requires=("no-such-framework",))])
    assert [offer.fault for offer in registry.offers()] == ["", "needs no-such-framework, not installed"]
    with pytest.raises(BackendUnavailableError, match="not installed: it needs no-such-framework. Install with: pip install no-such-framework"):
        registry.load("fake")


# -- a plugin that fails before it offers anything ---------------------------------------------------------


def _raise():
    raise RuntimeError("no licence\nsecond line")


def _exit():
    raise SystemExit(3)


PLUGIN_FAULTS = {
    "offers nothing": (dict(infos=[]), "it offers no backend: the hook polykeras_backends is missing or returned nothing"),
    "raises in the hook": (dict(hook=_raise), "the plugin raised RuntimeError: no licence."),
    "ends the process": (dict(hook=_exit), "it wanted to end the process: SystemExit(3)"),
    "returns names": (dict(infos=["fake"]), "its hook polykeras_backends should return a list of BackendInfo, got 'fake'"),
    "wants arguments": (dict(hook=lambda config: []), "Argument(s) {'config'} are declared in the hookimpl but can not be found"),
}  # fmt: skip


@pytest.mark.parametrize("case", PLUGIN_FAULTS)
def test_plugin_that_fails(offered, case):
    arguments, expected = PLUGIN_FAULTS[case]
    registry = offered(**arguments)
    fake, numpy = sorted(registry.offers(), key=lambda offer: offer.name)
    assert (fake.name, fake.source, fake.status, numpy.status) == ("fake", "fake_plugin", "unavailable", "available")
    with pytest.raises(BackendUnavailableError) as caught:
        registry.load("fake")
    assert expected in str(caught.value) and f"or set {DISABLE}=fake_plugin to hide it" in str(caught.value)
    assert registry.load("numpy") and registry.names() == ["numpy"]


def test_one_info_need_not_be_in_a_list(offered):
    assert offered(fake_backend(), infos=BackendInfo("fake", "fake_plugin:backend")).load("fake").name == "fake"


def test_plugin_that_hangs(offered, monkeypatch):
    import threading

    monkeypatch.setattr(plugins, "PATIENCE", 0.1)
    never = threading.Event()
    registry = offered(hook=lambda: never.wait() and [])
    assert registry.names() == ["numpy"]
    with pytest.raises(BackendUnavailableError, match="it did not answer within 0.1 seconds"):
        registry.load("fake")
    never.set()


def test_misspelt_hook():
    class Plugin:
        @hookimpl
        def polykeras_backend(self):
            return []

    registry = Registry([NUMPY])
    with pytest.raises(BackendUnavailableError, match="unknown hook 'polykeras_backend'"):
        registry.register(Plugin(), "by hand")
    registry.register(_plugin(BackendInfo("other", "x")), "by hand")  # the bad one before it does no harm
    assert registry.names() == ["numpy", "other"]


# -- names ---------------------------------------------------------------------------------------------------


def _plugin(*infos):
    class Plugin:
        @hookimpl
        def polykeras_backends(self):
            return list(infos)

    return Plugin()


def test_name_taken_twice():
    registry = Registry([NUMPY])
    registry.register(_plugin(BackendInfo("numpy", "mine"), BackendInfo("other", "mine")), "imposter 0.1")
    with pytest.raises(DuplicateBackendError, match="'numpy' is offered twice: by imposter 0.1 and polykeras_numpy. Uninstall one, or set"):
        registry.load("numpy")
    assert registry.names() == ["other"]


def test_broken_plugin_takes_no_name():
    registry = Registry([EntryPoint("numpy", "no_such_module", GROUP), NUMPY])
    assert sorted(offer.status for offer in registry.offers()) == ["available", "unavailable"]
    assert registry.load("numpy").name == "numpy"


def test_unknown_name():
    with pytest.raises(UnknownBackendError, match="Unknown backend: got 'tensorflo', expected one of 'numpy'"):
        Registry([NUMPY]).load("tensorflo")


@pytest.mark.parametrize("word", ["fake_plugin", "fake", "other,fake"])
def test_disabled_plugin(offered, monkeypatch, word):
    monkeypatch.setenv(DISABLE, word)
    assert [offer.name for offer in offered(fake_backend()).offers()] == ["numpy"]


@pytest.mark.parametrize("word", ["1", "all"])
def test_all_disabled(offered, monkeypatch, word):
    monkeypatch.setenv(DISABLE, word)
    registry = offered(fake_backend())
    assert registry.offers() == []
    with pytest.raises(BackendUnavailableError, match="The reference backend is missing: none"):
        registry.reference()


def test_refresh_keeps_what_is_loaded(offered):
    registry = offered(fake_backend())
    loaded = registry.load("fake")
    registry.refresh()
    assert registry.load("fake") is loaded and [offer.status for offer in registry.offers()] == ["available", "loaded"]


def test_default_backend(monkeypatch, offered):
    registry = offered(fake_backend(), infos=[BackendInfo("fake", "fake_plugin:backend", preference=99)])
    for variable in plugins.CHOOSE:
        monkeypatch.delenv(variable, raising=False)
    assert registry.default() == "fake"
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    assert registry.default() == "numpy"
    monkeypatch.setenv("POLYKERAS_BACKEND", "fake")
    assert registry.default() == "fake"
    with pytest.raises(UnknownBackendError):
        config.set_backend("no_such_backend")


# -- in a process of its own: real distributions, no framework imported ------------------------------------


def run_python(code, tmp_path, **environment):
    """Run code in a fresh interpreter and return what it printed, as JSON."""
    given = {**os.environ, "PYTHONPATH": str(tmp_path), **environment}
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, env=given, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_importing_is_quick_and_imports_no_framework(tmp_path):
    code = """
    import json, sys, time
    start = time.process_time()
    import polykeras
    seconds = time.process_time() - start
    parts = [getattr(polykeras, name) for name in polykeras.__all__]
    for offer in polykeras.backends.available():
        offer.status, offer.version, offer.devices
    print(json.dumps([seconds, sorted(sys.modules), [offer.name for offer in polykeras.backends.available()]]))
    """
    cached = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    runs = [run_python(code, tmp_path, **cached) for _ in range(3)]
    _, modules, names = runs[0]
    assert not set(FRAMEWORKS) & set(modules)
    assert names == ["jax", "torch", "tensorflow", "tensorflow_graph", "numpy"]
    assert min(seconds for seconds, _, _ in runs[1:]) < 0.3  # of the processor, the byte code once written


DISTRIBUTIONS = {
    "raiser": "raise RuntimeError('broken on arrival')",
    "lacking": """
        import sys
        from polykeras.plugins import BackendInfo, hookimpl

        @hookimpl
        def polykeras_backends():
            return [BackendInfo("lacking", "lacking:backend")]

        class backend:
            name, api_version, capabilities, fused = "lacking", (1, 0), set(), {}
    """,
    "twin": """
        from polykeras.plugins import BackendInfo, hookimpl

        @hookimpl
        def polykeras_backends():
            return [BackendInfo("jax", "twin"), BackendInfo("honest", "polykeras_numpy.backend")]
    """,
}


def test_real_distributions_that_are_broken(tmp_path):
    for name, source in DISTRIBUTIONS.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        folder = tmp_path / f"{name}_dist-1.5.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: 1.5\n")
        (folder / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {name}\n")
    code = """
    import json, sys
    import numpy as np
    import polykeras
    rows = {f"{offer.name} {offer.source.split()[0]}": offer.fault for offer in polykeras.backends.available()}
    errors = {}
    for name in ("raiser", "lacking", "jax"):
        try:
            polykeras.config.set_backend(name)
        except polykeras.errors.PluginError as error:
            errors[name] = f"{type(error).__name__}: {error}"
    frameworks = sorted({"torch", "tensorflow", "jax"} & set(sys.modules))
    losses = []
    for name in ("numpy", "torch"):
        polykeras.utils.set_random_seed(0)
        model = polykeras.Sequential([polykeras.layers.Input((2,)), polykeras.layers.Dense(1)])
        model.compile("sgd", "mse", backend=name)
        losses += model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0).history["loss"]
    print(json.dumps([rows, errors, frameworks, losses]))
    """
    rows, errors, frameworks, losses = run_python(code, tmp_path)
    assert rows["raiser raiser-dist"] == "the plugin raised RuntimeError: broken on arrival"
    assert rows["jax twin-dist"] == rows["jax polykeras"] == f"the name is taken twice: polykeras {polykeras.__version__} and twin-dist 1.5"
    assert rows["torch polykeras"] == rows["numpy polykeras"] == rows["lacking lacking-dist"] == ""
    assert errors["raiser"].startswith("BackendUnavailableError: Backend 'raiser' from raiser-dist 1.5 cannot be used: the plugin raised RuntimeError")
    assert errors["lacking"].startswith("InvalidBackendError: The backend from lacking-dist 1.5 does not meet the contract")
    assert "lacks 55 of 55 primitives" in errors["lacking"] and errors["jax"].startswith("DuplicateBackendError")
    assert frameworks == [] and losses[0] == pytest.approx(losses[1], abs=1e-6)
    hidden = run_python(code.replace('("raiser", "lacking", "jax")', "()"), tmp_path, **{DISABLE: "twin-dist,raiser-dist"})[0]
    assert hidden["jax polykeras"] == "" and "raiser raiser-dist" not in hidden


def test_primitives_within_budget():
    assert len(contract.PRIMITIVES) <= contract.MAX_PRIMITIVES
