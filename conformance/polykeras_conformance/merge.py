"""`python -m polykeras_conformance.merge OUT.html A.json B.json ...`: the reports of several runs as one, side by side."""

import json
import pathlib
import sys

from polykeras_conformance import page

SUITE = "suite"  # the place of tests of the suite itself, which every run has


def merged(reports):
    """Return the dict of one report from those of several runs, each of other backends; the suite's own tests count once.

    Args:
        reports: dicts as `Ledger.as_dict` gives them.
    """
    first, *others = reports
    whole = {**first, "environment": {**first["environment"], "backends": dict(first["environment"]["backends"])}}
    counts, cases = dict(first["counts"]), {(row["place"], row["case"]): row for row in first["cases"]}
    chosen, admitted = first["chosen"], list(first["deviations"])
    for report in others:
        again = sum(report["counts"].get(SUITE, {}).values())
        chosen += report["chosen"] - again
        admitted += [row for row in report["deviations"] if row not in admitted]
        whole["environment"]["backends"].update(report["environment"]["backends"])
        counts.update({place: found for place, found in report["counts"].items() if place not in counts})
        for row in report["cases"]:
            cases.setdefault((row["place"], row["case"]), row)
    rows = sorted(cases.values(), key=lambda row: (row["lane"], row["case"]))
    return {**whole, "counts": dict(sorted(counts.items())), "chosen": chosen, "not run": chosen - len(rows), "deviations": admitted, "cases": rows}


def write(report, path):
    """Write a report as JSON and as a page, and return both paths."""
    data, shown = pathlib.Path(path).with_suffix(".json"), pathlib.Path(path).with_suffix(".html")
    data.write_text(json.dumps(report, indent=1), encoding="utf-8")
    shown.write_text(page.render(report), encoding="utf-8")
    return shown, data


def main():
    """Merge the files that are named."""
    target, *sources = sys.argv[1:]
    shown, data = write(merged([json.loads(pathlib.Path(source).read_text(encoding="utf-8")) for source in sources]), target)
    print(f"report: {shown} and {data}")


if __name__ == "__main__":
    main()
