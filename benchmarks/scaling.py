"""How the cost grows: with the batch, with depth, with the number of parameter tensors; and to the first step, with depth."""

from rich.table import Table

from benchmarks import report

SIZES = {"batch": (8, 32, 128, 512, 2048), "depth": (2, 4, 8, 16, 32, 64), "tensors": (4, 10, 34, 130)}
QUICK_SIZES = {"batch": (32, 512), "depth": (2, 16), "tensors": (4, 34)}
LABELS = {"batch": "batch size", "depth": "hidden layers", "tensors": "parameter tensors"}


def work(sizes):
    """Return [(workload, "train")] of every family at every size."""
    return [(f"{family}-{size}", "train") for family in sizes for size in sizes[family]]


def lines(rows):
    """Return {title: (x label, y label, {framework: {contender: [(x, y)]}})}."""
    made = {}
    for (workload, _), members in report.groups(rows).items():
        family, _, size = workload.partition("-")
        _add(made, f"step, {family}", LABELS[family], "us per step", members, int(size), "us")
        if family == "depth":
            _add(made, "first step, depth", LABELS[family], "s to the first step", members, int(size), "first_step_s")
    return made


def _add(made, title, x_label, y_label, rows, size, figure):
    _, _, curve = made.setdefault(title, (x_label, y_label, {}))
    for framework, named in report.frameworks(rows).items():
        for name, row in named.items():
            curve.setdefault(framework, {}).setdefault(name, []).append((size, row.middle(figure)))


def tables(rows):
    """Return a table for each curve."""
    return [_table(title, *line) for title, line in lines(rows).items()]


def _table(title, x_label, y_label, made):
    sizes = sorted({x for named in made.values() for points in named.values() for x, _ in points})
    table = Table(title=f"{title}: {y_label}", header_style="bold")
    for column in ("framework", "contender", *(str(size) for size in sizes)):
        table.add_column(column, justify="left" if column in ("framework", "contender") else "right")
    form = "{:.2f}" if y_label.startswith("s ") else "{:,.0f}"
    for framework, named in made.items():
        for name, points in named.items():
            at = dict(points)
            table.add_row(framework, name, *(form.format(at[size]) if size in at else "-" for size in sizes))
    return table
