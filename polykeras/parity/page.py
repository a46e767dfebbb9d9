"""The report as one HTML page: nothing is loaded from elsewhere, the curves are drawn in SVG."""

import html as escape_module
import math

from polykeras.parity import drawing

COLOURS = ("#2563eb", "#d97706", "#059669", "#9333ea", "#dc2626")
ROWS = 40  # of the table
SIGNS = {"first": "✕", "over": "~", "fine": "✓"}

STYLE = """
:root { --ink: #0f172a; --soft: #64748b; --line: #e2e8f0; --paper: #ffffff; --ground: #f1f5f9; --good: #059669; --bad: #dc2626; --warn: #d97706; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e2e8f0; --soft: #94a3b8; --line: #334155; --paper: #1e293b; --ground: #0f172a; --good: #34d399; --bad: #f87171; --warn: #fbbf24; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 20px 64px; display: grid; gap: 20px; }
section, header { background: var(--paper); border-radius: 14px; padding: 22px 26px; box-shadow: 0 1px 3px rgb(0 0 0 / .12); overflow-x: auto; }
header { border-left: 8px solid var(--tone); }
h1 { margin: 0 0 2px; font-size: 27px; letter-spacing: -.01em; } h2 { margin: 0 0 12px; font-size: 16px; }
.sub { color: var(--soft); } .tone { color: var(--tone); } code { font: 13px/1.5 ui-monospace, monospace; }
.path { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; margin: 16px 0 4px; }
.chip { padding: 5px 13px; border-radius: 99px; border: 1px solid var(--line); } .chip b { display: block; font-size: 11px; color: var(--soft); font-weight: 500; }
.chip.last { background: var(--bad); color: white; border-color: transparent; } .chip.last b { color: inherit; opacity: .8; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 12px; margin-top: 14px; }
.box { border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; } .box span { display: block; color: var(--soft); font-size: 12px; }
.box strong { font: 600 19px ui-monospace, monospace; }
.hint { margin: 16px 0 0; padding: 10px 14px; border-radius: 10px; background: color-mix(in srgb, var(--warn) 15%, transparent); }
.tree { display: grid; grid-template-columns: minmax(240px, 1fr) minmax(160px, 1fr) 84px; gap: 3px 14px; align-items: center; }
.first { color: var(--bad); font-weight: 700; } .over { color: var(--warn); } .fine { color: var(--good); }
.track { height: 9px; border-radius: 9px; background: var(--line); overflow: hidden; } .bar { height: 100%; border-radius: 9px; background: currentColor; min-width: 2px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } th { text-align: left; color: var(--soft); font-weight: 500; font-size: 13px; }
td, th { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); white-space: nowrap; } td.n, th.n { text-align: right; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; } svg .grid { stroke: var(--line); }
"""


def html(report):
    """Return the page."""
    tone = "var(--good)" if report.agrees else "var(--bad)"
    title = f"{' and '.join(report.backends)} {'agree' if report.agrees else 'part'}"
    parts = [_head(report, title, tone), _tree(report), _curves(report), _table(report), _notes(report)]
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(report.model_name)}: {_text(title)}</title><style>{STYLE}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def _text(value):
    return escape_module.escape(str(value))


def _head(report, title, tone):
    sub = f"{_text(report.kind)} <b>{_text(report.model_name)}</b>, {report.span}, {len(report.rows)} tensors compared."
    found = report.first_divergence
    if found is None:
        return f'<header style="--tone: {tone}"><h1 class="tone">✓ {_text(title)}</h1><div class="sub">{sub}</div><p>{_text(report.headline)}</p></header>'
    chips = [("step", found.step), ("phase", found.phase), ("tensor", found.tensor), (found.kind or "where", found.layer)]
    chips += [("gradient of op" if found.culprit.gradient else "op", found.op)] if found.culprit else []
    path = "<span>→</span>".join(
        f'<span class="chip{" last" if index == len(chips) - 1 else ""}"><b>{_text(name)}</b>{_text(value)}</span>' for index, (name, value) in enumerate(chips)
    )
    gap = found.culprit.gap if found.culprit else found.gap
    boxes = ""
    if gap is not None:
        at = f" at {list(gap.index)}" if gap.index else ""
        rows = [(found.backends[0] + at, gap.expected), (found.backends[1] + at, gap.got), ("apart", f"{gap.gap:.3g}"), ("allowed", f"{gap.allowed:.3g}")]
        boxes = '<div class="pair">' + "".join(f'<div class="box"><span>{_text(name)}</span><strong>{_text(value)}</strong></div>' for name, value in rows) + "</div>"
    call = f"<p><code>{_text(found.culprit.text)}</code></p>" if found.culprit else ""
    hint = f'<p class="hint">{_text(found.hint)}</p>' if found.hint else ""
    return (
        f'<header style="--tone: {tone}"><h1 class="tone">✕ {_text(title)}</h1><div class="sub">{sub}</div>'
        f'<div class="path">{path}</div>{call}{boxes}{hint}</header>'
    )


def _tree(report):
    rows = []
    for depth, path, kind, mark, share in drawing.branches(report):
        name = f'<span class="{mark}">{SIGNS[mark]} {_text(path.rpartition("/")[2])}</span> <span class="sub">{_text(kind)}</span>'
        bar = "" if share is None else f'<div class="track {mark}"><div class="bar" style="width: {_width(share):.0f}%"></div></div>'
        rows.append(f'<div style="padding-left: {depth * 22}px">{name}</div><div>{bar}</div><div class="sub">{"" if share is None else drawing.part(share)}</div>')
    if not rows:
        return ""
    return f'<section><h2>The model, and how much of its budget each layer uses (logarithmic: half a bar is all of it)</h2><div class="tree">{"".join(rows)}</div></section>'


def _width(share):
    """Return the width of a bar in percent: logarithmic, half of it is the whole budget."""
    return 0 if share <= 0 else 100 if math.isinf(share) else max(0.0, min(100.0, 50 + 12.5 * math.log10(share)))


def _table(report):
    if not report.rows:
        return ""
    names = ("Phase", "Tensor", "Step", "Backend", "Gap", "Allowed", "Ulps", "Used")
    head = "".join(f'<th class="{"n" if index in (2, 4, 5, 6, 7) else ""}">{name}</th>' for index, name in enumerate(names))
    body = ""
    for row in report.rows[:ROWS]:
        gap = row.gap
        cells = (row.phase, row.tensor, row.step, row.backend, f"{gap.gap:.3g}", f"{gap.allowed:.3g}", f"{gap.ulps:.3g}", drawing.used(row))
        body += f'<tr class="{"over" if row.over else ""}">' + "".join(
            f'<td class="{"n" if index in (2, 4, 5, 6, 7) else ""}">{_text(cell)}</td>' for index, cell in enumerate(cells)
        ) + "</tr>"  # fmt: skip
    return f"<section><h2>Worst tensors</h2><table><tr>{head}</tr>{body}</table></section>"


def _notes(report):
    if not report.notes:
        return ""
    return f"<section><h2>Notes</h2>{''.join(f'<div><code>{_text(note)}</code></div>' for note in report.notes)}</section>"


def _curves(report):
    others = report.backends[1:]
    free = {name: [row[name][1] for row in report.curve if name in row] for name in others}
    locked = {name: [row[name] for row in report.shares if name in row] for name in others}
    made = ""
    if any(free.values()):
        what = "losses" if report.curve[0][others[0]][0] is not None else "outputs"
        made += f"<h2>Each on its own: how far the {what} are from {_text(report.backends[0])}'s, relative</h2>" + chart(free)
    if len(report.shares) > 1:
        made += "<h2>In lockstep: the largest share of the budget in each step</h2>" + chart(locked, line=1.0)
    return f"<section>{made}</section>" if made else ""


def chart(series, line=None, width=1000, height=230):
    """Return curves on a logarithmic scale as SVG.

    Args:
        series: {name: values, one a step}; what is 0 lies on the floor.
        line: a value to draw across.
    """
    left, bottom, top, right = 62, 30, 14, 118
    finite = [value for values in series.values() for value in values if value > 0 and math.isfinite(value)] + ([line] if line else [])
    high = math.ceil(math.log10(max(finite, default=1e-7)) + 1e-9)
    low = min(math.floor(math.log10(min(finite, default=1e-8))), high - 1) - 1
    steps = max(len(values) for values in series.values())

    def place(step, value):
        power = low if value <= 0 else high if not math.isfinite(value) else math.log10(value)
        x = left + (width - left - right) * (step / max(steps - 1, 1))
        return x, top + (height - top - bottom) * (high - power) / (high - low)

    parts = []
    stride = max(1, (high - low) // 5)
    for power in range(low, high + 1, stride):
        y = place(0, 10.0**power)[1]
        label = "equal" if power == low else f"1e{power}"
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}"/><text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for step in range(0, steps, max(1, steps // 10)):
        parts.append(f'<text x="{place(step, 1)[0]:.1f}" y="{height - 8}" text-anchor="middle">{step + 1}</text>')
    if line:
        y = place(0, line)[1]
        parts.append(f'<line x1="{left}" x2="{width - right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dc2626" stroke-dasharray="5 4"/><text x="{width - right + 8}" y="{y + 4:.1f}">budget</text>')
    for index, (name, values) in enumerate(series.items()):
        points = [place(step, value) for step, value in enumerate(values)]
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-linejoin="round"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"><title>{_text(name)}, step {step + 1}: {value:.3g}</title></circle>' for step, ((x, y), value) in enumerate(zip(points, values))]
        if points:
            y = points[-1][1] + 15 * (index - (len(series) - 1) / 2)
            parts.append(f'<text x="{points[-1][0] + 10:.1f}" y="{y + 4:.1f}" style="fill: {colour}; font-weight: 600">{_text(name)}</text>')
    return f'<svg viewBox="0 0 {width} {height}" width="100%" role="img">{"".join(parts)}</svg>'
