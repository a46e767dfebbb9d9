"""The ledger of the conformance suite: every outcome, on two small backends of a distribution of their own, one of them sick."""

import collections
import html.parser
import json
import re
import sys

import pytest

from polykeras_conformance import deviations, merge
from tests.ailing import ROW, Bed

EXPECTED = {
    "sick-program": {
        "pass": ["value[negative-sound]"],
        "fail": ["value[exp-far]", "value[floor-broken]", "value[round-nan]"],
        "xfail": ["value[erf-missing]", "value[exp-near]", "value[floor-admitted]"],
        "xpass": ["value[abs-half]"],
        "unsupported": ["crash", "value[sqrt-sixteen-bits]"],
        "unreviewed": ["value[floor-older]"],
        "infra-error": ["setup", "value[log-memory]"],
    },
    "suite": {"pass": ["of_the_suite"]},
}


@pytest.fixture(scope="module")
def bed(tmp_path_factory):
    """The folder."""
    return Bed(tmp_path_factory.mktemp("ailing"))


@pytest.fixture(scope="module")
def whole(bed):
    """Two backends side by side, all outcomes: status, output, JSON, page."""
    status, output, made = bed.report("whole", backend="sick,well")
    return status, output, made, (bed.folder / "whole.html").read_text()


def outcomes(made):
    """Return {place: {outcome: [short ids of cases]}}."""
    found = collections.defaultdict(lambda: collections.defaultdict(list))
    for row in made["cases"]:
        found[row["place"]][row["outcome"]].append(re.sub(rf"^tiny/test_|{row['place']}-|\[{row['place']}\]", "", row["case"]))
    return {place: {outcome: sorted(cases) for outcome, cases in rows.items()} for place, rows in found.items()}


# -- what came out ---------------------------------------------------------------------------------------------


def test_each_outcome(whole):
    status, _, made, _ = whole
    found = outcomes(made)
    assert status == 1 and {place: found[place] for place in EXPECTED} == EXPECTED
    assert found["well-program"]["unsupported"] == ["crash", "value[sqrt-sixteen-bits]"] and found["well-program"]["infra-error"] == ["setup"]
    assert len(found["well-program"]["pass"]) == 10 and len(found["well-program"]) == 3


def test_words(whole):
    rows = {row["case"]: row for row in whole[2]["cases"]}
    text = lambda case: rows[f"tiny/test_value[sick-program-{case}]"]["text"]
    assert "Delete the row" in text("abs-half") and text("floor-admitted") == "bug: so it is"
    assert "2 of 2 elements differ" in text("floor-broken") and "the capability bfloat16" in text("sqrt-sixteen-bits")
    assert "no memory left" in text("log-memory") and rows["tiny/test_setup[sick-program]"]["text"].endswith("the fixture broke")
    assert 1 < rows["tiny/test_value[sick-program-exp-near]"]["share"] <= 3 and rows["tiny/test_of_the_suite"]["backend"] == "sick"


def test_counts_add_up(whole):
    _, output, made, _ = whole
    counted = {place: sum(found.values()) for place, found in made["counts"].items()}
    assert sum(counted.values()) == len(made["cases"]) == made["chosen"] == 27 and made["not run"] == 0
    assert made["counts"] == {place: {outcome: len(cases) for outcome, cases in rows.items()} for place, rows in outcomes(made).items()}
    assert "sick-program: 1 pass, 3 fail, 3 xfail, 1 xpass, 2 unsupported, 1 unreviewed, 2 infra-error, of 13" in output
    assert list(made["environment"]["backends"]) == ["sick", "well"] and len(made["deviations"]) == 7


class Page(html.parser.HTMLParser):
    """Sees that elements are closed, and keeps tags, attributes and texts."""

    EMPTY = ("meta", "rect", "polygon", "polyline", "br")

    def __init__(self, text):
        super().__init__()
        self.open, self.names, self.texts, self.attributes = [], set(), [], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.names.add(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> closes {self.open}"

    def handle_data(self, data):
        self.texts.append(data)


def test_page(whole):
    page = Page(whole[3])
    assert page.open == [] and not page.names & {"script", "link", "img", "iframe"} and not page.attributes & {"src", "href"}
    assert "http" not in whole[3].replace("https://example.org/1", "") and "url(" not in whole[3] and "@import" not in whole[3]
    text = " ".join(page.texts)
    assert "polykeras conformance sick --case 'tiny/test_value[sick-program-floor-broken]'" in text
    assert "sick-program does not conform" in text and "27 cases." in text and "8 to mend" in text


# -- choosing --------------------------------------------------------------------------------------------------


def test_one_case(bed):
    status, output = bed.tiny("--pk-case=tiny/test_value[well-program-floor-broken]", backend="well")
    assert status == 0 and "well-program: 1 pass, of 1" in output and "deselected" in output
    status, output = bed.tiny("--pk-case=tiny/test_value[well-program-florr]", backend="well")
    assert status == 4 and "--pk-case: there is no 'tiny/test_value[well-program-florr]'" in output


def test_one_lane(bed):
    status, output = bed.tiny("--pk-lane=tiny", mode="eager")
    assert status == 1 and "sick-eager:" in output and "1 xfail" in output
    status, output = bed.tiny("--pk-lane=tiny,huge")
    assert status == 4 and "--pk-lane: unknown huge; there are tiny" in output


def test_options_that_are_refused(bed):
    for options, words in {("--pk-backend=slck",): "Unknown backend: got 'slck'", ("--pk-mode=fast",): "--pk-mode: expected program or eager"}.items():
        status, output = bed.tiny(*options)
        assert status == 4 and words in output and "Traceback" not in output


def test_what_was_not_run_is_told(bed):
    status, output, made = bed.report("short", "-x")
    assert status == 1 and made["not run"] == made["chosen"] - len(made["cases"]) > 0
    assert f"{made['not run']} of the 14 cases were not run" in output


# -- deviations.toml -------------------------------------------------------------------------------------------

FULL = ROW.format(case="program-floor-broken", kind="bug")
MALFORMED = {  # text: what is said of it
    "[[deviation]\n": "is no TOML",
    "[deviation]\ncase = 'a'\n": r"expected \[\[deviation\]\] tables only, got one \[deviation\]",
    "[[deviations]]\n": r"expected \[\[deviation\]\] tables only, got deviations",
    "[[deviation]]\n": r"row 1 \(\?\): no case, kind, reason",
    FULL.replace("bug", "bugs"): "kind 'bugs' is none of unsupported, bug, numeric",
    FULL.replace("so it is", " "): "the reason is empty",
    FULL.replace('"so it is"', "3"): "reason is no text: 3",
    FULL + "boundd = 3\n": "unknown boundd",
    FULL.replace("bug", "numeric"): "a numeric deviation needs bound",
    FULL.replace("bug", "numeric") + "bound = 1\n": "a numeric deviation needs bound, more than 1",
    FULL.replace("bug", "numeric") + 'bound = "40"\n': "a numeric deviation needs bound",
    FULL + 'versions = "2.x"\n': r"versions '2\.x' is no range such as '>=1\.0,<2'",
    FULL + FULL: r"row 2 \(tiny/test_value\[sick-program-floor-broken\]\): the case has a row already",
}


@pytest.mark.parametrize("text", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_row(text):
    with pytest.raises(ValueError, match=MALFORMED[text]):
        deviations.parse(text, "ailing/deviations.toml")


def test_versions():
    (row,) = deviations.parse(FULL + 'versions = ">=2,<3"\n', "here").values()
    assert [row.holds(version) for version in ("2.13.0+cpu", "2.0rc1", "3.0", "")] == [True, False, False, False]
    assert row._replace(versions="").holds("")


def test_bad_files_end_the_run(bed):
    with bed.admitting("[[deviation]]\n"):
        status, output = bed.tiny()
    assert status == 4 and "ailing/deviations.toml, row 1 (?): no case, kind, reason." in output and "Traceback" not in output


UNKNOWN = ("tiny/test_value[sick-program-florr]", "tiny/test_value[sikc-program-floor-broken]", "tinny/test_value[sick-program-floor-broken]", "tiny/test_valeu")


def test_rows_without_a_case(bed):
    rows = "".join(FULL.replace("tiny/test_value[sick-program-floor-broken]", case) for case in UNKNOWN)
    with bed.admitting(rows + FULL + FULL.replace("sick", "well")):
        status, output = bed.tiny()
        several, spread = bed.tiny("-n2")
    expected = f"deviations.toml names cases that there are not: {', '.join(sorted(UNKNOWN))}. Delete or mend these rows."
    assert status == 4 and expected in output and "Traceback" not in output
    assert several == 4 and expected in spread and "INTERNALERROR" not in spread


# -- processes -------------------------------------------------------------------------------------------------


def plain(report):
    """Return what a report says of its cases, without the time they took."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in report["cases"]]


def test_several_processes(bed, whole):
    status, output, made = bed.report("spread", "-n2", backend="sick,well")
    assert status == 1 and plain(made) == plain(whole[2])
    assert (made["counts"], made["chosen"], made["not run"]) == (whole[2]["counts"], 27, 0)


def test_a_process_that_dies(bed):
    status, output, made = bed.report("died", "-n2", "-ktest_crash or of_the_suite", PK_CRASH="1")
    rows = {row["case"]: row for row in made["cases"]}
    lost = rows["tiny/test_crash[sick-program]"]
    assert status == 1 and (lost["outcome"], lost["place"], lost["lane"]) == ("infra-error", "sick-program", "tiny")
    assert "crashed" in lost["text"] and rows["tiny/test_of_the_suite"]["outcome"] == "pass"


def test_reports_of_several_runs_merge_into_one(bed, whole):
    reports = [bed.report(name, backend=name)[2] for name in ("sick", "well")]
    made = merge.merged(reports)
    assert plain(made) == plain(whole[2]) and made["counts"] == whole[2]["counts"] and made["deviations"] == whole[2]["deviations"]
    assert (made["chosen"], made["not run"], set(made["environment"]["backends"])) == (27, 0, {"sick", "well"})


def test_the_command(bed):
    command = (sys.executable, "-m", "polykeras.cli", "conformance")
    case = "primitives/test_value[{}-program-floor-scalar]"
    with bed.admitting(""):
        status, output = bed.pytest("well", "--case", case.format("well"), "--report", "one.html", command=command)
        assert status == 0 and "well-program: 1 pass, of 1" in output and (bed.folder / "one.html").exists()
        status, output = bed.pytest("sick", "--case", case.format("sick"), command=command)
        assert status == 1 and "sick-program: 1 fail, of 1" in output
        status, output = bed.pytest("sick", "well", "--lane", "mode", "--report", "both.html", command=command)
        made = json.loads((bed.folder / "both.json").read_text())
        assert status == 0 and {row["backend"] for row in made["cases"]} == set(made["environment"]["backends"]) == {"sick", "well"}
    status, output = bed.pytest("slck", command=command)
    assert status == 4 and "Unknown backend: got 'slck'" in output


# -- random calls ----------------------------------------------------------------------------------------------


def test_random_calls(bed):
    lane = ("-p", "no:cacheprovider", "--pyargs", "polykeras_conformance.test_properties", "--pk-mode=eager", "-kfloor", "--pk-backend=well,sick")
    with bed.admitting(""):
        (status, first), (_, again), (_, other) = (bed.pytest(*lane, "--tb=line", *more) for more in ((), (), ("--pk-seed=3",)))
    assert status == 1 and "well-eager: 2 pass, of 2" in first and "sick-eager: 1 pass, 1 fail, of 2" in first
    found = [re.findall(r"AssertionError: (floor-\(.*)", output) for output in (first, again, other)]
    assert found[0] == found[1] and all(" on sick-eager: array 0: " in text for row in found for text in row) and found[2], first


def test_random_calls_wait_to_be_asked_for(bed):
    lane = ("--collect-only", "-p", "no:cacheprovider", "--pyargs", "polykeras_conformance", "--ignore-glob=*/test_[!mp]*.py", "--pk-backend=well")
    with bed.admitting(""):
        plain, asked = (bed.pytest(*lane, *more)[1] for more in (("--pk-lane=mode",), ("--pk-lane=mode", "--pk-random")))
    assert "test_mode" in plain and "test_properties" not in plain and "test_mode" in asked and "test_properties" in asked
