"""The command line: `polykeras backends`, `polykeras demo`, `polykeras parity`."""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

import click
from rich.console import Console
from rich.table import Table

from polykeras.errors import PolykerasError
from polykeras.plugins import DISABLE, registry


@click.group(help="One Keras API, any backend, the same training numbers.", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="polykeras")
def main():
    """Run a command."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # a command's own process: less noise on stderr


@main.command(help="List the backends: name, status, version, devices, where each comes from, or why it cannot be used.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def backends(as_json):
    """Print what backends there are, importing none of their frameworks."""
    rows = [
        {
            "name": offer.name,
            "status": offer.status,
            "version": offer.version,
            "devices": list(offer.devices),
            "source": offer.source,
            "fault": offer.fault,
        }
        for offer in registry.offers()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table(title=None, header_style="bold")
    for column in ("Backend", "Status", "Version", "Devices", "From", "Why not"):
        table.add_column(column, overflow="fold", no_wrap=column == "Backend")
    for row in rows:
        style = "red" if row["fault"] else "green"
        table.add_row(row["name"], f"[{style}]{row['status']}[/]", row["version"], ", ".join(row["devices"]), row["source"], row["fault"])
    _console().print(table)
    if os.environ.get(DISABLE):
        click.echo(f"{DISABLE}={os.environ[DISABLE]} hides some.")


@main.command(help="Train one small CNN on each backend and show the losses side by side.")
@click.option("--backends", "names", default="all", show_default=True, help="Names separated by commas, or all that are installed.")
@click.option("--dtype", type=click.Choice(["float32", "float64"]), default="float32", show_default=True)
@click.option("--data", "data_name", type=click.Choice(["digits", "mnist"]), default="digits", show_default=True)
@click.option("--epochs", type=click.IntRange(min=1), default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
@click.option("--plot", "plot_path", type=click.Path(dir_okay=False, writable=True), help="Write the curves to a PNG file.")
def demo(names, dtype, data_name, epochs, as_json, plot_path):
    """Train on each backend and compare."""
    from polykeras import config
    from polykeras import demo as demo_module

    with _friendly():
        config.set_floatx(dtype)
        data = demo_module.DATA[data_name]()
        with _quiet_stderr():
            chosen = [name for name in demo_module.usable(names) if registry.load(name)]
        rows = _trained(demo_module, chosen, data, epochs, quiet=as_json)
        if plot_path:
            demo_module.plot(rows, plot_path)
    apart = demo_module.divergence(rows)
    if as_json:
        click.echo(json.dumps({"data": data_name, "dtype": dtype, "largest_relative_difference": apart, "backends": rows}, indent=2))
        return
    _show(rows, apart, dtype)
    if plot_path:
        click.echo(f"Curves: {plot_path}")


@main.command(help="Run FILE.py:build on several backends in lockstep and say where the numbers part. build() returns (model, x, y), or a dict of arguments of parity.compare. Exit status: 0 they agree, 1 they part, 2 an error.")
@click.argument("target", metavar="FILE.py:build")
@click.option("--backends", "names", help="Names separated by commas; the others are compared with the first. All that are installed, where not given.")
@click.option("--steps", type=click.IntRange(min=1), help="Number of steps; 20 where neither this nor build() says.")
@click.option("--batch-size", type=click.IntRange(min=1), help="Samples a batch; 32 where neither this nor build() says.")
@click.option("--html", "html_path", type=click.Path(dir_okay=False, writable=True), help="Write the report as a page.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def parity(target, names, steps, batch_size, html_path, as_json):
    """Compare, and leave with the outcome."""
    from polykeras.parity import command, drawing

    with _failing_with_status_2():
        report = command.report(target, names, steps, batch_size)
        if html_path:
            report.to_html(html_path)
    click.echo(report.to_json() if as_json else drawing.text(report, colour=sys.stdout.isatty(), width=_console().width))
    if html_path and not as_json:
        click.echo(f"Page: {html_path}")
    sys.exit(command.AGREE if report.agrees else command.PART)


@main.command(help="Run the conformance suite on backends, several side by side, and leave with pytest's exit status.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--lane", "lanes", multiple=True, help="A lane to run; may be given several times. All where not given.")
@click.option("--case", help="The one case to run, as a report names it.")
@click.option("--report", "path", type=click.Path(dir_okay=False, writable=True), help="Write a page, and the same as JSON beside it.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes to run in; needs pytest-xdist.")
def conformance(names, lanes, case, path, workers):
    """Run pytest on the suite once per backend, each in a process of its own, whose memory goes with it; then merge the reports."""
    with _friendly():
        for module, distribution in (("pytest", "polykeras[conformance]"), ("polykeras_conformance", "polykeras"), ("xdist", "pytest-xdist")):
            if importlib.util.find_spec(module) is None and (workers or module != "xdist"):
                raise PolykerasError(f"The conformance suite needs {module}, which is not installed. Install it: pip install '{distribution}'")
    wanted = {case.partition("/")[0]} if case else set(lanes)
    modules = [f"polykeras_conformance.test_{lane}" for lane in sorted(wanted)]
    if not modules or not all(map(importlib.util.find_spec, modules)):
        modules = ["polykeras_conformance"]
    spread = ["-n", str(workers), "--dist=loadgroup"] if workers else []
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *spread, "--pyargs", *modules]
    names = registry.names() if names == ("all",) else names
    with tempfile.TemporaryDirectory() as folder:
        reports = [f"{folder}/{index}.json" for index in range(len(names))] if len(names) > 1 else [path]
        statuses = []
        for name, report in zip(names, reports):
            given = {"--pk-backend": name, "--pk-lane": ",".join(lanes), "--pk-case": case, "--pk-report": path and report}
            options = [f"{option}={value}" for option, value in given.items() if value]
            statuses.append(subprocess.run([*command, *options], check=False).returncode)
        made = [report for report in reports if path and os.path.exists(report)]
        if len(names) > 1 and made:
            subprocess.run([sys.executable, "-m", "polykeras_conformance.merge", path, *made], check=True)
    sys.exit(max(statuses))


@main.command("new-backend", help="Write the beginnings of a backend of your own: a distribution with every primitive yet to be written.")
@click.argument("name")
@click.option("--dir", "folder", type=click.Path(file_okay=False), help="Where; polykeras-NAME in this folder by default.")
def new_backend(name, folder):
    """Write a backend's skeleton."""
    from polykeras import skeleton

    with _friendly():
        for path in skeleton.write(name, folder or f"polykeras-{name}"):
            click.echo(str(path))
    click.echo(f"Next: pip install -e {folder or f'polykeras-{name}'}, then write primitives.py from the top; docs/write-a-backend.md leads the way.")


def _console():
    """Return a console for tables: as wide as the terminal, wide enough for a file."""
    return Console() if sys.stdout.isatty() else Console(width=120)


def _trained(demo_module, names, data, epochs, quiet):
    """Train on each backend, with a bar for each."""
    from rich import progress

    columns = (
        progress.TextColumn("{task.description:<18}"),
        progress.BarColumn(bar_width=30),
        progress.TextColumn("epoch {task.completed:.0f}/{task.total:.0f}"),
        progress.TimeElapsedColumn(),
        progress.TextColumn("{task.fields[note]}"),
    )
    rows = []
    with progress.Progress(*columns, disable=quiet, console=Console(stderr=True)) as bars:
        tasks = {name: bars.add_task(name, total=epochs, note="", start=False) for name in names}
        for name in names:
            bars.start_task(tasks[name])

            def tell(epoch, logs, task=tasks[name]):
                bars.update(task, completed=epoch, note=f"loss {logs['loss']:.4f}")

            rows.append(demo_module.train(name, data, epochs, tell))
            bars.stop_task(tasks[name])
    return rows


def _show(rows, apart, dtype):
    digits = 8 if dtype == "float32" else 13
    table = Table(title=f"Loss of each epoch ({dtype})", header_style="bold")
    table.add_column("Epoch", justify="right", no_wrap=True)
    for row in rows:
        table.add_column(row["backend"], justify="right", overflow="fold")
    for epoch, values in enumerate(zip(*(row["loss"] for row in rows)), 1):
        table.add_row(str(epoch), *(f"{value:.{digits}g}" for value in values))
    table.add_section()
    table.add_row("accuracy", *(f"{row['accuracy'][-1]:.4f}" for row in rows))
    table.add_row("us per step", *(f"{row['microseconds_per_step']:,.0f}" for row in rows))
    _console().print(table)
    if len(rows) > 1:
        click.echo(f"Largest relative difference from {rows[0]['backend']}: {apart:.2g}")
    missing = dict.fromkeys(f"{offer.name} ({offer.fault})" for offer in registry.offers() if offer.fault)
    if missing:
        click.echo(f"Not run: {'; '.join(missing)}.")


@contextlib.contextmanager
def _quiet_stderr():
    """Drop what frameworks write to stderr while they are imported, some of it past Python."""
    sys.stderr.flush()
    kept, sink = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)


@contextlib.contextmanager
def _friendly():
    """Print polykeras's own errors as one line and leave with status 2."""
    try:
        yield
    except PolykerasError as error:
        click.echo(f"polykeras: {error}", err=True)
        sys.exit(2)


@contextlib.contextmanager
def _failing_with_status_2():
    """Print any error, a user's function's too, and leave with status 2: status 1 has a meaning of its own."""
    try:
        yield
    except Exception as error:
        if not isinstance(error, PolykerasError):
            import traceback

            traceback.print_exc()
        click.echo(f"polykeras: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
