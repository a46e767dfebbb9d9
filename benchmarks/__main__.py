"""`python -m benchmarks`: polykeras, Keras 3 and loops written by hand, side by side, rounds interleaved."""

import json

import click
from rich.console import Console

from benchmarks import alternating, contenders, report, scaling, suite
from benchmarks.workloads import WORKLOADS

QUICK = [("dense-32", "train"), ("dense-32", "predict"), ("lstm", "train")]
OUTPUTS = (
    click.option("--framework", "frameworks", multiple=True, type=click.Choice(contenders.FRAMEWORKS), help="Only these; may be given several times."),
    click.option("--rounds", type=int, help="How often each contender runs, in turn with the others; 3, but 1 in scaling and with --quick."),
    click.option("--epochs", type=int, help="Epochs timed in each run at least; 5, but 3 with --quick."),
    click.option("--json", "json_path", type=click.Path(), help="Write all figures to a file."),
    click.option("--plot", "plot_path", type=click.Path(), help="Write a picture to a PNG."),
    click.option("--quick", is_flag=True, help="A little, once: does it run, and is it about right? Minutes."),
)


def _options(function):
    for option in reversed(OUTPUTS):
        function = option(function)
    return function


def _run(console, work, show, json_path, **given):
    """Run everything, and write and show what there is so far after each piece; return the Rows."""
    rows = []
    for done in suite.measure(work, tell=lambda line: console.print(line, style="dim", highlight=False), **given):
        rows += done
        show(done)
        if json_path:
            report.write(json_path, rows, rounds=given["rounds"], epochs=given["epochs"])
    return rows


def _finish(console, rows, tables):
    for table in tables:
        console.print(table)
    for note in report.notes(rows):
        console.print(f"! {note}", style="yellow", highlight=False, markup=False)


@click.group(invoke_without_command=True)
@click.option("--workload", "names", multiple=True, type=click.Choice(list(WORKLOADS)), help="Only these; may be given several times.")
@click.option("--predict/--no-predict", default=True, show_default=True, help="Whether predict is timed beside fit.")
@_options
@click.pass_context
def main(context, names, predict, frameworks, rounds, epochs, json_path, plot_path, quick):
    """Time every workload on every framework and print tables."""
    if context.invoked_subcommand:
        return
    console = Console(width=180)
    kinds = contenders.KINDS if predict else contenders.KINDS[:1]
    work = [(name, kind) for name in names or WORKLOADS for kind in kinds]
    if quick and not names:
        work = [piece for piece in QUICK if piece in work]
    given = {"rounds": rounds or (1 if quick else 3), "epochs": epochs or (3 if quick else 5), "hand": contenders.QUICK if quick else contenders.HAND}
    show = lambda done: console.print(report.table(done[0].workload, done[0].kind, done))
    rows = _run(console, work, show, json_path, frameworks=frameworks or contenders.FRAMEWORKS, **given)
    _finish(console, rows, [report.summary(rows)])
    if plot_path:
        from benchmarks import plots

        plots.bars(rows, plot_path)


@main.command("ratios")
@click.option("--workload", "names", multiple=True, type=click.Choice(list(WORKLOADS)), help="Only these; may be given several times.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(contenders.KINDS), help="Only this.")
@click.option("--framework", "frameworks", multiple=True, type=click.Choice(contenders.FRAMEWORKS), help="Only these; may be given several times.")
@click.option("--rounds", type=int, default=9, show_default=True, help="How many turns each contender has.")
@click.option("--json", "json_path", type=click.Path(), help="Write all figures to a file.")
def turns(names, kinds, frameworks, rounds, json_path):
    """Compare contenders that take turns in one process, for ratios on a noisy machine."""
    console, rows = Console(width=180), []
    tell = lambda line: console.print(line, style="dim", highlight=False)
    for row in alternating.measure(names or WORKLOADS, kinds or contenders.KINDS, frameworks or contenders.FRAMEWORKS, rounds, tell):
        rows.append(row)
        console.print(alternating.table([row]) if not row.failure else f"! {row.failure}", highlight=False)
        if json_path:
            with open(json_path, "w") as file:
                json.dump({**report.machine(), "rounds": rounds, "rows": [row._asdict() for row in rows]}, file, indent=1)
    console.print(alternating.table(rows))


@main.command("scaling")
@_options
def grow(frameworks, rounds, epochs, json_path, plot_path, quick):
    """Time steps against batch size, depth and number of parameter tensors, and the first step against depth."""
    console = Console(width=180)
    given = {"rounds": rounds or 1, "epochs": epochs or (3 if quick else 5), "hand": contenders.QUICK if quick else contenders.SCALING}
    work = scaling.work(scaling.QUICK_SIZES if quick else scaling.SIZES)
    rows = _run(console, work, lambda done: None, json_path, frameworks=frameworks or contenders.FRAMEWORKS, **given)
    _finish(console, rows, scaling.tables(rows))
    if plot_path:
        from benchmarks import plots

        plots.curves(scaling.lines(rows), plot_path)


if __name__ == "__main__":
    main()
