"""What a recorded step is made of: calls, and the functions that calls take."""

import math

from polykeras.spec import Spec


class Node:
    """One call: the operation's name, its arguments, the arrays it makes, and what a fused op stands for, a Body of its arguments."""

    __slots__ = ("operation", "args", "outs", "single", "composition")

    def __init__(self, operation, args, outs, single, composition=None):
        self.operation, self.args, self.outs, self.single, self.composition = operation, args, outs, single, composition


class Body:
    """A function that a call takes: parameters, calls and results (nested lists of arrays)."""

    def __init__(self, parameters, nodes, results):
        self.parameters, self.nodes, self.results = parameters, nodes, results


def used(arg, found):
    """Collect the arrays that an argument mentions, free ones of inner functions included."""
    if isinstance(arg, Spec):
        found.append(arg)
    elif isinstance(arg, (tuple, list)):
        for part in arg:
            used(part, found)
    elif isinstance(arg, Body):
        used(arg.results, found)
        for node in arg.nodes:
            used(node.args, found)
    return found


def count(nodes, counts):
    """Add up in a Counter how often each operation is called, in inner functions too."""
    for node in nodes:
        counts[node.operation] += 1
        for arg in node.args:
            if isinstance(arg, Body):
                count(arg.nodes, counts)


SUMMED = {"matmul": lambda x, kernel, *_: x.sizes[-1], "conv": lambda x, kernel, *_: math.prod(kernel.sizes[:-1])}
PRODUCTS = 4  # a product in a matrix product takes about a quarter of the time of a number made elsewhere


def work(nodes):
    """Return about how much some calls do: numbers made, each of a matrix product or convolution by how many it sums; a scan's for each row."""
    done = 0
    for node in nodes:
        made = sum(math.prod(out.sizes) for out in node.outs)
        done += made + (made * SUMMED[node.operation](*node.args) // PRODUCTS if node.operation in SUMMED else 0)
        times = node.args[-1] if node.operation == "scan" else 1
        done += sum(times * work(arg.nodes) for arg in node.args if isinstance(arg, Body))
    return done
