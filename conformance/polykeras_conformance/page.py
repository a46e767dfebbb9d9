"""The report as one self-contained page: who passes what, how near to its budget, and the worst cases first."""

import html
import math
import shlex

from polykeras_conformance import drawing

WORST = 40
COMMAND = "polykeras conformance {backend} --case {case}"
STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #667085; --line: #e3e7ee; --paper: #fbfcfe; --card: #fff;
  --pass: #2f9e6e; --xfail: #e0a526; --unsupported: #b8c0cc; --fail: #d8453e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf3; --soft: #98a2b3; --line: #2b3341; --paper: #12161d; --card: #1a2029; --unsupported: #4a5464; } }
* { box-sizing: border-box; } body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 36px 24px 80px; } h1 { font-size: 28px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 44px 0 12px; }
p { color: var(--soft); margin: 4px 0 12px; max-width: 75ch; } .cards { display: flex; gap: 12px; flex-wrap: wrap; margin: 22px 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; min-width: 160px; flex: 1; }
.card b { display: block; font-size: 20px; } .card small { color: var(--soft); } .ok b { color: var(--pass); } .no b { color: var(--fail); }
table { border-collapse: collapse; width: 100%; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; font-size: 13.5px; }
th, td { text-align: left; padding: 7px 10px; border-bottom: 1px solid var(--line); vertical-align: top; } th { color: var(--soft); font-weight: 600; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } code { font-size: 12px; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 12px; }
figure { margin: 0; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px; } figcaption { font-size: 13px; font-weight: 600; }
.key span { display: inline-block; margin-right: 14px; color: var(--soft); } .key i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 5px; }
details { margin: 6px 0; } summary { cursor: pointer; } .bad { color: var(--fail); }
"""


def render(made):
    """Return the page of a ledger's dict."""
    places = list(made["counts"])
    parts = [
        _head(made),
        _section("Lanes by backend", "A bar is as long as its lane; hover for the counts.", _matrix(made["cases"], places)),
        _failures(made["cases"]),
        _curves(made["cases"]),
        _section(f"The {WORST} nearest to their budget", "1 is all that is allowed. Each command runs its case alone.", _worst(made["cases"])),
        _admitted(made["deviations"]),
        _section("Where", "", _machine(made["environment"])),
    ]
    title = "polykeras conformance: " + ", ".join(made["environment"]["backends"])
    return f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'><title>{_text(title)}</title><style>{STYLE}</style><main>{''.join(parts)}</main></html>"


def _text(x):
    return html.escape(str(x))


def _section(title, words, body):
    return f"<h2>{title}</h2>{f'<p>{words}</p>' if words else ''}{body}" if body else ""


def _table(heads, rows):
    lines = "".join("<tr>" + "".join(cell if cell.startswith("<td") else f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class=scroll><table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>{lines}</table></div>"


def _number(x, form=".3g"):
    return f"<td class=n>{x:{form}}</td>"


def _head(made):
    cards = []
    for place, found in made["counts"].items():
        wrong = sum(found.get(word, 0) for word in ("fail", "xpass", "unreviewed", "infra-error"))
        words = ", ".join(f"{found[word]:,} {word}" for word in drawing.COLORS if found.get(word))
        cards.append(f"<div class='card {'no' if wrong else 'ok'}'>{_text(place)}<b>{'does not conform' if wrong else 'conforms'}</b><small>{words}</small></div>")
    total = sum(sum(found.values()) for found in made["counts"].values())
    missing = f" {made['not run']:,} of the {made['chosen']:,} chosen were not run." if made["not run"] else ""
    return f"<h1>Conformance of polykeras backends</h1><p>{total:,} cases.{missing} The oracle is the NumPy reference.</p><div class=cards>{''.join(cards)}</div>{drawing.key()}"


def _matrix(cases, places):
    counts = {}
    for row in cases:
        found = counts.setdefault(row["lane"], {}).setdefault(row["place"], {})
        found[row["outcome"]] = found.get(row["outcome"], 0) + 1
    longest = max((sum(found.values()) for lane in counts.values() for found in lane.values()), default=1)
    rows = [[f"<b>{_text(lane)}</b>", *(drawing.bar(counts[lane].get(place, {}), longest) for place in places)] for lane in sorted(counts)]
    return _table(["lane", *map(_text, places)], rows)


def _rerun(row):
    command = COMMAND.format(backend=row["backend"], case=shlex.quote(row["case"]))
    return f"<details><summary><code>{_text(row['case'])}</code></summary><code>{_text(command)}</code></details>"


def _failures(cases):
    wrong = [row for row in cases if row["outcome"] in ("fail", "xpass", "unreviewed", "infra-error")]
    rows = [[_rerun(row), f"<span class=bad>{row['outcome']}</span>", f"<code>{_text(row['text'])}</code>"] for row in wrong]
    return _section(f"{len(wrong)} to mend", "Each command runs its case alone.", _table(["case", "outcome", "what was seen"], rows)) if wrong else ""


def _curves(cases):
    groups = {}
    for row in cases:
        if "curve" in row:
            model = row["case"].partition("[")[2].rstrip("]").removeprefix(f"{row['place']}-")
            groups.setdefault(model, []).append((row["place"], row["curve"]))
    charts = [f"<figure><figcaption>{_text(name)}</figcaption>{drawing.chart(curves)}</figure>" for name, curves in sorted(groups.items())]
    words = "How far the loss of each step is from the exact run, against what rounding alone explains (shaded). Both axes of a chart start at its first step; the vertical one is logarithmic."
    return _section("Divergence by step", words, f"<div class=charts>{''.join(charts)}</div>") if charts else ""


def _worst(cases):
    measured = sorted((row for row in cases if row.get("share", 0) > 0), key=lambda row: -row["share"])[:WORST]
    rows = []
    for row in measured:
        numbers = (_number(row.get(key, math.nan)) for key in ("share", "ulps", "absolute", "relative"))
        rows.append([_rerun(row), *numbers, row["outcome"]])
    return _table(["case", "share of budget", "ulps", "absolute", "relative", "outcome"], rows) if rows else ""


def _admitted(rows):
    lines = [[f"<code>{_text(r['case'])}</code>", _text(r["kind"]), _text(r["reason"]), _text(r["versions"] or "all"), _text(r["link"])] for r in rows]
    return _section("Admitted deviations", "", _table(["case", "kind", "reason", "versions", "link"], lines)) if rows else ""


def _machine(found):
    rows = [[_text(name), _text(found[name])] for name in ("polykeras", "python", "numpy", "machine")]
    for name, row in found["backends"].items():
        mode = ", ".join(f"{key}: {value}" for key, value in row["mode"].items())
        rows.append([_text(name), _text(f"{row['version']}; {', '.join(row['devices'])}; {mode}")])
    return _table(["", ""], rows)
