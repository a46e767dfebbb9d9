"""What a recorded step can do without: calls that nobody needs, what loops carry in vain, a second loop beside the first."""

from polykeras.nodes import Body, Node, used


def pruned(nodes, wanted):
    """Return the calls that the wanted arrays need, inner functions pruned likewise."""
    needed = _ids(wanted)
    kept = []
    for node in reversed(nodes):
        if any(id(x) in needed for x in node.outs):
            node = _trimmed(node, needed) if node.operation == "scan" else node
            args = [Body(arg.parameters, pruned(arg.nodes, arg.results), arg.results) if isinstance(arg, Body) else arg for arg in node.args]
            kept.append(Node(node.operation, tuple(args), node.outs, node.single, node.composition))
            needed |= _ids(args)
    return _joined(kept[::-1])


def _ids(arg):
    return {id(x) for x in used(arg, [])}


def _trimmed(node, needed):
    """Return a scan without what it collects or carries and nobody needs, and without the rows that are for that alone."""
    body, start, xs, length = node.args
    (before, rows), (after, ys) = body.parameters, body.results
    ends, collected = node.outs[: len(start)], node.outs[len(start) :]
    shown = [place for place, out in enumerate(collected) if id(out) in needed]
    carried, more = None, {place for place, out in enumerate(ends) if id(out) in needed}
    while carried != more:
        carried = more
        reached = _reached(body.nodes, [*(after[place] for place in carried), *(ys[place] for place in shown)])
        more = carried | {place for place, x in enumerate(before) if id(x) in reached}
    carried, read = sorted(carried), [place for place, x in enumerate(rows) if id(x) in reached]
    of = lambda arrays, places: [arrays[place] for place in places]
    trimmed = Body([of(before, carried), of(rows, read)], body.nodes, [of(after, carried), of(ys, shown)])
    return Node(node.operation, (trimmed, of(start, carried), of(xs, read), length), of(ends, carried) + of(collected, shown), node.single)


def _reached(nodes, wanted):
    """Return the ids of all arrays that the wanted ones are made of."""
    needed = _ids(wanted)
    for node in reversed(nodes):
        if any(id(x) in needed for x in node.outs):
            needed |= _ids(node.args)
    return needed


def _joined(nodes):
    """Return calls with every two scans of one length, of which neither needs the other, made one: such as both ways of a layer."""
    done = []
    for node in nodes:
        done.append(node)
        if node.operation != "scan":
            continue
        for place, other in enumerate(done[:-1]):
            if other.operation == "scan" and other.args[3] == node.args[3]:
                apart, behind = _parted(done[place + 1 : -1], other)
                if not _ids(node.args) & {id(x) for call in (other, *behind) for x in call.outs}:
                    done[place:] = [*apart, _both(other, node), *behind]
                    break
    return done


def _parted(nodes, first):
    """Return (the calls that do not need what a first one makes, those that do)."""
    made, apart, behind = {id(x) for x in first.outs}, [], []
    for node in nodes:
        (behind if _ids(node.args) & made else apart).append(node)
        if behind and behind[-1] is node:
            made |= {id(x) for x in node.outs}
    return apart, behind


def _both(first, second):
    """Return two scans as one."""
    (one, start, xs, length), (other, others_start, others_xs, _) = first.args, second.args
    joined = lambda mine, theirs: [[*a, *b] for a, b in zip(mine, theirs)]
    body = Body(joined(one.parameters, other.parameters), one.nodes + other.nodes, joined(one.results, other.results))
    outs = joined((first.outs[: len(start)], first.outs[len(start) :]), (second.outs[: len(others_start)], second.outs[len(others_start) :]))
    return Node("scan", (body, [*start, *others_start], [*xs, *others_xs], length), [*outs[0], *outs[1]], first.single)
