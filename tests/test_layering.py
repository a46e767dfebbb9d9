"""The house's layers, read from the source: imports go down only, and no framework is named above the backends."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parent.parent
FRAMEWORKS = {"torch", "tensorflow", "jax", "jaxlib", "mlx", "keras", "tf_keras"}
BACKEND_NAMES = {"torch", "tensorflow", "tensorflow_graph", "jax", "mlx"}

# Bottom to top: a module imports only from rows above its own in this list. A package is one row.
ORDER = (
    "errors tree naming scope masks devices "
    "aligned sizes dtypes contract plugins backends spec autodiff nodes ownership pruning writer trace "
    "config state execute ops variable random "
    "objects dtype_policies input_spec graph call gradient function tracking "
    "initializers regularizers constraints activations layer layers "
    "losses metrics optimizers "
    "data utils callbacks step programs objectives native summary "
    "finite compiled fit models parity demo skeleton cli"
).split()

BOTTOM = {"aligned", "contract", "dtypes", "errors", "spec", "plugins", "autodiff"}  # what a backend may use
BACKENDS = {
    "polykeras_numpy": set(),
    "polykeras_jax": {"jax"},
    "polykeras_torch": {"torch"},
    "polykeras_tensorflow": {"tensorflow"},
}


def modules(folder):
    """Return {dotted name: syntax tree} of the Python files of a folder's package."""
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ast.parse(path.read_text(), str(path))
    return found


def imports(tree, known=()):
    """Return (line, dotted name) of every import, within functions too; submodules are named in full."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [(node.lineno, name if name in known else node.module) for name in names]
    return found


def row(name):
    """Return the row of ORDER that a module of polykeras belongs to."""
    return name.split(".")[1]


CORE = modules(ROOT / "polykeras")
CORE_IMPORTS = {name: imports(tree, CORE) for name, tree in CORE.items()}


def upward(order, found):
    """Return every import that does not go down, as "module:line imports other"."""
    places = {name: place for place, name in enumerate(order)}
    wrong = []
    for name, lines in found.items():
        for line, other in lines:
            inside = other.startswith("polykeras.") and name != "polykeras" and row(other) != row(name)
            if inside and places[row(other)] >= places[row(name)]:
                wrong.append(f"{name}:{line} imports {other}")
    return wrong


def test_every_module_has_its_place():
    rows = {row(name) for name in CORE if name != "polykeras"}
    assert rows == set(ORDER), f"not in ORDER: {rows - set(ORDER)}; no module: {set(ORDER) - rows}"


def test_imports_go_down():
    assert upward(ORDER, CORE_IMPORTS) == []


def test_the_checker_sees_an_import_that_goes_up():
    assert upward(ORDER, {"polykeras.errors": [(7, "polykeras.layer")]}) == ["polykeras.errors:7 imports polykeras.layer"]


@pytest.mark.parametrize("package", [name for name in ORDER if f"polykeras.{name}" in CORE])
def test_no_cycle_within_a_package(package):
    left = {name: {o for _, o in lines if o in CORE and row(o) == package} for name, lines in CORE_IMPORTS.items() if name != "polykeras" and row(name) == package}
    while ready := [name for name, others in left.items() if not others & set(left) - {name}]:
        for name in ready:
            del left[name]
    assert not left, f"these import each other in a circle: {left}"


@pytest.mark.parametrize("name", CORE)
def test_core_names_no_framework(name):
    found = [f"line {line}: {other}" for line, other in CORE_IMPORTS[name] if other.split(".")[0] in FRAMEWORKS]
    docstrings = {id(node.value) for node in ast.walk(CORE[name]) if isinstance(node, ast.Expr)}
    for node in ast.walk(CORE[name]):
        if isinstance(node, ast.Constant) and node.value in BACKEND_NAMES and id(node) not in docstrings:
            found.append(f"line {node.lineno}: the name {node.value!r}")
    assert not found


@pytest.mark.parametrize("package", BACKENDS)
def test_backends_know_the_bottom_only(package):
    found = []
    for name, tree in modules(ROOT / "backends" / package).items():
        for line, other in imports(tree, CORE):
            top = other.split(".")[0]
            if top == "polykeras" and (other == "polykeras" or row(other) not in BOTTOM):
                found.append(f"{name}:{line} imports {other}")
            if top.startswith("polykeras_") and top != package or top in FRAMEWORKS - BACKENDS[package]:
                found.append(f"{name}:{line} imports {other}")
    assert not found


def test_conformance_names_no_framework():
    found = []
    for name, tree in modules(ROOT / "conformance" / "polykeras_conformance").items():
        found += [f"{name}:{line} imports {other}" for line, other in imports(tree) if other.split(".")[0] in FRAMEWORKS | set(BACKENDS)]
    assert not found


def test_what_editors_see_is_what_there_is():
    """The imports that type checkers read in polykeras/__init__.py are those of its tables."""
    body = CORE["polykeras"].body
    (shown,) = [node.body for node in body if isinstance(node, ast.If)]
    told = {(alias.name, node.module.removeprefix("polykeras").lstrip(".")) for node in shown for alias in node.names}
    tables = {node.targets[0].id: ast.literal_eval(node.value) for node in body if isinstance(node, ast.Assign) and node.targets[0].id in ("_PARTS", "_HOMES")}
    assert told == {(name, "") for name in tables["_PARTS"]} | set(tables["_HOMES"].items())
