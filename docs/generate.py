"""Writes the documents that are made from the code: `python -m docs.generate`."""

import pathlib

from polykeras import contract, dtypes

HERE = pathlib.Path(__file__).parent

HEAD = """# The backend contract, version {version}

Made from `polykeras/contract.py` by `python -m docs.generate`; change it there.

A backend is any object (a module will do) with the attributes below, {count} primitives among them
(at most {most}). It is imported when it is first selected and checked completely: everything that is
missing, misspelt, of another signature or version is reported at once.

Rules for primitives: {rules}
"""


def table(entries, gradient):
    """Return rows of a Markdown table."""
    head = ["Signature", "Meaning", "Gradient, `g` being the result's"] if gradient else ["Name", "Meaning"]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for entry in entries.values():
        cells = [f"`{entry.signature}`", entry.meaning] + ([entry.gradient] if gradient else [])
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def rules():
    """Return what the contract's own docstring says of primitives."""
    text = " ".join(contract.__doc__.split("Primitives are ")[1].split())
    return text[0].upper() + text[1:]


def document():
    """Return the text of contract.md."""
    version = ".".join(map(str, contract.API_VERSION))
    parts = [
        HEAD.format(version=version, count=len(contract.PRIMITIVES), most=contract.MAX_PRIMITIVES, rules=rules()),
        "## Primitives\n\n" + table(contract.PRIMITIVES, True),
        "## Data and services\n\n" + table(contract.SERVICES, False),
        "What a backend may have besides:\n\n" + table(contract.OPTIONAL, False),
        "## Store\n\nWhat `store(values, device)` returns.\n\n" + table(contract.STORE, False),
        "## Program\n\nWhat `compile(step, store, steps, options)` returns. `step` is a recorded step: "
        "`step.bind(backend, hoist)` gives `function(state, inputs) -> (updates, outputs)` over the backend's own primitives "
        "(`state` and `updates` are dicts by name, `inputs` and `outputs` lists; `hoist=True` makes constants once, for backends "
        "that run eagerly). `step.inputs` are the specs of a batch's arrays, `step.reads` and `step.updates` the names of the state "
        "it uses and changes, `step.operations` a count of its operations, for rules that choose how to run it. `options.jit` is "
        '"auto", True or False.\n\n' + table(contract.PROGRAM, False),
        "## Capabilities\n\n| Word | Meaning |\n| --- | --- |\n" + "\n".join(f"| `{w}` | {m} |" for w, m in contract.CAPABILITIES.items()),
        f"Every backend has the dtypes {', '.join(dtypes.REQUIRED)}; the others are capabilities of their names.",
        "## Fused ops\n\n`fused` maps an op's name to `contract.Fused(function, when)`. The function takes the op's own parameters by "
        "position, arrays for arrays, and must give the values and gradients of the op's composition; `when`, given objects with "
        "`.shape` and `.dtype` in place of arrays, says whether it serves a call. The conformance suite compares each with its "
        "composition.",
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


if __name__ == "__main__":
    (HERE / "contract.md").write_text(document())
