"""`python -m benchmarks`: microseconds per step of the Dense workload, side by side, rounds interleaved."""

import importlib
import json
import os
import statistics
import subprocess
import sys

import click
from rich.console import Console
from rich.table import Table

BACKENDS = ("numpy", "jax", "torch", "tensorflow", "tensorflow_graph")
KERAS_NAMES = {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow"}  # Keras has no graph backend; its NumPy one does not train


def runners():
    """Return (backend, contender) pairs."""
    for backend in BACKENDS:
        yield backend, "polykeras"
        yield backend, "hand"
        if backend in KERAS_NAMES:
            yield backend, "keras"


def measure(backend, contender, batch, epochs):
    """Run one contender in a process of its own and return what it printed."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": KERAS_NAMES.get(backend, "")}
    command = [sys.executable, "-m", "benchmarks", "one", backend, contender, str(batch), str(epochs)]
    made = subprocess.run(command, env=environment, capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(f"{backend} {contender} failed:\n{made.stderr[-2000:]}")
    return json.loads(made.stdout.splitlines()[-1])


@click.group(invoke_without_command=True)
@click.option("--batch", default=32, show_default=True)
@click.option("--rounds", default=3, show_default=True, help="How often each contender runs, in turn with the others.")
@click.option("--epochs", default=5, show_default=True, help="Epochs timed in each run.")
@click.option("--json", "path", type=click.Path(), help="Write all figures to a file.")
@click.pass_context
def main(context, batch, rounds, epochs, path):
    """Time everything and print a table."""
    if context.invoked_subcommand:
        return
    pairs = list(runners())
    results = {pair: [] for pair in pairs}
    console = Console()
    for number in range(rounds):
        for pair in pairs:
            console.print(f"round {number + 1}/{rounds}: {pair[1]} on {pair[0]}", style="dim")
            results[pair].append(measure(*pair, batch, epochs))
    show(console, results, batch)
    if path:
        rows = [{"backend": b, "contender": c, "runs": runs} for (b, c), runs in results.items()]
        with open(path, "w") as file:
            json.dump({"batch": batch, "rows": rows}, file, indent=1)


def show(console, results, batch):
    """Print the median over runs of each run's median epoch, its spread, and the ratios."""
    table = Table(title=f"Dense 784-128-10, batch {batch}: microseconds per step")
    for column in ("backend", "polykeras", "hand-written", "Keras 3", "polykeras / hand", "polykeras / Keras"):
        table.add_column(column, justify="right")
    for backend in BACKENDS:
        mine, hand, keras = (middle(results.get((backend, name))) for name in ("polykeras", "hand", "keras"))
        spread = [statistics.median(run["us"]) for run in results[backend, "polykeras"]]
        table.add_row(
            backend,
            f"{mine:,.0f} ({min(spread):,.0f}-{max(spread):,.0f})",
            f"{hand:,.0f}",
            f"{keras:,.0f}" if keras else "-",
            f"{mine / hand:.2f}",
            f"{mine / keras:.2f}" if keras else "-",
        )
    console.print(table)


def middle(runs):
    """Return the median over runs of each run's median epoch; None of no runs."""
    return statistics.median(statistics.median(run["us"]) for run in runs) if runs else None


@main.command(hidden=True)
@click.argument("backend")
@click.argument("contender")
@click.argument("batch", type=int)
@click.argument("epochs", type=int)
def one(backend, contender, batch, epochs):
    """Run one contender."""
    if contender == "hand":
        importlib.import_module(f"benchmarks.hand.{backend}_loop").run(batch, epochs)
    else:
        module = importlib.import_module("benchmarks.fit_loop")
        getattr(module, contender)(backend, batch, epochs)


if __name__ == "__main__":
    main()
