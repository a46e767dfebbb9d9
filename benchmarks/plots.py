"""Pictures of the rows: bars for workloads, curves for what grows."""

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

from benchmarks import report  # noqa: E402

COLOURS = {"polykeras": "tab:blue", "hand": "tab:gray", "keras": "tab:red"}
LABELS = {"polykeras": "polykeras", "hand": "best by hand", "keras": "Keras 3"}


def bars(rows, path):
    """Write a PNG: microseconds per step of each contender on each framework, one panel a workload."""
    found = report.groups(rows)
    across = min(4, len(found))
    figure, panels = pyplot.subplots(-(-len(found) // across), across, figsize=(5 * across, 3.6 * -(-len(found) // across)), squeeze=False)
    for panel in panels.flat[len(found) :]:
        panel.axis("off")
    for panel, ((workload, kind), members) in zip(panels.flat, found.items()):
        made = report.frameworks(members)
        for place, name in enumerate(COLOURS):
            there = [(index, named[name]) for index, named in enumerate(made.values()) if name in named]
            heights = [row.middle("us") for _, row in there]
            least, most = zip(*(row.spread() for _, row in there)) if there else ((), ())
            errors = [[height - low for height, low in zip(heights, least)], [high - height for height, high in zip(heights, most)]]
            where = [index + 0.27 * (place - 1) for index, _ in there]
            panel.bar(where, heights, 0.27, yerr=errors, color=COLOURS[name], label=LABELS[name], capsize=2)
        panel.set(title=f"{workload}, {kind}", yscale="log", ylabel="us per step", xticks=range(len(made)))
        panel.set_xticklabels([name.replace("tensorflow", "tf") for name in made])
    panels.flat[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def curves(lines, path):
    """Write a PNG: a row of panels for each curve, a column for each framework.

    Args:
        lines: {title: (x label, y label, {framework: {contender: [(x, y)]}})}.
    """
    names = list(dict.fromkeys(name for _, _, made in lines.values() for name in made))
    figure, panels = pyplot.subplots(len(lines), len(names), figsize=(3.6 * len(names), 3 * len(lines)), squeeze=False, sharey="row")
    for row, (title, (x_label, y_label, made)) in zip(panels, lines.items()):
        for panel, framework in zip(row, names):
            for name, points in made.get(framework, {}).items():
                panel.plot(*zip(*points), marker="o", color=COLOURS[name], label=LABELS[name])
            panel.set(title=f"{title}: {framework}", xlabel=x_label, xscale="log", yscale="log")
        row[0].set_ylabel(y_label)
    panels.flat[0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
