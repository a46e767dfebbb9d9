"""The report as text for a terminal: the culprit, the tree, the worst tensors, the curve in one line each."""

import io
import math

MARKS = {"first": ("✗", "bold red"), "over": ("~", "yellow"), "fine": ("✓", "green")}
BARS = "▁▂▃▄▅▆▇█"
WORST = 8  # rows of the table


def text(report, colour=False, width=110):
    """Return the report as text; the first line is the culprit."""
    from rich.console import Console  # here: rich takes a tenth of a second to import

    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=colour, color_system="standard" if colour else None, highlight=False)
    console.print(report.headline, style="green" if report.agrees else "bold red", soft_wrap=True, markup=False)
    for part in _parts(report):
        console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _parts(report):
    yield ""
    if report.first_divergence is not None:
        yield from _details(report.first_divergence)
    if report.calls:
        yield tree(report)
        yield ""
    if report.rows:
        yield table(report)
    yield from (f"Free run, {line}" for line in curves(report))
    from rich.markup import escape

    yield from (escape(note) for note in report.notes)


def _details(found):
    from rich.markup import escape

    culprit = found.culprit
    if culprit is None:
        return
    gap = culprit.gap
    yield escape(f"  {'gradient of ' if culprit.gradient else ''}{culprit.text}")
    yield escape(
        f"  on equal inputs: {found.backends[0]} {gap.expected}, {found.backends[1]} {gap.got} at {list(gap.index)}; "
        f"{gap.gap:.3g} apart where {gap.allowed:.3g} is allowed ({gap.ulps:.3g} ulps of the largest, {gap.scale:.3g})"
    )
    yield ""


def branches(report):
    """Return (depth, path, class, mark, largest share of the budget) of every layer call, a layer before those within."""
    shares = {}
    for row in report.rows:
        if row.phase == "forward":
            name = row.tensor.partition("[")[0]
            shares[name] = max(shares.get(name, 0.0), row.share)
    marks, ordered = report.marks(), []
    for call in report.calls:  # calls are in the order of their ends; one goes before those within it
        place = len(ordered)
        while place and ordered[place - 1].depth > call.depth and (not call.depth or ordered[place - 1].path.startswith(call.path + "/")):
            place -= 1
        ordered.insert(place, call)
    return [(call.depth, call.label, type(call.layer).__name__, marks[call.label], shares.get(call.label)) for call in ordered]


def tree(report):
    """Return the model as a tree with a mark at each layer."""
    from rich.text import Text
    from rich.tree import Tree

    root, stack = None, []
    for depth, path, kind, mark, share in branches(report):
        sign, style = MARKS[mark]
        used = "" if share is None else f"  {share:.0%} of its budget" if share < 10 else f"  {share:.2g} times its budget"
        label = Text.assemble((sign, style), f" {path.rpartition('/')[2]} ", (kind, "dim"), (used, style if mark != "fine" else "dim"))
        if root is None:
            root = Tree(label)
            stack = [root]
            continue
        del stack[depth:]
        stack.append((stack[-1] if stack else root).add(label))
    return root


def table(report):
    """Return the worst tensors as a table."""
    from rich.table import Table
    from rich.text import Text

    made = Table(title=f"Worst of {len(report.rows)} tensors over {report.span}", title_justify="left", header_style="bold")
    for name, justify in (("Phase", "left"), ("Tensor", "left"), ("Step", "right"), ("Backend", "left"), ("Gap", "right"), ("Allowed", "right"), ("Ulps", "right"), ("Used", "right")):
        made.add_column(name, justify=justify, overflow="fold")
    for row in report.rows[:WORST]:
        gap = row.gap
        cells = (row.phase, row.tensor, str(row.step), row.backend, f"{gap.gap:.3g}", f"{gap.allowed:.3g}", f"{gap.ulps:.3g}", used(row))
        made.add_row(*(Text(cell) for cell in cells), style="red" if row.over else None)
    return made


def used(row):
    """Return what a row used of its budget, in words."""
    return "amplified" if row.excused else part(row.share)


def part(share):
    """Return a share of the budget in words."""
    return "not exact" if math.isinf(share) else f"{share:.0%}" if share < 10 else f"{share:.2g} x"


def curves(report):
    """Return a line for each backend: how far its loss is from the first's when it runs on its own, from 1e-16 to 1."""
    lines = []
    for name in report.backends[1:]:
        gaps = [row[name][1] for row in report.curve if name in row]
        if gaps:
            bars = "".join(BARS[level(gap)] for gap in gaps)
            what = "losses" if report.curve[0][name][0] is not None else "outputs"
            lines.append(f"{name}: {bars} the {what} are {gaps[0]:.2g} apart in step 1, {gaps[-1]:.2g} in step {len(gaps)}")
    return lines


def level(gap):
    """Return the height of a bar for a relative gap: a logarithmic scale from 1e-16 to 1."""
    return 0 if gap <= 1e-16 else max(0, min(7, round((math.log10(gap) + 16) / 16 * 7))) if math.isfinite(gap) else 7
