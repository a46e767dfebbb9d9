"""Fused ops: which cases try each, and what they are compared with."""

import inspect

from polykeras import execute
from polykeras.ops.dispatch import OPS
from polykeras.spec import Spec
from polykeras_conformance import gradients, places, test_ops
from polykeras_conformance.tables import fused as table


def cases(name):
    """Return the cases of an op: those of the lane of ops, those of the table of fused ops, and their gradients."""
    found = [case for case in [*test_ops.CASES, *table.CASES] if case.id.partition("-")[0] == name]
    smooth = [case for case in found if case.smooth and "float16" not in case.needs]
    slopes = [gradients.of_case(case, "float32") for case in smooth] + [gradients.of_case(case, "float64") for case in smooth[:3]]
    for case in slopes:
        case.id = f"gradient-{case.id}"
    return [grouped(case, name) for case in (*found, *slopes)]


def grouped(case, name):
    """Return the case, to share a program with all of its name; a case is of one lane only, so it is a copy."""
    made = type(case).__new__(type(case))
    made.__dict__.update(case.__dict__, group=name, eager=not case.id.startswith("gradient"))
    return made


def reaches(backend, name, case):
    """Say whether a case is served by the fused op of this name."""
    specs = [Spec(x.shape, x.dtype.name) for x in case.arrays]
    recording = execute.record(case.function, specs, places.Chosen(backend, (name,)))
    return recording.trace.operations[f"fused.{name}"] > 0


def faults(backend, name):
    """Say what is wrong with an entry before it is called; "" where nothing is."""
    call = OPS.get(name)
    if call is None:
        return f"{name!r} is not the name of an op"
    wanted = len(inspect.signature(call.composition).parameters) + backend.fused[name].composed
    try:
        inspect.signature(backend.fused[name].function).bind(*range(wanted))
    except TypeError as error:
        return f"{name!r} should take the {wanted} parameters of its op, {inspect.signature(call.composition)}: {error}"
    except ValueError:  # some C functions tell nothing
        pass
    served = [case for case in cases(name) if not places.Place(backend, "program").lacks(case.needs)]
    if not served:
        return f"no case of {name!r}: add one to tables/fused.py"
    if not any(reaches(backend, name, case) for case in served):
        return f"none of the {len(served)} cases of {name!r} is served: its `when` refuses them all. Add one to tables/fused.py that it takes"
    return ""
