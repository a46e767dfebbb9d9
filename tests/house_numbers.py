"""The numbers that this house watches, as one table: `python -m tests.house_numbers`."""

import ast
import io
import pathlib
import re
import subprocess
import sys
import tokenize

from rich.console import Console
from rich.table import Table

ROOT = pathlib.Path(__file__).resolve().parents[1]
BACKENDS = {
    "numpy": ("polykeras_numpy", None),
    "jax": ("polykeras_jax", None),
    "torch": ("polykeras_torch", None),
    "tensorflow": ("polykeras_tensorflow", "graph.py"),
    "tensorflow_graph": ("polykeras_tensorflow", "eager.py"),
}
FRAMEWORKS = ("torch", "tensorflow", "jax", "jaxlib", "mlx", "keras")


def code_lines(path):
    """Return how many lines hold code: no blank lines, comments or docstrings."""
    text = path.read_text()
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) and isinstance(body[0].value.value, str):
            lines -= set(range(body[0].lineno, body[0].end_lineno + 1))
    return len(lines)


def sources(folder):
    """Return the Python files below a folder."""
    return sorted((ROOT / folder).rglob("*.py"))


def backend_lines(name):
    """Return the code lines of a backend: everything but its plugin file and its fused ops."""
    folder, other = BACKENDS[name]
    files = [path for path in sources(f"backends/{folder}") if path.name not in ("__init__.py", other) and not path.name.startswith("fused")]
    return sum(map(code_lines, files))


def framework_imports():
    """Return the imports of frameworks in polykeras/."""
    found = []
    for path in sources("polykeras"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found += [f"{path.name}:{node.lineno} {name}" for name in names if name.split(".")[0] in FRAMEWORKS]
    return found


def backend_comparisons():
    """Return the comparisons with a backend's name in polykeras/."""
    found = []
    for path in sources("polykeras"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare):
                values = [c.value for c in ast.walk(node) if isinstance(c, ast.Constant)]
                found += [f"{path.name}:{node.lineno}" for value in values if value in BACKENDS]
    return found


def function_lengths():
    """Return the length in lines of every function in polykeras/ and backends/."""
    found = []
    for path in (*sources("polykeras"), *sources("backends")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.append(node.end_lineno - node.lineno + 1)
    return sorted(found)


def percentile(values, share):
    """Return the value that a share of the sorted values do not exceed."""
    return values[min(int(len(values) * share), len(values) - 1)]


def modules_loaded():
    """Return how many modules `import polykeras` loads, and the frameworks among them."""
    script = "import sys; before = set(sys.modules); import polykeras; print(*(set(sys.modules) - before))"
    names = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    return len(names), sorted({name.split(".")[0] for name in names} & set(FRAMEWORKS))


def skips():
    """Return how many skips and expected failures the tests and the suite state."""
    text = "\n".join(path.read_text() for folder in ("tests", "conformance") for path in sources(folder) if path != pathlib.Path(__file__))
    return len(re.findall(r"pytest\.skip\(|mark\.skip|mark\.xfail|pytest\.xfail\(|importorskip", text))


def rows():
    """Yield (what, value, limit, whether it is kept)."""
    from polykeras import contract

    count = len(contract.PRIMITIVES)
    yield "primitives", count, "at most 64", count <= contract.MAX_PRIMITIVES
    for name in BACKENDS:
        lines = backend_lines(name)
        yield f"code lines of {name}", lines, "at most 600", lines <= 600
    example = sum(code_lines(path) for path in sources("examples/polykeras-mlx/polykeras_mlx") if path.name != "__init__.py")
    yield "code lines of the example, polykeras-mlx", example, "at most 400", example <= 400
    frameworks, comparisons = framework_imports(), backend_comparisons()
    yield "framework imports in polykeras/", len(frameworks), "0", not frameworks
    yield "comparisons with a backend's name", len(comparisons), "0", not comparisons
    loaded, heavy = modules_loaded()
    yield "modules loaded by import polykeras", loaded, "watched", True
    yield "frameworks among them", len(heavy), "0", not heavy
    files = sorted(path.read_text().count("\n") for folder in ("polykeras", "backends", "conformance") for path in sources(folder))
    yield "file length, 9 of 10 within", percentile(files, 0.9), "at most 400", percentile(files, 0.9) <= 400
    functions = function_lengths()
    yield "function length, 99 of 100 within", percentile(functions, 0.99), "at most 60", percentile(functions, 0.99) <= 60
    yield "skips and xfails in tests", skips(), "watched", True


def main():
    """Print the table; leave with 1 if a limit is broken."""
    table = Table("What", "Value", "Limit", "", title="House numbers")
    kept = True
    for what, value, limit, fine in rows():
        table.add_row(what, str(value), limit, "[green]kept[/]" if fine else "[red]broken[/]")
        kept = kept and fine
    Console(width=100).print(table)
    for line in (*framework_imports(), *backend_comparisons()):
        print(line)
    layering = subprocess.run([sys.executable, "-m", "pytest", "-q", str(ROOT / "tests/test_layering.py")], capture_output=True, text=True)
    print("layering:", layering.stdout.strip().splitlines()[-1])
    sys.exit(0 if kept and layering.returncode == 0 else 1)


if __name__ == "__main__":
    main()
