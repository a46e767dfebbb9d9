"""deviations.toml: what a backend's author admits. Each row is run all the same, and told apart from a failure.

    [[deviation]]
    case = "primitives/test_value[mlx-program-erf-float32]"   # as the report names it
    kind = "numeric"               # "unsupported", "bug" or "numeric"
    bound = 40                     # of "numeric": how many times its budget it may be off
    reason = "erf is a polynomial with an error of 30 ulps"
    link = ""                      # an issue of the framework, where there is one
    versions = ">=0.32,<0.40"      # of the framework; "" for all
"""

import importlib
import importlib.resources
import tomllib
from typing import NamedTuple

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from polykeras_conformance.plugin import MODES

KINDS = ("unsupported", "bug", "numeric")
FILE = "deviations.toml"


class Deviation(NamedTuple):
    """A row of the file."""

    case: str
    kind: str
    reason: str
    bound: float = 0.0
    link: str = ""
    versions: str = ""

    def holds(self, version):
        """Whether it is said of a version of the framework; of an unknown one only what is said of all."""
        return not self.versions or bool(version) and SpecifierSet(self.versions, prereleases=True).contains(version.partition("+")[0])


TEXTS = ("case", "kind", "reason", "link", "versions")


def parse(text, where):
    """Return {case: Deviation} of a file's text.

    Raises:
        ValueError: it is no TOML, or a row is not as it should be; it names the row.
    """
    try:
        rows = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{where} is no TOML: {error}.") from error
    strange = sorted(set(rows) - {"deviation"})
    if strange or not isinstance(rows.get("deviation", []), list):
        raise ValueError(f"{where}: expected [[deviation]] tables only, got {', '.join(strange) or 'one [deviation]'}.")
    found = {}
    for number, row in enumerate(rows.get("deviation", []), 1):
        faults = _faults(row) + ["the case has a row already"] * (row.get("case") in found)
        if faults:
            raise ValueError(f"{where}, row {number} ({row.get('case', '?')}): {'; '.join(faults)}.")
        found[row["case"]] = Deviation(**row)
    return found


def _faults(row):
    """Return what is wrong with a row, in words."""
    unknown, missing = sorted(set(row) - set(Deviation._fields)), sorted({"case", "kind", "reason"} - set(row))
    faults = [f"unknown {', '.join(unknown)}"] * bool(unknown) + [f"no {', '.join(missing)}"] * bool(missing)
    faults += [f"{key} is no text: {row[key]!r}" for key in TEXTS if not isinstance(row.get(key, ""), str)]
    if "kind" in row and row["kind"] not in KINDS:
        faults.append(f"kind {row['kind']!r} is none of {', '.join(KINDS)}")
    bound = row.get("bound", 0)
    if row.get("kind") == "numeric" and not (type(bound) in (int, float) and bound > 1):
        faults.append("a numeric deviation needs bound, more than 1: how many times its budget it may be off")
    if "reason" in row and not str(row["reason"]).strip():
        faults.append("the reason is empty")
    try:
        SpecifierSet(str(row.get("versions", "")))
    except InvalidSpecifier:
        faults.append(f"versions {row['versions']!r} is no range such as '>=1.0,<2'")
    return faults


def package_of(offer):
    """Return the name of the package that a backend's module lies in."""
    return offer.info.module.partition(":")[0].partition(".")[0]


def of_backend(offer):
    """Return {case: Deviation} from the file in the package of a backend's plugin; {} where there is none.

    Args:
        offer: a row of the registry.
    """
    package = importlib.import_module(package_of(offer))
    file = importlib.resources.files(package).joinpath(FILE)
    return parse(file.read_text(encoding="utf-8"), f"{package.__name__}/{FILE}") if file.is_file() else {}


def version_of(offer):
    """Return the version of the first distribution that a backend requires, else of its own; "" where there is none."""
    version = offer.version.partition(",")[0] or offer.source.rpartition(" ")[2]
    try:
        return str(Version(version))
    except InvalidVersion:
        return ""


def of_places(places, offers):
    """Return {case: (Deviation, whether it holds)} of the backends at some places.

    Rows of other places, such as of a second backend in the same package, are left out.
    """
    by_name, chosen = {offer.name: offer for offer in offers}, {repr(place) for place in places}
    names, modes, found = {place.backend.name for place in places}, {place.mode for place in places}, {}
    for name in names:
        mates = [offer.name for offer in offers if offer.info and package_of(offer) == package_of(by_name[name])]
        elsewhere = {f"{mate}-{mode}" for mate in mates for mode in MODES if mate not in names or mode not in modes} - chosen
        version = version_of(by_name[name])
        for case, row in of_backend(by_name[name]).items():
            if not any(named(case, place) for place in elsewhere):
                found[case] = row, row.holds(version)
    return found


def named(case, place):
    """Whether a case's id says that it runs at a place.

    >>> named("primitives/test_value[torch-program-floor-half]", "torch-program")
    True
    """
    return case.partition("[")[2].startswith((f"{place}-", f"{place}]"))


def unknown(admitted, every, lanes):
    """Return the cases with a row that there are not: of lanes that were collected, and of lanes that there are not either."""
    here = {path.name.removeprefix("test_").removesuffix(".py") for path in importlib.resources.files(__package__).iterdir()}
    lane = lambda case: case.partition("/")[0]
    return sorted(case for case in admitted if case not in every and (lane(case) in lanes or lane(case) not in here))
