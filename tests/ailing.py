"""A distribution of two small backends, `well` and `sick`, with a lane of its own for the conformance suite, and pytest runs on it."""

import contextlib
import json
import os
import subprocess
import sys
import textwrap

from polykeras_conformance.deviations import FILE

PLUGIN = """
    from polykeras.plugins import BackendInfo, hookimpl

    @hookimpl
    def polykeras_backends():
        return [BackendInfo(name, f"ailing.backends:{name}") for name in ("sick", "well")]
"""

BACKENDS = """
    import types
    from polykeras import contract
    from polykeras_numpy import backend as sound

    def made(name, **broken):
        parts = {key: getattr(sound, key) for key in (*contract.PRIMITIVES, *contract.SERVICES)}
        backend = types.SimpleNamespace(**{**parts, **broken, "name": name, "capabilities": {"eager", "second_order", "float64"}})
        backend.compile = lambda step, store, steps, options: sound.Program(step.bind(backend, hoist=True), store, steps)
        return backend

    def times(factor):
        return lambda x: sound.multiply(sound.exp(x), sound.full((), factor, sound.dtype(x)))

    def raising(error):
        def primitive(*args):
            raise error
        return primitive

    well = made("well")
    sick = made(
        "sick", exp=times(1 + 2.0**-20), floor=lambda x: sound.add(sound.floor(x), sound.full((), 1.0, "float32")),
        round=lambda x: sound.multiply(sound.round(x), sound.full((), float("nan"), "float32")),
        erf=lambda x: raising(NotImplementedError("no erf"))(x), log=lambda x: raising(MemoryError("no memory left"))(x),
    )
"""

CASES = """
    import os
    import pytest
    from polykeras_conformance.cases import array, primitive

    half, ones = array([0.5, 2.5]), array([1.0, 1.0, 1.0])
    CASES = [
        primitive("negative", "sound", half), primitive("abs", "half", half), primitive("erf", "missing", half), primitive("log", "memory", half),
        primitive("floor", "broken", half), primitive("floor", "admitted", ones), primitive("floor", "older", array([4.0])),
        primitive("exp", "near", ones), primitive("exp", "far", ones), primitive("round", "nan", half),
        primitive("sqrt", "sixteen-bits", array([1.0], "bfloat16")),
    ]

    @pytest.mark.parametrize("case", CASES, ids=repr)
    def test_value(place, case, bench):
        bench.check(place, case, CASES)

    @pytest.fixture
    def ruin():
        raise RuntimeError("the fixture broke")

    def test_setup(place, ruin):
        pass

    def test_of_the_suite():
        pass

    @pytest.mark.skipif("PK_CRASH" not in os.environ, reason="only where a process is to die")
    def test_crash(place):
        os._exit(1)
"""

ROW = '[[deviation]]\ncase = "tiny/test_value[sick-{case}]"\nkind = "{kind}"\nreason = "so it is"\n'
ROWS = {  # case: (kind, more)
    "program-floor-admitted": ("bug", 'link = "https://example.org/1"\n'),
    "program-floor-older": ("bug", 'versions = "<0.1"\n'),
    "program-exp-near": ("numeric", "bound = 3\n"),
    "program-exp-far": ("numeric", "bound = 1.5\n"),
    "program-round-nan": ("numeric", "bound = 1000\n"),
    "program-erf-missing": ("unsupported", 'versions = ">=2"\n'),
    "program-abs-half": ("bug", ""),
    "eager-floor-admitted": ("bug", ""),
}
RUN = ("-p", "polykeras_conformance.conftest", "-p", "no:cacheprovider", "test_tiny.py")


class Bed:
    """A folder with the distribution `ailing` 2.0 and a lane of the suite, and pytest runs there."""

    def __init__(self, folder):
        self.folder, self.package = folder, folder / "ailing"
        files = {"ailing/__init__.py": PLUGIN, "ailing/backends.py": BACKENDS, "test_tiny.py": CASES, "pytest.ini": "[pytest]\n"}
        files["ailing-2.0.dist-info/METADATA"] = "Metadata-Version: 2.1\nName: ailing\nVersion: 2.0\n"
        files["ailing-2.0.dist-info/entry_points.txt"] = "[polykeras.backends]\nailing = ailing\n"
        for name, text in files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(textwrap.dedent(text))
        self.admit("".join(ROW.format(case=case, kind=kind) + more for case, (kind, more) in ROWS.items()))

    def admit(self, text):
        """Write deviations.toml."""
        (self.package / FILE).write_text(text)

    @contextlib.contextmanager
    def admitting(self, text):
        """Another deviations.toml for a while."""
        before = (self.package / FILE).read_text()
        self.admit(text)
        try:
            yield
        finally:
            self.admit(before)

    def pytest(self, *options, command=(sys.executable, "-m", "pytest"), **environment):
        """Return the exit status of a run and what it printed."""
        given = {**os.environ, "PYTHONPATH": f"{self.folder}{os.pathsep}{os.getcwd()}", "COLUMNS": "200", **environment}
        given.update(PYTHONDONTWRITEBYTECODE="", PYTHONPYCACHEPREFIX=str(self.folder / "cache"))  # the many runs start sooner
        done = subprocess.run([*command, *options], cwd=self.folder, env=given, capture_output=True, text=True, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def tiny(self, *options, backend="sick", mode="program", **environment):
        """Run the lane."""
        return self.pytest(*RUN, f"--pk-backend={backend}", f"--pk-mode={mode}", *options, **environment)

    def report(self, name, *options, **more):
        """Return the status, the output and the JSON of a run of the lane with a report."""
        status, output = self.tiny(f"--pk-report={name}.html", *options, **more)
        return status, output, json.loads((self.folder / f"{name}.json").read_text())
