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
import importlib.metadata
import importlib.resources
import tomllib
from typing import NamedTuple

from packaging.specifiers import SpecifierSet

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
        """Whether it is said of a version of the framework."""
        return not self.versions or SpecifierSet(self.versions, prereleases=True).contains(version.partition("+")[0])


def parse(text, where):
    """Return {case: Deviation} of a file's text.

    Raises:
        ValueError: a row is not as it should be; it names the row.
    """
    found = {}
    for number, row in enumerate(tomllib.loads(text).get("deviation", []), 1):
        unknown, missing = set(row) - set(Deviation._fields), {"case", "kind", "reason"} - set(row)
        faults = [f"unknown {', '.join(sorted(unknown))}"] * bool(unknown) + [f"no {', '.join(sorted(missing))}"] * bool(missing)
        if not missing and row["kind"] not in KINDS:
            faults.append(f"kind {row['kind']!r} is none of {', '.join(KINDS)}")
        if row.get("kind") == "numeric" and not row.get("bound", 0) > 1:
            faults.append("a numeric deviation needs bound, more than 1: how many times its budget it may be off")
        if not row.get("reason", "").strip():
            faults.append("the reason is empty")
        if row.get("case") in found:
            faults.append("the case has a row already")
        if faults:
            raise ValueError(f"{where}, row {number} ({row.get('case', '?')}): {'; '.join(faults)}.")
        found[row["case"]] = Deviation(**row)
    return found


def of_backend(offer):
    """Return {case: Deviation} from the file in the package of a backend's plugin; {} where there is none.

    Args:
        offer: a row of the registry.
    """
    package = importlib.import_module(offer.info.module.partition(":")[0].partition(".")[0])
    file = importlib.resources.files(package).joinpath(FILE)
    return parse(file.read_text(encoding="utf-8"), f"{package.__name__}/{FILE}") if file.is_file() else {}


def version_of(offer):
    """Return the version of the first distribution that a backend requires, else of its own."""
    names = offer.info.requires or ("numpy",)
    return importlib.metadata.version(names[0])
