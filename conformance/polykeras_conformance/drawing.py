"""Bars and curves as SVG, for the page."""

import html
import math

COLORS = {
    "pass": "var(--pass)", "xfail": "var(--xfail)", "unsupported": "var(--unsupported)", "fail": "var(--fail)", "xpass": "var(--fail)",
    "unreviewed": "var(--fail)", "infra-error": "var(--fail)",
}  # fmt: skip
LINES = ("#3b6fd8", "#d9730d", "#2f9e6e", "#a24bc4", "#c23b5c", "#0e9aa7", "#8a7a18", "#64748b", "#7048e8", "#5c940d", "#e8590c", "#1098ad")
WIDTH, HEIGHT, LEFT, BOTTOM = 260, 130, 34, 16


def key():
    """Return the meaning of the colors."""
    words = {"pass": "pass", "xfail": "admitted", "unsupported": "unsupported", "fail": "to mend"}
    return "<div class=key>" + "".join(f"<span><i style='background:{COLORS[name]}'></i>{word}</span>" for name, word in words.items()) + "</div>"


def bar(found, longest):
    """Return a bar of outcomes and their number, of a length that tells the cases."""
    total = sum(found.values())
    if not total:
        return "<td></td>"
    width, x, parts = 14 + 76 * math.sqrt(total / longest), 0.0, []
    for word, color in COLORS.items():
        if found.get(word):
            part = max(2.0, width * found[word] / total)
            parts.append(f"<rect x='{x:.1f}' width='{part:.1f}' height='10' fill='{color}'/>")
            x += part
    words = html.escape(", ".join(f"{count} {word}" for word, count in found.items()))
    return f"<td title='{words}'><svg width=96 height=10 style='vertical-align:middle'>{''.join(parts)}</svg> <small>{total}</small></td>"


def chart(curves):
    """Return curves of some places over the steps, their allowance shaded, the vertical axis logarithmic."""
    steps = max(len(found["values"]) for _, found in curves)
    sizes = [x for _, found in curves for x in (*found["values"], *found["allowed"]) if x > 0]
    if not sizes or steps < 1:
        return ""
    high, low = math.ceil(math.log10(max(sizes))), math.floor(math.log10(min(sizes)))
    span = max(high - low, 1)
    across = lambda step: LEFT + (WIDTH - LEFT - 6) * (step / max(steps - 1, 1))
    up = lambda value: 6 + (HEIGHT - BOTTOM - 6) * (high - math.log10(value)) / span if value > 0 else HEIGHT - BOTTOM
    points = lambda values: " ".join(f"{across(step):.1f},{up(value):.1f}" for step, value in enumerate(values))
    allowed = max((found["allowed"] for _, found in curves), key=max)
    shade = f"<polygon points='{points(allowed)} {across(len(allowed) - 1):.1f},{HEIGHT - BOTTOM} {LEFT},{HEIGHT - BOTTOM}' fill='var(--pass)' opacity='.12'/>"
    lines = [
        f"<polyline points='{points(found['values'])}' fill=none stroke='{LINES[index % len(LINES)]}' stroke-width=1.6><title>{html.escape(place)}</title></polyline>"
        for index, (place, found) in enumerate(curves)
    ]
    marks = [f"<text x=2 y={up(10.0**power) + 4:.1f} font-size=9 fill='var(--soft)'>1e{power}</text>" for power in (low, high)]
    marks.append(f"<text x={WIDTH - 44} y={HEIGHT - 4} font-size=9 fill='var(--soft)'>{steps} steps</text>")
    names = "".join(f"<span style='color:{LINES[i % len(LINES)]};font-size:11px;margin-right:8px'>{html.escape(place)}</span>" for i, (place, _) in enumerate(curves))
    return f"<svg viewBox='0 0 {WIDTH} {HEIGHT}' width='100%'>{shade}{''.join(lines)}{''.join(marks)}</svg><div>{names}</div>"
